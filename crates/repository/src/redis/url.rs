use std::{path::Path, sync::Arc};

use fred::types::config::{Config, ServerConfig, TlsConfig, TlsConnector, TlsHostMapping};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::OpenError;

/// What the URL says, and the server's address without the password.
pub(super) fn parse(url: &str, authorities: Option<&Path>) -> Result<(Config, String), OpenError> {
    let (scheme, rest) = url.split_once("://").ok_or(OpenError::Scheme)?;
    // fred would build a TLS configuration of its own, with whatever crypto is the process's default: it gets to see
    // the same URL without TLS.
    let (family, suffix) = match scheme.split_once(['-', '+']) {
        Some((family, suffix)) => (family, &scheme[scheme.len() - suffix.len() - 1..]),
        None => (scheme, ""),
    };
    let (tls, plain) = match family {
        "redis" | "valkey" => (false, family),
        "rediss" => (true, "redis"),
        "valkeys" => (true, "valkey"),
        _ => return Err(OpenError::Scheme),
    };
    if !matches!(
        (suffix, tls),
        ("" | "-cluster" | "-sentinel", _) | ("+unix", false)
    ) {
        return Err(OpenError::Scheme);
    }
    let mut config = Config::from_url(&format!("{plain}{suffix}://{rest}")).map_err(|error| {
        // What follows a colon may be part of the URL.
        let why = error.details().split(": ").next().unwrap_or_default();
        OpenError::Url(why.to_owned())
    })?;
    // Otherwise the first connection is tried once, and never again.
    config.fail_fast = false;
    if tls {
        config.tls = Some(TlsConfig {
            connector: TlsConnector::from(tls_config(authorities)?),
            hostnames: names_of(&config.server),
        });
    }
    let address = address(scheme, &config);
    Ok((config, address))
}

/// A cluster tells its nodes by their addresses. Certificates are made for names, so the name that was given stands
/// for all of them, if one was given.
fn names_of(server: &ServerConfig) -> TlsHostMapping {
    let by_address = |host: &str| {
        host.trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok()
    };
    match server {
        ServerConfig::Clustered { hosts, .. } if !hosts.iter().any(|one| by_address(&one.host)) => {
            TlsHostMapping::DefaultHost
        }
        _ => TlsHostMapping::None,
    }
}

fn tls_config(authorities: Option<&Path>) -> Result<ClientConfig, OpenError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(file) => {
            let unreadable = |why: String| OpenError::Authorities {
                file: file.to_owned(),
                why,
            };
            let certificates = CertificateDer::pem_file_iter(file)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| unreadable(error.to_string()))?;
            for certificate in certificates {
                roots
                    .add(certificate)
                    .map_err(|error| unreadable(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unreadable("there is no certificate in it".into()));
            }
        }
        None => {
            // One of the system's that is broken does not make the others less good.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(OpenError::NoAuthorities);
            }
        }
    }
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Tls(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

fn address(scheme: &str, config: &Config) -> String {
    let user = config
        .username
        .as_deref()
        .map(|user| format!("{user}@"))
        .unwrap_or_default();
    let hosts: Vec<_> = match &config.server {
        ServerConfig::Unix { path } => vec![path.display().to_string()],
        server => server
            .hosts()
            .iter()
            .map(|server| format!("{}:{}", server.host, server.port))
            .collect(),
    };
    let database = config
        .database
        .map(|number| format!("/{number}"))
        .unwrap_or_default();
    format!("{scheme}://{user}{}{database}", hosts.join(","))
}
