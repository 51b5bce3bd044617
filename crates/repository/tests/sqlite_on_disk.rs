//! The storage contract, passed by SQLite in a file.

use std::sync::Arc;

use repository::sqlite::{Sqlite, SqliteOptions};
use testkit::contract::Stores;

testkit::storage_contract!(async {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions::file(folder.path().join("made/on/demand.db"));
    let store = Arc::new(Sqlite::open(&options).unwrap());
    (Stores::of(store), folder)
});
