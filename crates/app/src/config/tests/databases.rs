//! Where the data is, and what nodes share.

use super::*;

#[test]
fn a_url_that_is_of_no_use_is_refused_and_not_shown() {
    for (name, text, word) in [
        (
            "DATABASE_URL",
            "hunter2",
            "must be of the form sqlite:<path> or postgres://",
        ),
        (
            "POSTGRES_DSN",
            "mysql://chat:hunter2@db/chat",
            "must be of the form",
        ),
        (
            "REDIS_URL",
            "hunter2",
            "must be a redis:// or rediss:// URL",
        ),
        (
            "REDIS_URL",
            "http://:hunter2@cache",
            "must be a redis:// or rediss:// URL",
        ),
    ] {
        let fault = said().env(name, text).only_fault();
        assert!(
            fault.contains(word) && !fault.contains("hunter2"),
            "{fault}"
        );
    }
}

#[test]
fn several_nodes_share_postgres_and_redis() {
    let config = said()
        .env("POSTGRES_DSN", "postgres://chat:hunter2@db/chat")
        .env("REDIS_URL", "redis://:hunter2@cache:6380")
        .load();
    let DatabaseKind::Postgres { dsn } = &config.database.kind else {
        panic!("not Postgres");
    };
    assert_eq!(dsn.expose_secret(), "postgres://chat:hunter2@db/chat");
    let redis = config.fleet.redis.as_ref().unwrap();
    assert_eq!(redis.url.expose_secret(), "redis://:hunter2@cache:6380");
    assert_eq!(redis.prefix, "chatterstack");
    for shown in [config.describe(), format!("{config:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert!(
        config
            .describe()
            .contains("REDIS_URL=redis://:***@cache:6380 ")
    );
}

#[test]
fn what_redis_could_never_be_reached_by_is_a_fault_of_its_setting() {
    for (name, text) in [
        ("REDIS_URL", "redis://:hunter2@cache:port"),
        ("REDIS_URL", "redis-sentinel://:hunter2@cache"),
        ("REDIS_PREFIX", "with space"),
    ] {
        let fault = said()
            .env("DATABASE_URL", "postgres://db/chat")
            .env("REDIS_URL", "redis://cache")
            .env(name, text)
            .only_fault();
        assert!(fault.starts_with(name), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
}

#[test]
fn redis_beside_a_file_is_refused() {
    let alone = said().env("REDIS_URL", "redis://cache");
    for said in [
        said()
            .env("REDIS_URL", "redis://cache")
            .env("DATABASE_URL", "sqlite:./x.db"),
        alone,
    ] {
        let fault = said.only_fault();
        assert!(
            fault.ends_with("needs DATABASE_URL=postgres://…: a SQLite file serves one node"),
            "{fault}"
        );
    }
}

#[test]
fn a_bad_database_is_not_blamed_on_redis() {
    let fault = said()
        .env("REDIS_URL", "redis://cache")
        .env("DATABASE_URL", "mysql://db")
        .only_fault();
    assert!(fault.starts_with("DATABASE_URL"), "{fault}");
}

#[test]
fn the_database_is_the_named_file_or_in_the_data_folder() {
    let config = said().env("DATABASE_URL", "sqlite:/tmp/x.db").load();
    assert_eq!(sqlite_file(&config), Path::new("/tmp/x.db"));
    let config = said().env("DATA_DIR", "/srv/chat").load();
    assert_eq!(sqlite_file(&config), Path::new("/srv/chat/chatterstack.db"));
}
