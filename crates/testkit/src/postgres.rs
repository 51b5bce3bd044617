//! Real Postgres servers for tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use crate::process::{Keeper, Running, as_nobody, find, free_port, run, signal, wait_until};

/// A server in a folder of its own, on a free port of the loopback, with the user `chat`, who needs no password.
/// It does not flush to the disk, unless it is told to. It ends with its owner, however that ends.
pub struct Postgres {
    // Before the keeper, so that it has ended when its folder goes.
    server: Running,
    keeper: Keeper,
    port: u16,
    settings: Vec<(String, String)>,
}

static SHARED: LazyLock<Postgres> = LazyLock::new(Postgres::start);

/// What makes it quick to start and small; a test may set any of these otherwise.
const SETTINGS: [(&str, &str); 9] = [
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "300"),
    ("shared_buffers", "64MB"),
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("max_wal_senders", "0"),
    ("wal_level", "minimal"),
    ("logging_collector", "off"),
];

impl Postgres {
    /// The one of this test process.
    #[must_use]
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One of its own.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One of its own with these settings, which win over the usual ones.
    ///
    /// # Panics
    /// When Postgres is not installed, with the package that brings it.
    #[must_use]
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let keeper = Keeper::new("postgres");
        let data = keeper.folder().join("data");
        run(as_nobody(&program("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", "chat", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .args(["--no-sync", "--no-instructions"]));
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let server = Self {
            keeper,
            port: free_port(),
            settings: SETTINGS.iter().chain(settings).map(own).collect(),
            server: Running::default(),
        };
        server.run_server();
        server
    }

    /// Makes an empty database, and answers its DSN.
    #[must_use]
    pub fn database(&self) -> String {
        let name = format!("t_{}", crate::sample::unique());
        self.query(&self.dsn("postgres"), &format!("CREATE DATABASE {name}"));
        self.dsn(&name)
    }

    /// The DSN of a database.
    #[must_use]
    pub fn dsn(&self, database: &str) -> String {
        format!("postgres://chat@127.0.0.1:{}/{database}", self.port)
    }

    /// What psql answers: a line for each row, `|` between columns.
    pub fn query(&self, dsn: &str, sql: &str) -> String {
        run(Command::new(program("psql")).args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            dsn,
            "-c",
            sql,
        ]))
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder; what is put there goes with it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// Stops the server and all its backends in their tracks (SIGSTOP): connections stay open and nothing answers.
    pub fn freeze(&self) {
        // The postmaster first, so that it starts no more.
        signal("STOP", &[self.server.pid()]);
        signal("STOP", &self.backends());
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) {
        signal("CONT", &self.backends());
        signal("CONT", &[self.server.pid()]);
    }

    /// Kills the server and all its backends (SIGKILL).
    pub fn kill(&self) {
        let backends = self.backends();
        self.server.kill();
        signal("KILL", &backends);
        wait_until("the backends end", || {
            backends
                .iter()
                .all(|pid| !Path::new(&format!("/proc/{pid}")).exists())
        });
    }

    /// Starts it again on the same port and data, after [`kill`](Self::kill).
    pub fn restart(&self) {
        self.run_server();
    }

    fn run_server(&self) {
        let data = self.folder().join("data");
        let _ = fs::remove_file(data.join("postmaster.pid"));
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder().join("log"))
            .expect("a log");
        let mut command = as_nobody(&program("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .arg("-p")
            .arg(self.port.to_string());
        command.arg("-c").arg(format!(
            "unix_socket_directories={}",
            self.folder().display()
        ));
        for (name, value) in &self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("Postgres starts");
        self.keeper.note("postgres", child.id());
        self.server.begin(child);
        let ready = program("pg_isready");
        wait_until("Postgres answers", || {
            self.server.assert_runs(&self.folder().join("log"));
            let port = self.port.to_string();
            let asked = Command::new(&ready)
                .args(["-q", "-h", "127.0.0.1", "-p", &port])
                .status();
            asked.is_ok_and(|status| status.success())
        });
    }

    fn backends(&self) -> Vec<u32> {
        let Some(pid) = self.server.pid_if_it_runs() else {
            return Vec::new();
        };
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let backends = self.backends();
        self.server.kill();
        // Those that are stopped would outlive the server.
        signal("KILL", &backends);
    }
}

fn program(name: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    // The newest first.
    folders.sort();
    folders.reverse();
    folders.extend(std::env::var_os("POSTGRES_BIN").map(PathBuf::from));
    find(name, folders, "postgresql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_killed_and_comes_back_with_what_it_had() {
        let server = Postgres::start_with(&[("fsync", "on"), ("synchronous_commit", "on")]);
        let dsn = server.database();
        server.query(&dsn, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
        server.kill();
        server.restart();
        assert_eq!(server.query(&dsn, "SELECT n FROM t"), "7");
        server.freeze();
        server.thaw();
        assert_eq!(server.query(&dsn, "SELECT n FROM t"), "7");
    }
}
