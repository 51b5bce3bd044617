//! [`UserStore`](domain::ports::UserStore).

use domain::{Conflict, PasswordHash, StoreError, UserStatus, values::Username};

use super::{Stores, scene::at_once};
use crate::sample;

fn hash() -> PasswordHash {
    PasswordHash("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned())
}

pub async fn an_account_is_found_by_its_id_and_its_address(stores: &Stores) {
    let ann = sample::user("Zoë 🦀");
    stores.users.create(&ann, &hash()).await.unwrap();
    assert_eq!(stores.users.by_id(ann.id).await.unwrap(), Some(ann.clone()));
    assert_eq!(stores.users.by_email(&ann.email).await.unwrap(), Some(ann));
}

pub async fn an_account_that_is_not_there_is_none(stores: &Stores) {
    let nobody = sample::user("nobody");
    assert_eq!(stores.users.by_id(nobody.id).await.unwrap(), None);
    assert_eq!(stores.users.by_email(&nobody.email).await.unwrap(), None);
    assert_eq!(stores.users.credentials(&nobody.email).await.unwrap(), None);
}

pub async fn credentials_are_kept_as_they_were_given(stores: &Stores) {
    let ann = sample::user("ann");
    stores.users.create(&ann, &hash()).await.unwrap();
    stores.user("bob").await;
    let found = stores.users.credentials(&ann.email).await.unwrap();
    assert_eq!(found, Some((ann, hash())));
}

pub async fn a_taken_address_is_a_conflict_and_changes_nothing(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut thief = sample::user("thief");
    thief.email = ann.email.clone();
    assert_eq!(
        stores.users.create(&thief, &hash()).await,
        Err(StoreError::Conflict(Conflict::EmailTaken))
    );
    assert_eq!(stores.users.by_id(thief.id).await.unwrap(), None);
    assert_eq!(stores.users.by_email(&ann.email).await.unwrap(), Some(ann));
}

pub async fn a_taken_name_is_a_conflict_whatever_the_case_of_its_letters(stores: &Stores) {
    stores.user("Ann Lée").await;
    for name in ["Ann Lée", "ann lée", "ANN LÉE"] {
        let again = sample::user(name);
        assert_eq!(
            stores.users.create(&again, &hash()).await,
            Err(StoreError::Conflict(Conflict::UsernameTaken)),
            "{name}"
        );
        assert_eq!(stores.users.by_id(again.id).await.unwrap(), None);
    }
}

pub async fn of_sixteen_who_want_one_address_at_once_one_gets_it(stores: &Stores) {
    let email = sample::user("x").email;
    let answers = at_once(16, |n| {
        let users = stores.users.clone();
        let mut user = sample::user(&format!("racer {n}"));
        user.email = email.clone();
        async move { users.create(&user, &hash()).await }
    })
    .await;
    one_wins(&answers, Conflict::EmailTaken);
}

pub async fn of_sixteen_who_want_one_name_at_once_one_gets_it(stores: &Stores) {
    let answers = at_once(16, |n| {
        let users = stores.users.clone();
        let user = sample::user(if n % 2 == 0 { "racer" } else { "RACER" });
        async move { users.create(&user, &hash()).await }
    })
    .await;
    one_wins(&answers, Conflict::UsernameTaken);
}

fn one_wins(answers: &[Result<(), StoreError>], conflict: Conflict) {
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    let lost = Err(StoreError::Conflict(conflict));
    let lost = answers.iter().filter(|answer| **answer == lost).count();
    assert_eq!((won, lost), (1, answers.len() - 1));
}

pub async fn what_a_user_declares_is_kept(stores: &Stores) {
    let ann = stores.user("ann").await;
    let at = sample::later(60);
    let users = &stores.users;
    users
        .set_status(ann.id, UserStatus::Online, at)
        .await
        .unwrap();
    let found = users.by_id(ann.id).await.unwrap().unwrap();
    assert_eq!((found.status, found.updated_at), (UserStatus::Online, at));
    users
        .set_status(ann.id, UserStatus::Offline, at)
        .await
        .unwrap();
    let found = users.by_id(ann.id).await.unwrap().unwrap();
    assert_eq!(found.status, UserStatus::Offline);
}

pub async fn nobody_declares_nothing(stores: &Stores) {
    let nobody = sample::user("nobody").id;
    let answer = stores
        .users
        .set_status(nobody, UserStatus::Online, sample::now())
        .await;
    assert_eq!(answer, Err(StoreError::NotFound));
}

pub async fn a_name_is_data_and_never_a_statement(stores: &Stores) {
    let name = r#"'; DROP TABLE users; -- " % _ \"#;
    let robert = stores.user(name).await;
    let found = stores.users.by_id(robert.id).await.unwrap().unwrap();
    assert_eq!(found.username, Username::parse(name).unwrap());
}
