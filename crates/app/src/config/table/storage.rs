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
            "The database, as sqlite:<path>. Unset: chatterstack.db in DATA_DIR. postgres:// is refused in this version.",
        )
        .alias("POSTGRES_DSN")
        .shown(Secrecy::Dsn),
        Setting::new(
            "REDIS_URL",
            Kind::Url,
            "The Redis that connects several nodes. Unset: one node, everything in-process. Refused in this version.",
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
            "DB_READERS",
            Kind::Integer { min: 1, max: 64 },
            "Connections for reading. Writes go through one further connection.",
        )
        .or("4"),
        Setting::new(
            "DB_WRITE_QUEUE",
            Kind::Integer { min: 1, max: 65_536 },
            "Writes that may wait for the writer. Beyond that, callers wait as DB_WAIT_TIMEOUT says.",
        )
        .or("1024"),
        Setting::new(
            "DB_COMMIT_BATCH",
            Kind::Integer { min: 1, max: 10_000 },
            "Writes that share one commit at most.",
        )
        .or("256"),
        Setting::new(
            "DB_WAIT_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(300) },
            "Time to wait for a connection or a place in the queue. Then 503.",
        )
        .or("5s"),
    ],
};
