use domain::{
    BusEvent, PasswordHash, SessionId, StoreError, StoreResult,
    ports::{HashError, MockEventBus, MockPasswordHasher, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, bus_hearing, caller, clock, id, now, silent_bus};

fn current() -> Password {
    Password::parse("correct horse").unwrap()
}

fn new() -> Password {
    Password::parse("battery staple").unwrap()
}

fn old_hash() -> PasswordHash {
    PasswordHash("$argon2id$old".into())
}

fn new_hash() -> PasswordHash {
    PasswordHash("$argon2id$new".into())
}

fn input() -> ChangePasswordInput {
    ChangePasswordInput {
        current: Some(current()),
        new: new(),
    }
}

/// Knows the hash of Ann's password.
fn users() -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_password()
        .with(eq(ann().id))
        .return_const(Ok(Some(old_hash())));
    users
}

/// The same, asked once to put the new hash in the place of the one that was judged by.
fn users_asked(order: &mut Sequence, answer: StoreResult<Vec<SessionId>>) -> MockUserStore {
    let mut users = users();
    users
        .expect_change_password()
        .with(
            eq(ann().id),
            eq(caller().session_id),
            eq(old_hash()),
            eq(new_hash()),
            eq(now()),
        )
        .times(1)
        .in_sequence(order)
        .return_const(answer);
    users
}

/// Judges the current password so, and hashes nothing.
fn judge(answer: Result<bool, HashError>) -> MockPasswordHasher {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_verify()
        .with(eq(current()), eq(Some(old_hash())))
        .times(1)
        .return_const(answer);
    passwords
}

/// Finds the current password right, and hashes the new one.
fn hasher(answer: Result<PasswordHash, HashError>) -> MockPasswordHasher {
    let mut passwords = judge(Ok(true));
    passwords
        .expect_hash()
        .with(eq(new()))
        .times(1)
        .return_const(answer);
    passwords
}

async fn change(
    users: MockUserStore,
    passwords: MockPasswordHasher,
    bus: Arc<MockEventBus>,
    input: ChangePasswordInput,
) -> Result<(), ChangeAccountError> {
    ChangePassword {
        users: Arc::new(users),
        passwords: Arc::new(passwords),
        bus,
        clock: clock(),
    }
    .execute(caller(), input)
    .await
}

#[tokio::test]
async fn the_right_password_lets_another_take_its_place_and_the_other_log_ins_are_told() {
    let mut order = Sequence::new();
    let ended: [SessionId; 2] = [id(101), id(102)];
    let users = users_asked(&mut order, Ok(ended.to_vec()));
    let told = ended.map(|session_id| BusEvent::SessionRevoked {
        user_id: ann().id,
        session_id,
    });
    let bus = bus_hearing(&mut order, told);
    let answer = change(users, hasher(Ok(new_hash())), bus, input()).await;
    assert_eq!(answer, Ok(()));
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_costs_no_second_hash() {
    let answer = change(users(), judge(Ok(false)), silent_bus(), input()).await;
    assert_eq!(answer, Err(ChangeAccountError::WrongPassword));
}

#[tokio::test]
async fn a_text_that_no_password_can_be_is_a_wrong_one() {
    let input = ChangePasswordInput {
        current: None,
        ..input()
    };
    let (users, passwords) = (MockUserStore::new(), MockPasswordHasher::new());
    let answer = change(users, passwords, silent_bus(), input).await;
    assert_eq!(answer, Err(ChangeAccountError::WrongPassword));
}

#[tokio::test]
async fn an_account_without_a_password_has_no_log_in_any_more() {
    let mut users = MockUserStore::new();
    users.expect_password().return_const(Ok(None));
    let answer = change(users, MockPasswordHasher::new(), silent_bus(), input()).await;
    assert_eq!(answer, Err(ChangeAccountError::SessionEnded));
}

#[tokio::test]
async fn the_store_has_the_last_word() {
    for (refusal, told) in [
        (StoreError::Denied, ChangeAccountError::WrongPassword),
        (StoreError::NotFound, ChangeAccountError::SessionEnded),
        (away(), ChangeAccountError::Store(away())),
    ] {
        let users = users_asked(&mut Sequence::new(), Err(refusal));
        let answer = change(users, hasher(Ok(new_hash())), silent_bus(), input()).await;
        assert_eq!(answer, Err(told));
    }
}

#[tokio::test]
async fn a_hasher_that_is_full_is_not_a_wrong_password() {
    let full = HashError::Overloaded;
    for passwords in [judge(Err(full.clone())), hasher(Err(full.clone()))] {
        let answer = change(users(), passwords, silent_bus(), input()).await;
        assert_eq!(answer, Err(ChangeAccountError::Hash(full.clone())));
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_a_wrong_password() {
    let mut users = MockUserStore::new();
    users.expect_password().return_const(Err(away()));
    let answer = change(users, MockPasswordHasher::new(), silent_bus(), input()).await;
    assert_eq!(answer, Err(ChangeAccountError::Store(away())));
}

#[test]
fn the_passwords_are_not_shown() {
    let shown = format!("{:?}", input());
    assert!(!shown.contains(current().expose()) && !shown.contains(new().expose()));
}
