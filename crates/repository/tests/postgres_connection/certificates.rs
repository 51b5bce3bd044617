//! Authorities, servers with a certificate, and what the servers have seen.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use testkit::postgres::Postgres;

/// A server with TLS, that lets in `chat` without a password, and others with one. It notes who comes in.
pub struct Secured {
    pub server: Postgres,
    folder: TempDir,
}

/// Its certificate is for db.example and 127.0.0.1, from an authority.
pub static BY_AUTHORITY: LazyLock<Secured> = LazyLock::new(|| {
    let authority = authority("authority");
    let key = KeyPair::generate().unwrap();
    let certificate = names().signed_by(&key, &authority).unwrap();
    Secured::new(&authority.pem(), &certificate.pem(), &key, &[])
});

/// Its certificate, for the same names, is an authority of itself, as `openssl req -x509` makes it. No TLS 1.3.
pub static BY_ITSELF: LazyLock<Secured> = LazyLock::new(|| {
    let mut params = names();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let old = [("ssl_max_protocol_version", "TLSv1.2")];
    Secured::new(&certificate, &certificate, &key, &old)
});

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    let common = rcgen::DnType::CommonName;
    params.distinguished_name.push(common, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn names() -> CertificateParams {
    CertificateParams::new(["db.example".to_owned(), "127.0.0.1".to_owned()]).unwrap()
}

impl Secured {
    fn new(roots: &str, certificate: &str, key: &KeyPair, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        // A bundle, as that of RDS.
        write(
            "roots.pem",
            &format!("{}{roots}", authority("another").pem()),
        );
        write("stranger.pem", &authority("stranger").pem());
        let hba = "local all all trust\nhost all chat 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        let hba = write("hba.conf", hba);
        let certificate = write("server.pem", certificate);
        let key = write("server.key", &key.serialize_pem());
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        give_to_server(&key);
        let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let (hba, certificate, key) = (text(&hba), text(&certificate), text(&key));
        let mut all = vec![
            ("ssl", "on"),
            ("ssl_cert_file", &certificate),
            ("ssl_key_file", &key),
            ("hba_file", &hba),
            ("log_connections", "on"),
        ];
        all.extend(settings);
        let server = Postgres::start_with(&all);
        Self { server, folder }
    }

    pub fn roots(&self) -> String {
        self.file("roots.pem")
    }

    pub fn stranger(&self) -> String {
        self.file("stranger.pem")
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The DSN of a new database under this host name, wherever that leads.
    pub fn dsn(&self, host: &str, options: &str) -> String {
        let dsn = self
            .server
            .database()
            .replace("@127.0.0.1", &format!("@{host}"));
        format!("{dsn}?hostaddr=127.0.0.1&{options}")
    }

    /// How the first who came into the database did so.
    pub fn seen(&self, dsn: &str) -> String {
        let mut parts = dsn.split(['/', '?']);
        let database = parts.find(|part| part.starts_with("t_")).unwrap();
        let log = fs::read_to_string(self.server.folder().join("log")).unwrap();
        let mut lines = log.lines();
        let name = format!(" database={database} ");
        lines
            .find(|line| line.contains("connection authorized") && line.contains(&name))
            .unwrap_or_else(|| panic!("{database} in {log}"))
            .to_owned()
    }
}

/// The server runs as somebody else where the tests are root's, and takes no key that is not its own.
fn give_to_server(key: &Path) {
    let nobody = 65_534;
    if fs::metadata(key).unwrap().uid() == 0 {
        chown(key, Some(nobody), None).unwrap();
    }
}
