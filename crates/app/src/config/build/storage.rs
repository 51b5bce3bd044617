use std::path::{Path, PathBuf};

use repository::redis::OpenError;

use super::{
    super::{Database, DatabaseKind, Fleet, Redis, dsn},
    Reader,
};

pub(super) fn database(from: &mut Reader, data_dir: &Path) -> Database {
    let dynamodb = from.choice("MESSAGE_STORE", &[("sql", false), ("dynamodb", true)]);
    if dynamodb == Some(true) {
        from.fault(
            "MESSAGE_STORE",
            "this version has no DynamoDB yet: leave it at sql",
        );
    }
    // Known already, so that an environment made for DynamoDB is checked whole.
    from.text("DYNAMODB_ENDPOINT");
    from.text("DYNAMODB_REGION");
    Database {
        kind: kind(from).unwrap_or_else(|| DatabaseKind::Sqlite {
            path: data_dir.join("chatterstack.db"),
        }),
        readers: from.integer("DB_READERS"),
        pool: from.integer("DB_POOL"),
        write_queue: from.integer("DB_WRITE_QUEUE"),
        commit_batch: from.integer("DB_COMMIT_BATCH"),
        committers: from.integer("DB_COMMITTERS"),
        wait_timeout: from.duration("DB_WAIT_TIMEOUT"),
        statement_timeout: from.duration("DB_STATEMENT_TIMEOUT"),
        lock_timeout: from.duration("DB_LOCK_TIMEOUT"),
        connect_timeout: from.duration("DB_CONNECT_TIMEOUT"),
        start_timeout: from.duration("DB_START_TIMEOUT"),
    }
}

fn kind(from: &mut Reader) -> Option<DatabaseKind> {
    const DSN: &str = "DATABASE_URL";
    match dsn::database(&from.text(DSN)?) {
        Ok(kind) => Some(kind),
        Err(reason) => {
            from.fault(DSN, &reason);
            None
        }
    }
}

pub(super) fn fleet(from: &mut Reader, database: &Database) -> Fleet {
    let fleet = Fleet {
        redis: redis(from, database),
        heartbeat: from.duration("BUS_HEARTBEAT"),
        silence: from.duration("BUS_SILENCE"),
        poll_interval: from.duration("BUS_POLL_INTERVAL"),
        audit_interval: from.duration("BUS_AUDIT_INTERVAL"),
        queue: from.integer("BUS_QUEUE"),
        limiter_patience: from.duration("RATE_REDIS_WAIT"),
        stats_interval: from.duration("STATS_INTERVAL"),
        presence_lease: from.duration("PRESENCE_LEASE"),
        presence_linger: from.duration("PRESENCE_LINGER"),
        cache_ttl: from.duration("CACHE_TTL"),
        cache_entries: from.integer("CACHE_ENTRIES"),
    };
    if from.are_sound(&["BUS_HEARTBEAT", "BUS_SILENCE"]) && fleet.silence <= fleet.heartbeat {
        from.fault("BUS_SILENCE", "must be greater than BUS_HEARTBEAT");
    }
    fleet
}

fn redis(from: &mut Reader, database: &Database) -> Option<Redis> {
    const URL: &str = "REDIS_URL";
    let url = from.text(URL);
    let authorities = from.text("REDIS_CA_FILE").map(PathBuf::from);
    let prefix = from.text("REDIS_PREFIX").unwrap_or_default();
    let command_timeout = from.duration("REDIS_COMMAND_TIMEOUT");
    let connect_timeout = from.duration("REDIS_CONNECT_TIMEOUT");
    let url = url?;
    if !dsn::is_redis(&url) {
        from.fault(
            URL,
            "must be a redis:// or rediss:// URL, with -cluster or -sentinel before the colon where it is one",
        );
    } else if from.are_sound(&["DATABASE_URL"])
        && matches!(database.kind, DatabaseKind::Sqlite { .. })
    {
        from.fault(
            URL,
            "needs DATABASE_URL=postgres://…: a SQLite file serves one node",
        );
    }
    let redis = Redis {
        url: url.into(),
        authorities,
        prefix,
        command_timeout,
        connect_timeout,
    };
    if from.are_sound(&[URL, "REDIS_CA_FILE", "REDIS_PREFIX"])
        && let Err(error) = redis.options().check()
    {
        from.fault(setting_of(&error), &error.to_string());
    }
    Some(redis)
}

/// Which setting the adapter refuses. What it says has no password in it.
fn setting_of(error: &OpenError) -> &'static str {
    match error {
        OpenError::Prefix(_) => "REDIS_PREFIX",
        OpenError::Authorities { .. } => "REDIS_CA_FILE",
        _ => "REDIS_URL",
    }
}
