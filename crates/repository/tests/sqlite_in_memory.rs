//! The storage contract, passed by SQLite in memory.

use std::sync::Arc;

use repository::sqlite::{Sqlite, SqliteOptions};
use testkit::contract::Stores;

testkit::storage_contract!(async {
    let store = Arc::new(Sqlite::open(&SqliteOptions::memory()).unwrap());
    (Stores::of(store), ())
});
