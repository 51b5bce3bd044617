use domain::{
    PasswordHash,
    ports::{MockPasswordHasher, MockUserStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, bob, clock, ids};

fn password() -> Password {
    Password::parse("correct horse").unwrap()
}

fn hash() -> PasswordHash {
    PasswordHash("$argon2id$new".into())
}

fn input() -> RegisterUserInput {
    RegisterUserInput {
        username: ann().username,
        email: ann().email,
        password: password(),
    }
}

/// Knows no account with Ann's address.
fn users() -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_by_email()
        .with(eq(ann().email))
        .return_const(Ok(None));
    users
}

fn hasher() -> MockPasswordHasher {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_hash()
        .with(eq(password()))
        .return_const(Ok(hash()));
    passwords
}

async fn register(
    users: MockUserStore,
    passwords: MockPasswordHasher,
    new_ids: &[u64],
) -> Result<User, RegisterUserError> {
    RegisterUser {
        users: Arc::new(users),
        passwords: Arc::new(passwords),
        clock: clock(),
        ids: ids(new_ids),
    }
    .execute(input())
    .await
}

#[tokio::test]
async fn a_new_account_starts_offline_under_its_user_name_with_its_password_hashed() {
    let mut users = users();
    users
        .expect_create()
        .with(eq(ann()), eq(hash()))
        .times(1)
        .return_const(Ok(()));
    assert_eq!(register(users, hasher(), &[1]).await, Ok(ann()));
}

#[tokio::test]
async fn an_address_that_is_taken_costs_no_hash() {
    let mut users = MockUserStore::new();
    users.expect_by_email().return_const(Ok(Some(bob())));
    assert_eq!(
        register(users, MockPasswordHasher::new(), &[]).await,
        Err(RegisterUserError::EmailTaken)
    );
}

#[tokio::test]
async fn the_store_has_the_last_word_on_what_is_taken() {
    let surprise = StoreError::Conflict(Conflict::AlreadyMember);
    for (refusal, told) in [
        (
            StoreError::Conflict(Conflict::EmailTaken),
            RegisterUserError::EmailTaken,
        ),
        (
            StoreError::Conflict(Conflict::UsernameTaken),
            RegisterUserError::UsernameTaken,
        ),
        (surprise.clone(), RegisterUserError::Store(surprise)),
        (away(), RegisterUserError::Store(away())),
    ] {
        let mut users = users();
        users.expect_create().return_const(Err(refusal));
        assert_eq!(register(users, hasher(), &[1]).await, Err(told));
    }
}

#[tokio::test]
async fn no_account_is_made_without_a_hash() {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_hash()
        .return_const(Err(HashError::Overloaded));
    assert_eq!(
        register(users(), passwords, &[]).await,
        Err(RegisterUserError::Hash(HashError::Overloaded))
    );
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_an_address_free() {
    let mut users = MockUserStore::new();
    users.expect_by_email().return_const(Err(away()));
    assert_eq!(
        register(users, MockPasswordHasher::new(), &[]).await,
        Err(RegisterUserError::Store(away()))
    );
}

#[test]
fn the_password_is_not_shown() {
    assert!(!format!("{:?}", input()).contains(password().expose()));
}

/// Guests and the house are given addresses there: whoever had one first would keep them out.
#[tokio::test]
async fn nobody_registers_an_address_of_those_who_have_none() {
    for address in ["x@guest.invalid", "house@0190.guest.invalid"] {
        let register = RegisterUser {
            users: Arc::new(MockUserStore::new()),
            passwords: Arc::new(MockPasswordHasher::new()),
            clock: clock(),
            ids: ids(&[]),
        };
        let input = RegisterUserInput {
            email: Email::parse(address).unwrap(),
            ..input()
        };
        let refused = register.execute(input).await;
        assert_eq!(refused, Err(RegisterUserError::EmailTaken), "{address}");
    }
}
