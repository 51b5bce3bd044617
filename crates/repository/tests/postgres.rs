//! The storage contract, passed by PostgreSQL with a commit for each append.

use std::sync::Arc;

use repository::postgres::{Address, Postgres, PostgresOptions};
use testkit::{contract::Stores, postgres};

testkit::storage_contract!(async {
    let address = Address::parse(&postgres::Postgres::shared().database()).unwrap();
    let options = PostgresOptions {
        group_commit: None,
        ..PostgresOptions::new(address)
    };
    let store = Arc::new(Postgres::open(&options).await.unwrap());
    (Stores::of(store), ())
});
