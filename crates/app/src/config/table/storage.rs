use std::time::Duration;

use crate::config::setting::{Group, Kind, Secrecy, Setting};

pub(super) const STORAGE: Group = Group {
    title: "Storage",
    tuning: false,
    settings: &[
        Setting::new(
            "DATA_DIR",
            Kind::Folder,
            "Folder of all that this server keeps. Made when it is not there.",
        )
        .or("./data"),
        Setting::new(
            "DATABASE_URL",
            Kind::Url,
            "The database, as sqlite:<path> or postgres://user:password@host/database. Unset: chatterstack.db in \
             DATA_DIR. Options of Postgres: sslmode (disable, prefer, require, verify-ca, verify-full) and sslrootcert.",
        )
        .alias("POSTGRES_DSN")
        .shown(Secrecy::Dsn),
        Setting::new(
            "REDIS_URL",
            Kind::Url,
            "The Redis that connects several nodes. redis://, rediss:// for TLS, or either with -cluster or -sentinel \
             before the colon; redis+unix: for a socket. Needs Postgres. Unset: one node, everything in-process.",
        )
        .shown(Secrecy::Dsn),
        Setting::new(
            "MESSAGE_STORE",
            Kind::Choice(&["sql", "dynamodb"]),
            "Where messages are kept. dynamodb is refused in this version.",
        )
        .or("sql"),
        Setting::new(
            "DYNAMODB_ENDPOINT",
            Kind::Text,
            "Address of DynamoDB. Without effect while MESSAGE_STORE is sql.",
        )
        .shown(Secrecy::Dsn),
        Setting::new(
            "DYNAMODB_REGION",
            Kind::Text,
            "AWS region of DynamoDB. Without effect while MESSAGE_STORE is sql.",
        ),
    ],
};

pub(super) const ENGINE: Group = Group {
    title: "Database engine",
    tuning: true,
    settings: &[
        Setting::new(
            "DB_POOL",
            Kind::Integer { min: 2, max: 1_000 },
            "Connections to Postgres that the calls of a node share. At most a quarter of them search, and half change a room or an account. Those of \
             DB_COMMITTERS come on top, and one that asks whether Postgres answers: keep the sum over all nodes below \
             Postgres' max_connections.",
        )
        .or("10"),
        Setting::new(
            "DB_READERS",
            Kind::Integer { min: 1, max: 64 },
            "Connections to SQLite for reading. Writes go through one further connection.",
        )
        .or("4"),
        Setting::new(
            "DB_WRITE_QUEUE",
            Kind::Integer { min: 1, max: 65_536 },
            "Writes that may wait for the writer, or for each of DB_COMMITTERS. Beyond that, callers wait as \
             DB_WAIT_TIMEOUT says.",
        )
        .or("1024"),
        Setting::new(
            "DB_COMMIT_BATCH",
            Kind::Integer { min: 1, max: 10_000 },
            "Writes that share one commit at most.",
        )
        .or("256"),
        Setting::new(
            "DB_COMMITTERS",
            Kind::Integer { min: 1, max: 64 },
            "Connections to Postgres that commit groups of messages. Rooms are shared out among them.",
        )
        .or("2"),
        Setting::new(
            "DB_WAIT_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(300) },
            "Time to wait for a connection or a place in the queue. Then 503.",
        )
        .or("5s"),
        Setting::new(
            "DB_STATEMENT_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(600) },
            "Time that one statement may take in Postgres. Then 503.",
        )
        .or("5s"),
        Setting::new(
            "DB_LOCK_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(600) },
            "Time that a statement may wait for a lock in Postgres. Then 503.",
        )
        .or("2s"),
        Setting::new(
            "DB_CONNECT_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(300) },
            "Time that a connection to Postgres may take to be made, TLS and all.",
        )
        .or("5s"),
        Setting::new(
            "DB_START_TIMEOUT",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(3_600) },
            "Time for which a starting node tries again to reach Postgres. Then it gives up. 0s: it tries once.",
        )
        .or("60s"),
    ],
};
