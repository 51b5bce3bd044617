use std::{path::Path, process::Output};

use serde_json::json;

use crate::server::{Server, Start, run};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run_well(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments, &[]);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    text(&output.stdout)
}

#[test]
fn help_names_every_command_and_version_the_version() {
    let folder = tempfile::tempdir().unwrap();
    let help = run_well(folder.path(), &["--help"]);
    for word in [
        "serve",
        "migrate",
        "seed",
        "openapi",
        "healthcheck",
        "admin",
        "bench",
        "--port",
        "--database-url",
    ] {
        assert!(help.contains(word), "{word} is not in:\n{help}");
    }
    assert_eq!(
        run_well(folder.path(), &["--version"]),
        concat!("chatterstack ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let wrong = run(folder.path(), &["fly"], &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("fly"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn migrate_applies_what_is_missing_and_then_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = run_well(folder.path(), &["migrate"]);
    assert!(first.starts_with("applied "), "{first}");
    assert_eq!(
        run_well(folder.path(), &["migrate"]),
        "the schema is up to date\n"
    );
    let elsewhere = folder.path().join("elsewhere/chat.db");
    let url = format!("sqlite:{}", elsewhere.display());
    let output = run(folder.path(), &["migrate", "--database-url", &url], &[]);
    assert!(text(&output.stdout).starts_with("applied ") && elsewhere.exists());
}

#[tokio::test]
async fn seed_makes_a_team_whose_log_ins_work_and_changes_nothing_when_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = run_well(folder.path(), &["seed"]);
    let second = run_well(folder.path(), &["seed"]);
    assert!(second.contains("already"), "{second}");
    let server = Start::default().in_folder(folder.path()).start().await;
    let emails: Vec<_> = first
        .split_whitespace()
        .filter(|word| word.contains('@'))
        .collect();
    assert!(emails.len() >= 3, "{first}");
    let password = first
        .split("password ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let password = password.trim_end_matches(':');
    let mut messages = 0;
    let ada = server.client().log_in(emails[0], password).await;
    for room in ada.get("/v1/rooms").await.body["rooms"].as_array().unwrap() {
        let room = room["id"].as_str().unwrap();
        messages += super::history(&ada, room).await.len();
    }
    assert!(messages >= 300, "{messages}");
    for email in &emails[1..] {
        let user = server.client().log_in(email, password).await;
        assert_ne!(user.get("/v1/rooms").await.body["rooms"], json!([]));
    }
}

#[test]
fn seed_stays_out_of_production() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    let settings = [("APP_ENV", "production"), ("JWT_ACCESS_SECRET", secret)];
    let output = run(folder.path(), &["seed"], &settings);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("production"), "{output:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_openapi_document_is_the_one_that_is_checked_in() {
    let folder = tempfile::tempdir().unwrap();
    let printed = run_well(folder.path(), &["openapi"]);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../api/openapi.yaml");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(printed.starts_with("openapi: 3.1"));
    assert!(
        printed == checked_in,
        "api/openapi.yaml is out of date: run `make api` and check it in"
    );
}

#[tokio::test]
async fn healthcheck_asks_the_node_and_ends_with_0_or_1() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start().await;
    let url = server.url();
    let check =
        |settings: &[(&str, &str)]| -> Output { run(folder.path(), &["healthcheck"], settings) };
    let well = check(&[("CHATTERSTACK_URL", &url)]);
    assert_eq!(
        (well.status.code(), text(&well.stdout)),
        (Some(0), format!("{url}/health/live answers 200\n"))
    );
    let port = url.rsplit(':').next().unwrap();
    assert_eq!(
        check(&[("PORT", port), ("HOST", "0.0.0.0")]).status.code(),
        Some(0)
    );
    server.signal("KILL");
    server.ended().await;
    let gone = check(&[("CHATTERSTACK_URL", &url)]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone.stderr).contains(&url), "{gone:?}");
}
