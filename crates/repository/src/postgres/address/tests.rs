use std::time::Duration;

use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};

use super::*;
use crate::postgres::tls::Roots;

fn parse(dsn: &str) -> Address {
    Address::parse(dsn).unwrap_or_else(|error| panic!("{dsn} {error}"))
}

#[test]
fn it_says_host_database_and_tls_mode() {
    for (dsn, shown) in [
        (
            "postgres://chat:secret@db/chat",
            "host db:5432, database chat, sslmode prefer",
        ),
        (
            "postgresql://chat@db:6543/chat?sslmode=disable",
            "host db:6543, database chat, sslmode disable",
        ),
        (
            "postgres://chat@db",
            "host db:5432, database chat, sslmode prefer",
        ),
        (
            "postgres://db?sslmode=require",
            "host db:5432, database of the system's user, sslmode require",
        ),
        (
            "postgres://chat@[2001:db8::1]:6543/chat?sslmode=verify-full",
            "host [2001:db8::1]:6543, database chat, sslmode verify-full",
        ),
        (
            "postgres://chat@one:1,two,three:3/chat",
            "host one:1,two:5432,three:3, database chat, sslmode prefer",
        ),
        (
            "postgres:///chat?host=one,two&port=7",
            "host one:7,two:7, database chat, sslmode prefer",
        ),
        (
            "postgres:///chat?hostaddr=10.0.0.1",
            "host 10.0.0.1:5432, database chat, sslmode prefer",
        ),
    ] {
        assert_eq!(parse(dsn).to_string(), shown);
    }
}

#[test]
fn what_is_escaped_is_read_and_a_plus_sign_is_one() {
    let address = parse("postgres://us%40er:p%40s%2Fs%3Aw%23%3F%25+@db/my%2Fchat%3F");
    let config = &address.config;
    assert_eq!(config.get_user(), Some("us@er"));
    assert_eq!(config.get_password(), Some(&b"p@s/s:w#?%+"[..]));
    assert_eq!(config.get_dbname(), Some("my/chat?"));
    // No byte of a password has to be text.
    let latin = parse("postgres://chat:%E9:#%0A@db/chat");
    assert_eq!(latin.config.get_password(), Some(&b"\xE9:#\n"[..]));
    let option = parse("postgres://db/chat?ssl%6Dode=verify%2Dfull");
    assert_eq!(option.tls_mode(), TlsMode::VerifyFull);
}

#[test]
fn other_options_are_tokio_postgres_own() {
    let dsn = "postgres://db/chat?user=ann&password=secret&options=-c%20jit%3Doff&application_name=shop\
               &channel_binding=require&target_session_attrs=read-write&connect_timeout=7&keepalives_count=9&";
    let config = parse(dsn).config;
    assert_eq!(config.get_user(), Some("ann"));
    assert_eq!(config.get_password(), Some(&b"secret"[..]));
    assert_eq!(config.get_options(), Some("-c jit=off"));
    assert_eq!(config.get_application_name(), Some("shop"));
    assert_eq!(config.get_channel_binding(), ChannelBinding::Require);
    assert_eq!(
        config.get_target_session_attrs(),
        TargetSessionAttrs::ReadWrite
    );
    assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(7)));
    assert_eq!(config.get_keepalives_retries(), Some(9));
    let plain = parse("postgres://db/chat").config;
    assert_eq!(plain.get_application_name(), Some("chatterstack"));
}

#[test]
fn tcp_user_timeout_is_in_milliseconds_as_in_libpq() {
    let config = parse("postgres://db/chat?tcp_user_timeout=30000").config;
    assert_eq!(
        config.get_tcp_user_timeout(),
        Some(&Duration::from_secs(30))
    );
    let bad = Address::parse("postgres://db/chat?tcp_user_timeout=30s").unwrap_err();
    assert!(bad.to_string().contains("milliseconds"), "{bad}");
}

#[test]
fn unix_sockets_are_reached_without_tls() {
    for dsn in [
        "postgres://chat@%2Fvar%2Frun%2Fpostgresql/chat?sslmode=require",
        "postgres:///chat?host=/var/run/postgresql&sslmode=verify-full",
    ] {
        let address = parse(dsn);
        assert_eq!(address.config.get_ssl_mode(), SslMode::Disable);
        assert_eq!(
            address.to_string(),
            "host /var/run/postgresql:5432, database chat, sslmode disable"
        );
    }
    // One of the hosts is reached over the network.
    let both = parse("postgres:///chat?host=/run,db&sslmode=require");
    assert_eq!(both.tls_mode(), TlsMode::Require);
}

