//! Who is an admin: the first of a development server, and those that an operator makes.

use serde_json::json;

use super::{OVERVIEW, first_admin, good};
use crate::server::{Server, Start, eventually};

#[tokio::test]
async fn the_admin_of_the_first_start_is_told_in_the_log_and_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Start::default().in_folder(folder.path()).start().await;
    let admin = first_admin(&first).await;
    assert_eq!(admin.tokens["user"]["is_admin"], true);
    assert_eq!(admin.name(), "admin");
    let overview = good(&admin, OVERVIEW).await;
    assert_eq!(overview["accounts"], 1);
    first.signal("TERM");
    first.ended().await;
    let second = Start::default().in_folder(folder.path()).start().await;
    assert!(!second.log_text().contains("the first admin"));
    // The tokens are good at any start over the same data.
    good(&admin.at(&second), OVERVIEW).await;
}

#[tokio::test]
async fn the_first_admin_is_told_however_quiet_the_log_is() {
    for level in ["warn", "error"] {
        let folder = tempfile::tempdir().unwrap();
        let start = || Start::default().in_folder(folder.path());
        let quiet = start().with("LOG_LEVEL", level).spawn();
        let told = quiet.wait_for_log("the first admin")["fields"].clone();
        quiet.signal("TERM");
        quiet.refused().await;
        let server = start().start().await;
        let field = |name: &str| told[name].as_str().unwrap();
        let client = server.client();
        let admin = client.log_in(field("email"), field("password")).await;
        good(&admin, OVERVIEW).await;
    }
}

/// Their address may have been anybody's before there were admins.
#[tokio::test]
async fn an_account_that_has_the_address_of_the_first_admin_is_not_made_one() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    let start = || Start::default().in_folder(folder.path());
    let production = start()
        .with("APP_ENV", "production")
        .with("JWT_ACCESS_SECRET", secret);
    let mut production = production.start().await;
    let email = "admin@chatterstack.example";
    let account = json!({"username": "Eve", "email": email, "password": "correct horse"});
    let made = production.client().post("/v1/auth/register", account).await;
    assert_eq!(made.status, 201, "{made:?}");
    production.signal("TERM");
    production.ended().await;
    let development = start().with("JWT_ACCESS_SECRET", secret).start().await;
    let eve = development.client().log_in(email, "correct horse").await;
    eve.get(OVERVIEW).await.assert_problem(403, "not_allowed");
    assert!(
        development
            .log_text()
            .contains("`chatterstack admin create` makes one")
    );
}

#[tokio::test]
async fn in_production_no_admin_is_made_until_somebody_makes_one() {
    let server = Start::default()
        .with("APP_ENV", "production")
        .with("JWT_ACCESS_SECRET", "0123456789abcdef0123456789abcdef");
    let server = server.start().await;
    let log = server.log_text();
    assert!(!log.contains("first admin"), "{log}");
    let ann = server.user("Ann").await;
    ann.get(OVERVIEW).await.assert_problem(403, "not_allowed");
    assert!(server.run(&["admin", "create", "ann@example.org"]).is_ok());
    eventually("Ann is an admin", async || {
        (ann.get(OVERVIEW).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(good(&ann, OVERVIEW).await["accounts"], 1);
}

#[tokio::test]
async fn the_command_makes_an_admin_of_a_new_account_and_of_one_that_is_there() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    // Asked before, so that the node may remember her as she was.
    ann.get(OVERVIEW).await.assert_problem(403, "not_allowed");

    let said = server.run(&["admin", "create", "Dora@Example.org"]);
    let said = said.unwrap();
    let password = said
        .strip_prefix("dora@example.org is an admin; the password is ")
        .unwrap_or_else(|| panic!("{said}"));
    let client = server.client();
    let dora = client.log_in("dora@example.org", password.trim()).await;
    assert_eq!(dora.name(), "Dora");
    good(&dora, OVERVIEW).await;

    let said = server.run(&["admin", "create", "ann@example.org", "Somebody"]);
    assert_eq!(
        said.unwrap(),
        "ann@example.org is an admin, and keeps the password\n"
    );
    eventually("Ann is an admin", async || {
        (ann.get(OVERVIEW).await.status == 200).then_some(())
    })
    .await;
    let ann = client.log_in("ann@example.org", "correct horse").await;
    assert_eq!(ann.name(), "Ann");

    let said = server.run(&["admin", "create", "eve@example.org", "Eve the Third"]);
    let said = said.unwrap();
    let password = said.rsplit(' ').next().unwrap().trim();
    let eve = client.log_in("eve@example.org", password).await;
    assert_eq!(eve.name(), "Eve the Third");
}

#[tokio::test]
async fn the_command_says_what_stands_against_it() {
    let server = Server::start().await;
    server.user("Ann").await;
    for (arguments, word) in [
        ("admin create no-address", "address"),
        ("admin create new@example.org ANN", "user name"),
        // Nobody logs in to the account of the house.
        ("admin create house@0190.guest.invalid", "not found"),
        ("admin create", "<admin-email>"),
        ("admin", "create"),
    ] {
        let words: Vec<_> = arguments.split(' ').collect();
        let said = server.run(&words).expect_err("a refusal");
        assert!(said.contains(word), "{arguments}: {said}");
    }
    let admin = first_admin(&server).await;
    assert_eq!(good(&admin, OVERVIEW).await["accounts"], 2);
}
