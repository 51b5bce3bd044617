//! Where the data is: reading a DSN, and showing one without its password.

use std::path::PathBuf;

/// The SQLite file that `sqlite:<path>` names.
pub(super) fn sqlite_file(dsn: &str) -> Result<PathBuf, &'static str> {
    let Some(path) = dsn.strip_prefix("sqlite:") else {
        return Err(match dsn.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                "this version has no PostgreSQL yet: leave it unset, or name a file with sqlite:<path>"
            }
            _ => "must be of the form sqlite:<path>",
        });
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    match path {
        "" => Err("must name a file after sqlite:"),
        ":memory:" => Err("must name a file: data that must last is not kept in memory"),
        _ if path.contains(['?', '\0']) => Err("takes no options after the path of the file"),
        _ => Ok(path.into()),
    }
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
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    if !authority.ends_with(']') && !port.bytes().all(|b| b.is_ascii_digit()) {
        return format!("{scheme}://{MASK}");
    }
    format!("{scheme}://{user}{place}{options}")
}

#[cfg(test)]
mod tests {
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
            assert_eq!(sqlite_file(dsn), Ok(PathBuf::from(file)), "{dsn}");
        }
    }

    #[test]
    fn any_other_dsn_is_refused_with_its_reason() {
        for dsn in ["postgres://u:p@h/db", "postgresql://h/db"] {
            assert!(sqlite_file(dsn).unwrap_err().contains("no PostgreSQL yet"));
        }
        for dsn in [
            "mysql://h/db",
            "chat.db",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:a?mode=ro",
        ] {
            assert!(sqlite_file(dsn).is_err(), "{dsn}");
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
