mod roots;
mod verifier;

use std::{
    fmt::{self, Display},
    sync::Arc,
};

use rustls::{ClientConfig, crypto::aws_lc_rs};
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::verifier::Verifier;
use super::address::{Address, InvalidAddress};

pub(super) use self::roots::Roots;
pub use self::roots::RootsError;

/// How much of TLS is asked for, in the words of libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// None.
    Disable,
    /// TLS if the server offers it, plain text if not.
    Prefer,
    /// TLS, with whoever answers.
    Require,
    /// TLS with a server that an authority vouches for, under any name.
    VerifyCa,
    /// TLS with a server that an authority vouches for under the name of the host.
    VerifyFull,
}

impl TlsMode {
    const ALL: [Self; 5] = [
        Self::Disable,
        Self::Prefer,
        Self::Require,
        Self::VerifyCa,
        Self::VerifyFull,
    ];

    /// Its name in a DSN.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    /// What tokio-postgres knows of it; the rest is for the verifier.
    pub(super) fn negotiated(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }
}

impl Display for TlsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a DSN asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) mode: TlsMode,
    pub(super) roots: Roots,
}

impl Tls {
    pub(super) const DISABLED: Self = Self {
        mode: TlsMode::Disable,
        roots: Roots::None,
    };

    /// From `sslmode` and `sslrootcert`.
    pub(super) fn choose(mode: Option<&str>, roots: Option<&str>) -> Result<Self, InvalidAddress> {
        let mode = match mode {
            Some(name) => {
                let mode = TlsMode::ALL.into_iter().find(|mode| mode.as_str() == name);
                Some(mode.ok_or(InvalidAddress::TlsMode)?)
            }
            None => None,
        };
        let (mode, roots) = match (mode, roots.filter(|file| !file.is_empty())) {
            (None | Some(TlsMode::VerifyFull), Some("system"))
            | (Some(TlsMode::VerifyFull), None) => (TlsMode::VerifyFull, Roots::System),
            (Some(_), Some("system")) => return Err(InvalidAddress::SystemRoots),
            (Some(TlsMode::VerifyCa), None) => return Err(InvalidAddress::NoRoots),
            (Some(TlsMode::Disable), _) => return Ok(Self::DISABLED),
            // As libpq does, for whoever names an authority wants it to be asked.
            (Some(TlsMode::Require), Some(file)) => (TlsMode::VerifyCa, Roots::File(file.into())),
            (mode, Some(file)) => (mode.unwrap_or(TlsMode::Prefer), Roots::File(file.into())),
            (mode, None) => (mode.unwrap_or(TlsMode::Prefer), Roots::None),
        };
        Ok(Self { mode, roots })
    }
}

/// What encrypts connections to `address`. Reads the certificates of the authorities.
pub(super) fn connector(address: &Address) -> Result<MakeRustlsConnect, RootsError> {
    // Named, so that nothing depends on what the process has installed.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier {
        trusted: address.tls.roots.read()?,
        by_name: address.tls.mode == TlsMode::VerifyFull,
        algorithms: provider.signature_verification_algorithms,
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    if address.config.get_ssl_negotiation() == SslNegotiation::Direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}
