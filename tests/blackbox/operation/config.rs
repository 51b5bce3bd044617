use crate::server::{Start, run};

/// Starts with these settings, which must not do, and gives the status and what was told.
fn refused(settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve"], settings);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "it has begun to work"
    );
    assert!(output.stdout.is_empty());
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_bad_setting_ends_with_status_78_and_is_named_with_the_reason() {
    for (name, value, reason) in [
        ("PORT", "http", "65535"),
        ("PORT", "65536", "65535"),
        ("HOST", "localhost:80", "address"),
        ("JWT_ACCESS_TTL", "15 parsecs", "unit"),
        ("CORS_ALLOWED_ORIGINS", "*", "origin"),
        ("LOG_LEVEL", "loud", "debug"),
        ("LOG_FORMAT", "xml", "json"),
        ("APP_ENV", "prod", "production"),
        ("GUESTS", "maybe", "on"),
        ("TRUSTED_PROXIES", "-1", "0"),
        ("MESSAGE_STORE", "dynamodb", "DynamoDB"),
        (
            "REDIS_URL",
            "redis://cache:6379",
            "a SQLite file serves one node",
        ),
        ("REDIS_URL", "cache:6379", "rediss://"),
        ("DATABASE_URL", "mysql://db/chat", "sqlite:"),
        ("WS_PONG_TIMEOUT", "1s", "WS_PING_INTERVAL"),
        ("DB_READERS", "0", "1"),
        ("DB_COMMITTERS", "0", "1"),
        ("BUS_SILENCE", "1s", "BUS_HEARTBEAT"),
        ("RATE_LOGIN_IP", "30", "off"),
        ("RATE_SOCKET_FRAMES", "0/1s", "<count>/<duration>"),
    ] {
        let (status, told) = refused(&[(name, value)]);
        assert_eq!(status, Some(78), "{name}={value}: {told}");
        assert!(
            told.contains(name) && told.contains(reason),
            "{name}={value}: {told}"
        );
    }
}

#[test]
fn all_bad_settings_are_told_at_once() {
    let (status, told) = refused(&[("PORT", "x"), ("LOG_LEVEL", "loud"), ("DB_READERS", "many")]);
    assert_eq!(status, Some(78));
    assert!(
        ["PORT", "LOG_LEVEL", "DB_READERS"]
            .iter()
            .all(|name| told.contains(name)),
        "{told}"
    );
}

#[test]
fn production_and_staging_refuse_to_start_without_a_good_secret() {
    for environment in ["production", "staging"] {
        for secret in [None, Some(""), Some("short-and-secret")] {
            let mut settings = vec![("APP_ENV", environment)];
            settings.extend(secret.map(|secret| ("JWT_ACCESS_SECRET", secret)));
            let (status, told) = refused(&settings);
            assert_eq!(status, Some(78), "{told}");
            assert!(told.contains("JWT_ACCESS_SECRET"), "{told}");
            assert!(!told.contains("short-and-secret"), "{told}");
        }
    }
}

#[tokio::test]
async fn production_starts_with_a_secret_and_keeps_none_in_the_folder() {
    let start = Start::default()
        .with("APP_ENV", "production")
        .with("JWT_ACCESS_SECRET", "0123456789abcdef0123456789abcdef");
    let server = start.start().await;
    let ann = server.user("Ann").await;
    assert_eq!(ann.get("/v1/rooms").await.status, 200);
    assert!(!server.folder().join("data/jwt_secret").exists());
    assert!(!server.log_text().contains("0123456789abcdef"));
}

#[test]
fn a_broken_postgres_address_is_refused_clearly_and_without_its_password() {
    for name in ["DATABASE_URL", "POSTGRES_DSN"] {
        let dsn = "postgres://chat:hunter2@db.internal/chat?sslmode=perhaps";
        let (status, told) = refused(&[(name, dsn)]);
        assert_eq!(status, Some(78), "{told}");
        assert!(
            told.contains(name) && told.contains("verify-full"),
            "{told}"
        );
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "in the way").unwrap();
    let output = run(folder.path(), &["serve"], &[("DATA_DIR", "./file/data")]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("file/data"), "{told}");
}

#[tokio::test]
async fn http_port_is_another_name_of_port_and_a_file_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat.toml");
    std::fs::write(&file, "ws_ping_interval = \"7s\"\n").unwrap();
    let path = file.to_str().unwrap();
    let server = Start::default()
        .with("CHATTERSTACK_CONFIG", path)
        .start()
        .await;
    let ann = server.user("Ann").await;
    assert_eq!(
        ann.socket(&server, &[]).await.ready["ping_interval_ms"],
        7_000
    );
    let (status, told) = refused(&[("PORT", ""), ("HTTP_PORT", "none")]);
    assert_eq!(status, Some(78));
    assert!(told.contains("HTTP_PORT"), "{told}");
}
