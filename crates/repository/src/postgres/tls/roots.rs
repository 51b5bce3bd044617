use std::path::{Path, PathBuf};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Who vouches for the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::postgres) enum Roots {
    /// Nobody has to.
    None,
    /// Whom the system trusts.
    System,
    /// Whose certificates are in this file.
    File(PathBuf),
}

/// The certificates that vouch for the server cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// The file cannot be read.
    #[error("sslrootcert={} cannot be read: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds no certificate, or something that is none.
    #[error("sslrootcert={} is not a file of PEM certificates: {reason}", path.display())]
    NoCertificates {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system trusts nobody.
    #[error("the system has no root certificates; name a file of them with sslrootcert: {0}")]
    System(String),
    /// The library refuses the configuration.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// Who is trusted.
#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) anchors: RootCertStore,
    /// As they stand in the file.
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// None, where anybody is trusted.
    pub(super) fn read(&self) -> Result<Option<Trusted>, RootsError> {
        match self {
            Self::None => Ok(None),
            Self::System => system().map(Some),
            Self::File(path) => file(path).map(Some),
        }
    }
}

fn system() -> Result<Trusted, RootsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut anchors = RootCertStore::empty();
    // One that cannot be used vouches for nobody; there are a hundred others.
    anchors.add_parsable_certificates(found.certs);
    if anchors.is_empty() {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(RootsError::System(reasons.join("; ")));
    }
    Ok(Trusted {
        anchors,
        certificates: Vec::new(),
    })
}

fn file(path: &Path) -> Result<Trusted, RootsError> {
    let text = std::fs::read(path).map_err(|source| RootsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let unusable = |reason: String| RootsError::NoCertificates {
        path: path.to_owned(),
        reason,
    };
    let mut anchors = RootCertStore::empty();
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        let added = anchors.add(certificate.clone());
        added.map_err(|error| unusable(error.to_string()))?;
        certificates.push(certificate);
    }
    if anchors.is_empty() {
        return Err(unusable("it holds none".to_owned()));
    }
    Ok(Trusted {
        anchors,
        certificates,
    })
}
