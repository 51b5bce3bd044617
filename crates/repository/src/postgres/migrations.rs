use std::time::Duration;

use refinery::error::Kind;
use tokio::time::{Instant, timeout};
use tokio_postgres::{Client, error::SqlState};

use super::{
    OpenError, PostgresOptions,
    connect::{Bounds, connect_until, reason, time_to_connect},
};

mod embedded {
    refinery::embed_migrations!("../../migrations/postgres");
}

/// The advisory lock under which a database is migrated: "chatmigr" in ASCII, the same for all versions, for ever.
const LOCK: i64 = 0x6368_6174_6d69_6772;

/// A migration takes as long as it takes, and waits for as long as others are at the tables.
const UNBOUNDED: Bounds = Bounds {
    statement: Duration::ZERO,
    lock: Duration::ZERO,
    idle_in_transaction: Duration::ZERO,
};

/// Brings the schema of a database up to this binary, and says which migrations that took, such as `V1__core`.
///
/// Waits until the database can be reached, and while another node migrates, both together for as long as
/// `start_timeout` says. Opening does this too; alone it serves an operator. Each migration is committed by itself.
///
/// # Errors
/// [`OpenError`]: the database cannot be reached, is newer than this binary, or has diverged from it.
pub async fn migrate(options: &PostgresOptions) -> Result<Vec<String>, OpenError> {
    let deadline = Instant::now() + options.start_timeout;
    let mut session = connect_until(deadline, options, UNBOUNDED).await?;
    lock(&session.client, deadline, options).await?;
    // The lock belongs to the session: it is given back with it, and when this fails or is dropped, too.
    let applied = run(&mut session.client).await?;
    session.close().await;
    Ok(applied)
}

async fn lock(
    client: &Client,
    deadline: Instant,
    options: &PostgresOptions,
) -> Result<(), OpenError> {
    let left = deadline.saturating_duration_since(Instant::now());
    // The server's own bound, so that nobody is left waiting there for a node that has given up.
    let wait = left.as_millis().clamp(1, 2_147_483_647);
    let statements =
        format!("SET lock_timeout = {wait}; SELECT pg_advisory_lock({LOCK}); SET lock_timeout = 0");
    // And one for a server that has stopped.
    let bound = left + time_to_connect(options);
    match timeout(bound, client.batch_execute(&statements)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            Err(OpenError::Migration(reason(&error)))
        }
        _ => Err(OpenError::Locked {
            waited: options.start_timeout,
        }),
    }
}

async fn run(client: &mut Client) -> Result<Vec<String>, OpenError> {
    let report = embedded::migrations::runner().run_async(client).await;
    let report = report.map_err(|error| match error.kind() {
        Kind::MissingVersion(migration) => OpenError::Newer(migration.to_string()),
        Kind::DivergentVersion(applied, _) => OpenError::Diverged(applied.to_string()),
        Kind::Connection(what, source) => match source.downcast_ref() {
            Some(error) => OpenError::Migration(format!("{what}: {}", reason(error))),
            None => OpenError::Migration(format!("{what}: {source}")),
        },
        _ => OpenError::Migration(error.to_string()),
    })?;
    Ok(report
        .applied_migrations()
        .iter()
        .map(ToString::to_string)
        .collect())
}
