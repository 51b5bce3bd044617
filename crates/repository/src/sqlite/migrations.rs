use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
};

use refinery::error::Kind;
use rusqlite::Connection;

use super::{Location, OpenError, SqliteOptions, connect, make_folder};

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
    let _lock = lock(&options.location)?;
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

/// Lets one process at a time open and migrate a file, for as long as what this answers is there: making a new file one
/// with a write-ahead log fails beside another who does so, and refinery reads what was applied before it begins a
/// transaction. The lock is on a file beside the database, which stays, empty: were it removed, two processes could hold
/// two of one name.
pub(super) fn lock(location: &Location) -> Result<Option<File>, OpenError> {
    let Location::File(database) = location else {
        return Ok(None);
    };
    make_folder(database)?;
    // Under one name, by however many links it is reached.
    let mut path = database
        .canonicalize()
        .unwrap_or_else(|_| database.clone())
        .into_os_string();
    path.push(".migrate-lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path);
    match file.and_then(|file| file.lock().map(|()| file)) {
        Ok(file) => Ok(Some(file)),
        Err(source) => Err(OpenError::Folder {
            path: path.into(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, thread};

    use super::*;

    #[test]
    fn many_who_open_a_new_file_at_once_migrate_it_once() {
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let options = SqliteOptions::file(folder.path().join("chat.db"));
            let applied: Vec<String> = thread::scope(|scope| {
                let openers: Vec<_> = (0..16).map(|_| scope.spawn(|| migrate(&options))).collect();
                let reports = openers.into_iter().map(|opener| opener.join().unwrap());
                reports.flat_map(Result::unwrap).collect()
            });
            let all = embedded::migrations::runner().get_migrations().clone();
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            assert_eq!(applied, all);

            let lock = folder.path().join("chat.db.migrate-lock");
            let lock = lock.metadata().unwrap();
            assert_eq!((lock.len(), lock.permissions().mode() & 0o777), (0, 0o600));
        }
    }
}
