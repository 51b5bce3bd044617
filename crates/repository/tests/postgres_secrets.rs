//! Secrets that nodes share through the database.

use repository::postgres::{Address, Postgres, PostgresOptions};
use secrecy::{ExposeSecret, SecretString};

#[tokio::test]
async fn of_many_nodes_that_bring_a_secret_at_once_all_keep_the_same() {
    let dsn = testkit::postgres::Postgres::shared().database();
    let mut nodes = Vec::new();
    for _ in 0..4 {
        let address = Address::parse(&dsn).unwrap();
        nodes.push(
            Postgres::open(&PostgresOptions::new(address))
                .await
                .unwrap(),
        );
    }
    let mut kept = Vec::new();
    for (number, node) in nodes.into_iter().enumerate() {
        kept.push(tokio::spawn(async move {
            let fresh = SecretString::from(format!("secret {number}"));
            let one = node.keep_secret("one", &fresh).await.unwrap();
            let again = node.keep_secret("one", &"another".into()).await.unwrap();
            assert_eq!(one.expose_secret(), again.expose_secret());
            let other = node.keep_secret("other", &"of another name".into()).await;
            assert_eq!(other.unwrap().expose_secret(), "of another name");
            one
        }));
    }
    let mut all = Vec::new();
    for one in kept {
        all.push(one.await.unwrap().expose_secret().to_owned());
    }
    assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
}
