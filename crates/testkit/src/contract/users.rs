//! [`UserStore`](domain::ports::UserStore).

use domain::{
    Conflict, PasswordHash, RefreshTokenHash, Session, StoreError, StoreResult, User, UserId,
    UserStatus, ports::Rotation, values::Username,
};

use super::{
    Stores,
    scene::at_once,
    sessions::{log_in_as, new_session},
};
use crate::sample::{self, later};

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

pub async fn whether_drafts_are_shared_is_kept(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (users, at) = (&stores.users, sample::later(60));
    assert!(ann.shares_drafts);
    for shared in [false, true] {
        users.share_drafts(ann.id, shared, at).await.unwrap();
        let found = users.by_id(ann.id).await.unwrap().unwrap();
        assert_eq!((found.shares_drafts, found.updated_at), (shared, at));
        assert_eq!(users.shares_drafts(ann.id).await, Ok(Some(shared)));
    }
    let nobody = users.share_drafts(UserId(sample::id()), false, at).await;
    assert_eq!(nobody, Err(StoreError::NotFound));
    assert_eq!(users.shares_drafts(UserId(sample::id())).await, Ok(None));
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

const FIRST: RefreshTokenHash = RefreshTokenHash([1; 32]);
const SECOND: RefreshTokenHash = RefreshTokenHash([2; 32]);
const THIRD: RefreshTokenHash = RefreshTokenHash([3; 32]);

fn other_hash(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id${text}"))
}

async fn password_of(stores: &Stores, user: &User) -> PasswordHash {
    stores.users.password(user.id).await.unwrap().unwrap()
}

async fn is_live(stores: &Stores, session: &Session) -> bool {
    stores.sessions.is_live(session.id).await.unwrap()
}

async fn renew(stores: &Stores, old: RefreshTokenHash) -> Rotation {
    let new = RefreshTokenHash([old.0[0] + 100; 32]);
    let renewed = stores.sessions.rotate(old, new, later(2), later(20)).await;
    renewed.unwrap()
}

pub async fn a_password_is_found_by_its_account(stores: &Stores) {
    let ann = sample::user("ann");
    stores.users.create(&ann, &hash()).await.unwrap();
    stores.user("bob").await;
    let found = stores.users.password(ann.id).await.unwrap();
    assert_eq!(found, Some(hash()));
    let nobody = sample::user("nobody").id;
    assert_eq!(stores.users.password(nobody).await.unwrap(), None);
}

pub async fn a_new_password_takes_the_place_of_the_old_one_and_ends_the_other_log_ins(
    stores: &Stores,
) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let own = log_in_as(stores, &ann, FIRST).await;
    let other = log_in_as(stores, &ann, SECOND).await;
    let bobs = log_in_as(stores, &bob, THIRD).await;
    let (old, new) = (password_of(stores, &ann).await, other_hash("new"));
    let bobs_password = password_of(stores, &bob).await;

    let users = &stores.users;
    let change = users.change_password(ann.id, own.id, &old, &new, later(1));
    assert_eq!(change.await, Ok(vec![other.id]));

    let found = users.credentials(&ann.email).await.unwrap();
    assert_eq!(found, Some((ann.clone(), new.clone())));
    assert_eq!(password_of(stores, &ann).await, new);
    assert!(!is_live(stores, &other).await);
    assert_eq!(renew(stores, SECOND).await, Rotation::Refused);
    assert!(is_live(stores, &own).await);
    assert_eq!(renew(stores, FIRST).await, Rotation::Rotated(own));
    assert!(is_live(stores, &bobs).await);
    assert_eq!(password_of(stores, &bob).await, bobs_password);
}

pub async fn a_deactivated_account_stays_and_nobody_logs_in_to_it(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&bob, &[&ann]).await;
    let message = stores.say(room, &ann, "still mine").await;
    let own = log_in_as(stores, &ann, FIRST).await;
    let other = log_in_as(stores, &ann, SECOND).await;
    let bobs = log_in_as(stores, &bob, THIRD).await;
    let password = password_of(stores, &ann).await;

    let users = &stores.users;
    let deactivation = users.deactivate(ann.id, own.id, &password, later(1));
    let mut ended = deactivation.await.unwrap();
    ended.sort();
    let mut expected = vec![own.id, other.id];
    expected.sort();
    assert_eq!(ended, expected);

    for (session, refresh) in [(&own, FIRST), (&other, SECOND)] {
        assert!(!is_live(stores, session).await);
        assert_eq!(renew(stores, refresh).await, Rotation::Refused);
    }
    assert_eq!(users.credentials(&ann.email).await.unwrap(), None);
    assert_eq!(users.password(ann.id).await.unwrap(), None);
    let late = new_session(&ann, RefreshTokenHash([4; 32]), password);
    assert_eq!(stores.sessions.open(&late).await, Err(StoreError::Denied));

    assert_eq!(users.by_id(ann.id).await.unwrap(), Some(ann.clone()));
    let found = users.by_email(&ann.email).await.unwrap();
    assert_eq!(found, Some(ann.clone()));
    let mut again = sample::user("other");
    again.email = ann.email;
    let taken = Err(StoreError::Conflict(Conflict::EmailTaken));
    assert_eq!(users.create(&again, &hash()).await, taken);
    let taken = Err(StoreError::Conflict(Conflict::UsernameTaken));
    assert_eq!(users.create(&sample::user("ANN"), &hash()).await, taken);
    let member = stores.members.get(room, ann.id).await.unwrap();
    assert_eq!(member.unwrap().username, ann.username);
    let shown = stores.messages.by_id(room, message.id).await.unwrap();
    assert_eq!(shown.unwrap().username, ann.username);

    assert!(is_live(stores, &bobs).await);
    assert!(users.password(bob.id).await.unwrap().is_some());
}

