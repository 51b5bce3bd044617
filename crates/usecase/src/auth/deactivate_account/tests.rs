use domain::{
    BusEvent, PasswordHash, SessionId, StoreError, StoreResult,
    ports::{HashError, MockEventBus, MockPasswordHasher, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, bus_hearing, caller, clock, id, now, silent_bus};

fn password() -> Password {
    Password::parse("correct horse").unwrap()
}

fn hash() -> PasswordHash {
    PasswordHash("$argon2id$stored".into())
}

/// Knows the hash of Ann's password.
fn users() -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_password()
        .with(eq(ann().id))
        .return_const(Ok(Some(hash())));
    users
}

/// The same, asked once to deactivate Ann's account by the hash that was judged by.
fn users_asked(order: &mut Sequence, answer: StoreResult<Vec<SessionId>>) -> MockUserStore {
    let mut users = users();
    users
        .expect_deactivate()
        .with(eq(ann().id), eq(caller().session_id), eq(hash()), eq(now()))
        .times(1)
        .in_sequence(order)
        .return_const(answer);
    users
}

fn judge(answer: Result<bool, HashError>) -> MockPasswordHasher {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_verify()
        .with(eq(password()), eq(Some(hash())))
        .times(1)
        .return_const(answer);
    passwords
}

async fn deactivate(
    users: MockUserStore,
    passwords: MockPasswordHasher,
    bus: Arc<MockEventBus>,
    password: Option<Password>,
) -> Result<(), ChangeAccountError> {
    DeactivateAccount {
        users: Arc::new(users),
        passwords: Arc::new(passwords),
        bus,
        clock: clock(),
    }
    .execute(caller(), password)
    .await
}

#[tokio::test]
async fn the_right_password_deactivates_the_account_and_all_log_ins_are_told() {
    let mut order = Sequence::new();
    let ended: [SessionId; 2] = [id(101), caller().session_id];
    let users = users_asked(&mut order, Ok(ended.to_vec()));
    let told = ended.map(|session_id| BusEvent::SessionRevoked {
        user_id: ann().id,
        session_id,
    });
    let bus = bus_hearing(&mut order, told);
    let answer = deactivate(users, judge(Ok(true)), bus, Some(password())).await;
    assert_eq!(answer, Ok(()));
}

#[tokio::test]
async fn a_wrong_password_deactivates_nothing() {
    let answer = deactivate(users(), judge(Ok(false)), silent_bus(), Some(password())).await;
    assert_eq!(answer, Err(ChangeAccountError::WrongPassword));
}

#[tokio::test]
async fn a_text_that_no_password_can_be_is_a_wrong_one() {
    let (users, passwords) = (MockUserStore::new(), MockPasswordHasher::new());
    let answer = deactivate(users, passwords, silent_bus(), None).await;
    assert_eq!(answer, Err(ChangeAccountError::WrongPassword));
}

#[tokio::test]
async fn an_account_without_a_password_has_no_log_in_any_more() {
    let mut users = MockUserStore::new();
    users.expect_password().return_const(Ok(None));
    let passwords = MockPasswordHasher::new();
    let answer = deactivate(users, passwords, silent_bus(), Some(password())).await;
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
        let answer = deactivate(users, judge(Ok(true)), silent_bus(), Some(password())).await;
        assert_eq!(answer, Err(told));
    }
}

#[tokio::test]
async fn what_cannot_be_checked_is_not_a_wrong_password() {
    let full = judge(Err(HashError::Overloaded));
    let answer = deactivate(users(), full, silent_bus(), Some(password())).await;
    let told = ChangeAccountError::Hash(HashError::Overloaded);
    assert_eq!(answer, Err(told));

    let mut users = MockUserStore::new();
    users.expect_password().return_const(Err(away()));
    let passwords = MockPasswordHasher::new();
    let answer = deactivate(users, passwords, silent_bus(), Some(password())).await;
    assert_eq!(answer, Err(ChangeAccountError::Store(away())));
}
