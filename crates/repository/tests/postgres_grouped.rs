//! The storage contract, passed by PostgreSQL with shared commits, as it is used.

use std::sync::Arc;

use repository::postgres::{Address, Postgres, PostgresOptions};
use testkit::{contract::Stores, postgres};

testkit::storage_contract!(async {
    let address = Address::parse(&postgres::Postgres::shared().database()).unwrap();
    let store = Postgres::open(&PostgresOptions::new(address))
        .await
        .unwrap();
    (Stores::of(Arc::new(store)), ())
});