pub async fn what_another_password_vouches_for_is_denied(stores: &Stores) {
    let ann = stores.user("ann").await;
    let own = log_in_as(stores, &ann, FIRST).await;
    let old = password_of(stores, &ann).await;
    let (id, by, at, users) = (ann.id, own.id, later(1), &stores.users);
    let (wrong, new) = (other_hash("wrong"), other_hash("new"));
    let change = users.change_password(id, by, &old, &new, at).await;
    assert_eq!(change, Ok(vec![]));
    let other = log_in_as(stores, &ann, SECOND).await;
    // The old one was right when it was checked, and is so no more.
    for judged_by in [&wrong, &old] {
        let change = users.change_password(id, by, judged_by, &wrong, at).await;
        assert_eq!(change, Err(StoreError::Denied));
        let deactivation = users.deactivate(id, by, judged_by, at).await;
        assert_eq!(deactivation, Err(StoreError::Denied));
    }
    assert_eq!(password_of(stores, &ann).await, new);
    assert!(is_live(stores, &own).await && is_live(stores, &other).await);
}

pub async fn what_a_log_in_asks_for_that_does_not_stand_is_not_found(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let stands = log_in_as(stores, &ann, FIRST).await;
    let ended = log_in_as(stores, &ann, SECOND).await;
    let bobs = log_in_as(stores, &bob, THIRD).await;
    let revoked = stores.sessions.revoke(ann.id, ended.id, later(1)).await;
    assert!(revoked.unwrap());
    let (old, new) = (password_of(stores, &ann).await, other_hash("new"));
    let (id, at, users) = (ann.id, later(1), &stores.users);
    for by in [ended.id, bobs.id, sample::session(ann.id).id] {
        let change = users.change_password(id, by, &old, &new, at).await;
        assert_eq!(change, Err(StoreError::NotFound));
        let deactivation = users.deactivate(id, by, &old, at).await;
        assert_eq!(deactivation, Err(StoreError::NotFound));
    }
    assert_eq!(password_of(stores, &ann).await, old);
    assert!(is_live(stores, &stands).await && is_live(stores, &bobs).await);
}

pub async fn of_sixteen_passwords_that_one_vouches_for_one_is_taken(stores: &Stores) {
    let ann = stores.user("ann").await;
    let own = log_in_as(stores, &ann, FIRST).await.id;
    let old = password_of(stores, &ann).await;
    let answers = at_once(16, |number| {
        let (users, id, old) = (stores.users.clone(), ann.id, old.clone());
        let new = other_hash(&number.to_string());
        async move {
            let change = users.change_password(id, own, &old, &new, later(1)).await;
            (change, new)
        }
    })
    .await;
    let taken: Vec<_> = answers
        .iter()
        .filter(|(change, _)| change.is_ok())
        .collect();
    let [(_, new)] = taken[..] else {
        panic!("one is taken: {answers:?}")
    };
    assert_eq!(password_of(stores, &ann).await, *new);
    let denied = |(change, _): &&(StoreResult<_>, _)| *change == Err(StoreError::Denied);
    assert_eq!(answers.iter().filter(denied).count(), 15);
}

pub async fn a_deactivation_happens_once(stores: &Stores) {
    let ann = stores.user("ann").await;
    let own = log_in_as(stores, &ann, FIRST).await.id;
    let password = password_of(stores, &ann).await;
    let answers = at_once(16, |_| {
        let (users, id, password) = (stores.users.clone(), ann.id, password.clone());
        async move { users.deactivate(id, own, &password, later(1)).await }
    })
    .await;
    let count = |wanted: StoreResult<Vec<_>>| answers.iter().filter(|it| **it == wanted).count();
    assert_eq!(count(Ok(vec![own])), 1);
    // Its own log-in has ended with it.
    assert_eq!(count(Err(StoreError::NotFound)), 15);
}
