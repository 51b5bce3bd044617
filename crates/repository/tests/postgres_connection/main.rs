//! How PostgreSQL is reached: TLS, waiting for it, migrating it. Against real servers.

mod certificates;
mod log_in;
mod migrating;
mod runtimes;
mod tls;
mod waiting;

use std::time::Duration;

use repository::postgres::{Address, OpenError, PostgresOptions, migrate};

/// The usual options, except that a test that fails does so soon.
fn options(dsn: &str) -> PostgresOptions {
    let address = Address::parse(dsn).unwrap_or_else(|error| panic!("{dsn} {error}"));
    PostgresOptions {
        start_timeout: Duration::from_secs(20),
        ..PostgresOptions::new(address)
    }
}

/// Connects, and migrates what it finds.
async fn reach(dsn: &str) -> Result<Vec<String>, OpenError> {
    migrate(&options(dsn)).await
}

/// Why it was refused, at once.
async fn refusal(dsn: &str) -> String {
    match reach(dsn).await {
        Err(error @ OpenError::Refused { .. }) => error.to_string(),
        other => panic!("{dsn}: {other:?}"),
    }
}
