//! Where the data is: reading a DSN, and showing one without its password.

use repository::postgres::{Address, InvalidAddress};

use super::DatabaseKind;

/// What a DSN names, a file of SQLite or a Postgres, or why it is of no use. The reason repeats nothing of the DSN.
pub(super) fn database(dsn: &str) -> Result<DatabaseKind, String> {
    let Some(path) = dsn.strip_prefix("sqlite:") else {
        return postgres(dsn);
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    let reason = match path {
        "" => "must name a file after sqlite:",
        ":memory:" => "must name a file: data that must last is not kept in memory",
        _ if path.contains(['?', '\0']) => "takes no options after the path of the file",
        _ => return Ok(DatabaseKind::Sqlite { path: path.into() }),
    };
    Err(reason.to_owned())
}

fn postgres(dsn: &str) -> Result<DatabaseKind, String> {
    match Address::parse(dsn) {
        Ok(_) => Ok(DatabaseKind::Postgres { dsn: dsn.into() }),
        Err(InvalidAddress::Scheme) => Err(
            "must be of the form sqlite:<path> or postgres://user:password@host/database".into(),
        ),
        Err(reason) => Err(reason.to_string()),
    }
}

/// Whether the URL is of a kind that the Redis adapter takes, which reads the rest.
pub(super) fn is_redis(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let suffix = scheme.find(['-', '+']).unwrap_or(scheme.len());
    let is_known = matches!(
        scheme.split_at(suffix),
        ("redis" | "valkey", "" | "-cluster" | "-sentinel" | "+unix")
            | ("rediss" | "valkeys", "" | "-cluster" | "-sentinel")
    );
    is_known && !rest.is_empty()
}

/// The DSN with its password, and all that could hold one, as `***`.
pub(super) fn masked(dsn: &str) -> String {
    const MASK: &str = "***";
    if dsn.starts_with("sqlite:") {
        return dsn.to_owned();
    }
    let Some((scheme, rest)) = dsn.split_once("://") else {
        return MASK.to_owned();
    };
    // The last @, because a password that nobody escaped may hold one, or a slash, or a question mark.
    let (user, place) = match rest.rsplit_once('@') {
        Some((info, place)) => match info.split_once(':') {
            Some((user, _)) => (format!("{user}:{MASK}@"), place),
            None => (format!("{MASK}@"), place),
        },
        None => (String::new(), rest),
    };
    let (place, options) = match place.split_once(['?', '#']) {
        Some((place, _)) => (place, "?***"),
        None => (place, ""),
    };
    let authority = place.split('/').next().unwrap_or_default();
    if !authority.split(',').all(has_a_port_or_none) {
        return format!("{scheme}://{MASK}");
    }
    format!("{scheme}://{user}{place}{options}")
}

/// False when what stands where a port should is something else: perhaps a password.
fn has_a_port_or_none(host: &str) -> bool {
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    host.ends_with(']') || port.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_sqlite_dsn_names_its_file() {
        for (dsn, file) in [
            ("sqlite:chat.db", "chat.db"),
            ("sqlite:./data/chat.db", "./data/chat.db"),
            ("sqlite:/var/lib/chat.db", "/var/lib/chat.db"),
            ("sqlite:///var/lib/chat.db", "/var/lib/chat.db"),
            ("sqlite://chat.db", "chat.db"),
        ] {
            let Ok(DatabaseKind::Sqlite { path }) = database(dsn) else {
                panic!("{dsn}");
            };
            assert_eq!(path, Path::new(file), "{dsn}");
        }
    }

    #[test]
    fn a_postgres_dsn_is_kept_as_it_is_and_secret() {
        for dsn in [
            "postgres://u:hunter2@h/db",
            "postgresql://h/db?sslmode=require",
        ] {
            let Ok(kind) = database(dsn) else {
                panic!("{dsn}");
            };
            assert!(!format!("{kind:?}").contains("hunter2"));
            let DatabaseKind::Postgres { dsn: kept } = kind else {
                panic!("{dsn}");
            };
            assert_eq!(kept.expose_secret(), dsn);
        }
    }

    #[test]
    fn any_other_dsn_is_refused() {
        for dsn in [
            "mysql://h/db",
            "postgres:h",
            "chat.db",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:a?mode=ro",
            "postgres://chat:hun@ter2@db/chat",
            "postgres://chat:hunter2@db/chat?sslmode=perhaps",
            "postgres://chat:hunter2@db/chat?hunter2=x",
        ] {
            let reason = database(dsn).unwrap_err();
            assert!(!reason.contains("ter2"), "{dsn}: {reason}");
        }
    }

    #[test]
    fn a_redis_url_is_told_by_its_scheme() {
        for url in [
            "redis://cache",
            "rediss://:pw@cache:6380",
            "redis-cluster://a:1?node=b:2",
            "rediss-cluster://u:pw@a:1",
            "redis-sentinel://a:1?sentinelServiceName=main",
            "rediss-sentinel://a:1",
            "redis+unix:///run/redis.sock",
            "valkey://cache",
            "valkeys-cluster://cache",
        ] {
            assert!(is_redis(url), "{url}");
        }
        for url in [
            "",
            "cache",
            "cache:6379",
            "redis:cache",
            "redis://",
            "http://cache",
            "REDIS://c",
            "rediss+unix:///s",
            "redis-x://c",
        ] {
            assert!(!is_redis(url), "{url}");
        }
    }

    #[test]
    fn a_dsn_is_shown_without_its_password() {
        for (dsn, shown) in [
            ("sqlite:./data/chat.db", "sqlite:./data/chat.db"),
            (
                "postgres://chat:hunter2@db:5432/chat",
                "postgres://chat:***@db:5432/chat",
            ),
            ("postgres://db/chat", "postgres://db/chat"),
            ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
            ("redis://[::1]:6379", "redis://[::1]:6379"),
            ("redis://[::1]/0", "redis://[::1]/0"),
            (
                "postgres://chat:hunter2@db/chat?sslmode=verify-full&sslrootcert=/etc/rds.pem",
                "postgres://chat:***@db/chat?***",
            ),
            (
                "postgres://chat:hunter2@a:5432,b,[::1]:5433/chat",
                "postgres://chat:***@a:5432,b,[::1]:5433/chat",
            ),
            (
                "rediss://chat:hunter2@cache:6380",
                "rediss://chat:***@cache:6380",
            ),
            (
                "rediss-cluster://chat:hunter2@a:7000?node=b:7001&node=c:7002",
                "rediss-cluster://chat:***@a:7000?***",
            ),
            (
                "redis-sentinel://:hunter2@a:26379/0?sentinelServiceName=main&sentinelPassword=hunter2",
                "redis-sentinel://:***@a:26379/0?***",
            ),
            (
                "redis+unix:///run/redis.sock",
                "redis+unix:///run/redis.sock",
            ),
        ] {
            assert_eq!(masked(dsn), shown);
        }
    }

    #[test]
    fn a_password_stays_hidden_in_a_dsn_of_any_shape() {
        for dsn in [
            "postgres://chat:hun@ter2@db/chat",
            "postgres://chat:/hunter2?x@db/chat",
            "postgres://chat:a:hunter2@db/chat",
            "postgres://hunter2@db/chat",
            "postgres://db/chat?password=hunter2",
            "postgres://db/chat#hunter2",
            "postgres://chat:hunter2",
            "postgres://chat:hunter2,db:5432",
            "postgres://chat:hunter2@a:1,b:2@c/chat",
            "rediss-cluster://:hunter2?node=b:7001@a",
            "redis-sentinel://a:26379?sentinelPassword=hunter2",
            "redis+unix://:hunter2@/run/redis.sock",
            "host=db password=hunter2",
            "hunter2",
            "://:hunter2@",
        ] {
            let shown = masked(dsn);
            assert!(
                !shown.contains("hunter2") && !shown.contains("ter2"),
                "{dsn}: {shown}"
            );
        }
    }
}