#[test]
fn the_modes_of_tls_are_those_of_libpq() {
    let file = || Roots::File("/rds.pem".into());
    for (options, mode, roots) in [
        ("", TlsMode::Prefer, Roots::None),
        (
            "sslmode=disable&sslrootcert=/rds.pem",
            TlsMode::Disable,
            Roots::None,
        ),
        ("sslmode=prefer", TlsMode::Prefer, Roots::None),
        ("sslrootcert=/rds.pem", TlsMode::Prefer, file()),
        (
            "sslmode=require&sslrootcert=",
            TlsMode::Require,
            Roots::None,
        ),
        (
            "sslmode=require&sslrootcert=/rds.pem",
            TlsMode::VerifyCa,
            file(),
        ),
        (
            "sslmode=verify-ca&sslrootcert=%2Frds.pem",
            TlsMode::VerifyCa,
            file(),
        ),
        (
            "sslmode=verify-full&sslrootcert=/rds.pem",
            TlsMode::VerifyFull,
            file(),
        ),
        ("sslmode=verify-full", TlsMode::VerifyFull, Roots::System),
        ("sslrootcert=system", TlsMode::VerifyFull, Roots::System),
        (
            "sslmode=verify-full&sslrootcert=system",
            TlsMode::VerifyFull,
            Roots::System,
        ),
    ] {
        let address = parse(&format!("postgres://db/chat?{options}"));
        assert_eq!(address.tls, Tls { mode, roots }, "{options}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_reason() {
    use InvalidAddress as Invalid;
    for (dsn, error) in [
        ("", Invalid::Scheme),
        ("mysql://db/chat", Invalid::Scheme),
        ("host=db dbname=chat", Invalid::Scheme),
        ("POSTGRES://db/chat", Invalid::Scheme),
        ("postgres://", Invalid::NoHost),
        ("postgres:///chat", Invalid::NoHost),
        ("postgres://chat@/chat", Invalid::NoHost),
        ("postgres://chat@:5432/chat", Invalid::Host),
        ("postgres://one,,two/chat", Invalid::Host),
        ("postgres://d b/chat", Invalid::Host),
        ("postgres://one:1,two:2/chat?host=three", Invalid::Count),
        ("postgres://one,two/chat?hostaddr=10.0.0.1", Invalid::Count),
        ("postgres://db/chat\n", Invalid::Control),
        ("postgres://db/ch\0at", Invalid::Control),
        ("postgres://db/ch%00at", Invalid::Control),
        ("postgres://db/ch%0Aat", Invalid::Control),
        ("postgres://%2Frun%0A/chat", Invalid::Host),
        ("postgres://chat:a%00b@db/chat", Invalid::Control),
        ("postgres://db/chat?application_name=%00", Invalid::Control),
        ("postgres://db/chat?sslmode=allow", Invalid::TlsMode),
        ("postgres://db/chat?sslmode=", Invalid::TlsMode),
        ("postgres://db/chat?sslmode=Require", Invalid::TlsMode),
        ("postgres://db/chat?sslmode=verify-ca", Invalid::NoRoots),
        (
            "postgres://db/chat?sslmode=require&sslrootcert=system",
            Invalid::SystemRoots,
        ),
        (
            "postgres://db/chat?sslcert=a.pem",
            Invalid::Unsupported("sslcert"),
        ),
        (
            "postgres://db/chat?ssl_mode=require",
            Invalid::UnknownOption,
        ),
        ("postgres://db/chat?sslmode", Invalid::UnknownOption),
    ] {
        assert_eq!(Address::parse(dsn), Err(error), "{dsn}");
    }
    for (dsn, said) in [
        ("postgres://db:x/chat", "`port`"),
        (
            "postgres://db/chat?connect_timeout=soon",
            "`connect_timeout`",
        ),
        ("postgres://db/chat?sslrootcert=%zz", "percent sign"),
        ("postgres://db/chat?sslrootcert=%00", "percent sign"),
        ("postgres://[::1/chat", "`host`"),
    ] {
        let error = Address::parse(dsn).unwrap_err().to_string();
        assert!(error.contains(said), "{dsn}: {error}");
    }
}

#[test]
fn a_password_is_shown_by_nothing_however_it_is_written() {
    for dsn in [
        "postgres://chat:hunter2@db/chat",
        "postgres://db/chat?password=hunter2",
        "postgres://chat:hunter2@db/chat?sslmode=nothing",
        "postgres://chat:hunter2@db:port/chat",
        "postgres://chat:hun@hunter2@db/chat",
        "postgres://chat:/hunter2@db/chat",
        "postgres://chat:/hunter2?x@db/chat",
        "postgres://chat:?hunter2=@db/chat",
        "postgres://chat:12?a=1&hunter2=@db/chat",
        "postgres://db/chat?password=hun@hunter2",
        "postgres://db?password=a&hunter2=b",
        "postgres://db:1?password=hun@hunter2",
        "postgres://db/chat#hunter2",
        "postgres://chat:hunter2",
        "hunter2",
    ] {
        let shown = match Address::parse(dsn) {
            Ok(address) => format!("{address} {address:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains("hunter2"), "{dsn}: {shown}");
    }
}
