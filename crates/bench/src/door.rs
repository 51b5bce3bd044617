use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use crate::{account::Account, connection::Address};

/// The way to a server.
pub(crate) struct Door {
    pub(crate) url: String,
    http: Client,
    /// What tells the accounts and messages of this run from those of others.
    run: String,
    names: AtomicUsize,
    tls: Arc<ClientConfig>,
}

/// A call that is not answered by then has failed.
const BOUND: Duration = Duration::from_secs(30);

impl Door {
    /// To the server at this address; with TLS, it trusts whom the system trusts (`SSL_CERT_FILE` says otherwise).
    pub(crate) fn to(url: &str) -> Result<Self> {
        let url = url.trim_end_matches('/');
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        ensure!(
            is_http,
            "{url} is no address of a server: it begins with http:// or https://"
        );
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = Client::builder()
            .timeout(BOUND)
            .tls_backend_preconfigured(tls.clone())
            .build()?;
        let chance = getrandom::u64().context("no chance to draw from")?;
        Ok(Self {
            url: url.to_owned(),
            http,
            run: format!("{chance:016x}"),
            names: AtomicUsize::new(0),
            tls: Arc::new(tls),
        })
    }

    /// A name that no other account has: some 25 letters and digits.
    pub(crate) fn name(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        format!("bench{}x{number}", self.run)
    }

    /// Makes an account that nobody is to come back to.
    pub(crate) async fn account(&self, name: &str) -> Result<Account> {
        let password = format!("{name}-{}", self.run);
        Account::new(self.http.clone(), &self.url, name, &password).await
    }

    /// Where sockets of this user are opened in a room.
    pub(crate) fn address(&self, user: &Account, room: &str) -> Address {
        let url = self.url.replacen("http", "ws", 1) + &user.path(room);
        Address::new(url, room, self.tls.clone())
    }
}
