use testkit::postgres::Postgres;

use crate::{certificates::BY_AUTHORITY, reach, refusal};

/// A user with a password, and the DSN of a database of theirs without it.
fn user(password: &str) -> (String, String) {
    let server = &BY_AUTHORITY.server;
    let dsn = server.database();
    let database = dsn.rsplit('/').next().unwrap();
    // As unique as the database.
    let user = format!("of_{database}");
    server.query(
        &dsn,
        &format!(
            "CREATE ROLE {user} LOGIN PASSWORD '{password}'; ALTER DATABASE {database} OWNER TO {user};"
        ),
    );
    (user, dsn)
}

#[tokio::test]
async fn a_wrong_password_fails_at_once_and_is_not_told() {
    let (user, dsn) = user("correct horse");
    for wrong in ["hunter2", "correct%20hunter2"] {
        let dsn = dsn.replace("chat@", &format!("{user}:{wrong}@"));
        let said = refusal(&dsn).await;
        let port = BY_AUTHORITY.server.port();
        let database = dsn.rsplit('/').next().unwrap();
        for part in [
            &format!("host 127.0.0.1:{port}"),
            &format!("database {database}"),
            "sslmode prefer",
            "password authentication failed",
            "28P01",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
    let said = refusal(&dsn.replace("chat@", &format!("{user}@"))).await;
    assert!(said.contains("password missing"), "{said}");
    let right = dsn.replace("chat@", &format!("{user}:correct%20horse@"));
    reach(&right).await.unwrap();
}

#[tokio::test]
async fn a_password_is_bound_to_the_channel_where_that_is_required() {
    let (user, dsn) = user("secret");
    let dsn = dsn.replace("chat@", &format!("{user}:secret@"));
    reach(&format!("{dsn}?sslmode=require&channel_binding=require"))
        .await
        .unwrap();
    let said = refusal(&format!("{dsn}?sslmode=disable&channel_binding=require")).await;
    assert!(said.contains("channel binding"), "{said}");
}

#[tokio::test]
async fn whom_and_what_the_server_does_not_know_fails_at_once() {
    let server = Postgres::shared();
    let dsn = server.database();
    for (dsn, reason) in [
        (dsn.replace("chat@", "nobody_here@"), "28000"),
        (server.dsn("not_there"), "3D000"),
        (format!("{dsn}?options=-c%20no_such_setting%3D1"), "42704"),
        (format!("{dsn}?options=-c%20work_mem%3Dmuch"), "22023"),
    ] {
        let said = refusal(&dsn).await;
        assert!(said.contains(reason), "{said}");
    }
}

#[tokio::test]
async fn a_unix_socket_is_reached() {
    let server = Postgres::shared();
    let database = server.database();
    let database = database.rsplit('/').next().unwrap();
    let (folder, port) = (server.folder().display(), server.port());
    let dsn = format!("postgres://chat@/{database}?host={folder}&port={port}&sslmode=require");
    assert!(!reach(&dsn).await.unwrap().is_empty());
}
