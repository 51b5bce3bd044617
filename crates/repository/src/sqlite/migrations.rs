use refinery::error::Kind;
use rusqlite::Connection;

use super::{OpenError, SqliteOptions, connect};

mod embedded {
    refinery::embed_migrations!("../../migrations/sqlite");
}

/// Brings the schema of a database up to this binary, and says which migrations that took, such as `V1__core`.
///
/// Opening does this too; alone it serves an operator. Each migration is committed by itself. Blocks.
///
/// # Errors
/// [`OpenError`]: the file cannot be opened, is newer than this binary, or has diverged from it.
pub fn migrate(options: &SqliteOptions) -> Result<Vec<String>, OpenError> {
    run(&mut connect(options)?)
}

pub(super) fn run(connection: &mut Connection) -> Result<Vec<String>, OpenError> {
    let report = embedded::migrations::runner()
        .run(connection)
        .map_err(|error| match error.kind() {
            Kind::MissingVersion(migration) => OpenError::Newer(migration.to_string()),
            Kind::DivergentVersion(applied, _) => OpenError::Diverged(applied.to_string()),
            _ => OpenError::Migration(error),
        })?;
    Ok(report
        .applied_migrations()
        .iter()
        .map(ToString::to_string)
        .collect())
}
