use domain::{
    PasswordHash, User,
    ports::{MockPasswordHasher, MockSessionStore, MockUserStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{
    ACCESS_TTL, REFRESH_TTL, ann, away, caller, new_refresh_token, now, token_issue,
};

fn password() -> Password {
    Password::parse("correct horse").unwrap()
}

fn hash() -> PasswordHash {
    PasswordHash("$argon2id$stored".into())
}

fn input() -> LogInInput {
    LogInInput {
        email: Some(ann().email),
        password: Some(password()),
    }
}

fn users_with(account: Option<(User, PasswordHash)>) -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_credentials()
        .with(eq(ann().email))
        .return_const(Ok(account));
    users
}

/// Must be asked once, about Ann's password and this hash.
fn hasher(hash: Option<PasswordHash>, answer: Result<bool, HashError>) -> MockPasswordHasher {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_verify()
        .with(eq(password()), eq(hash))
        .times(1)
        .return_const(answer);
    passwords
}

/// Makes the log-in 100, then the token 200.
const NEW_IDS: &[u64] = &[100, 200];

fn log_in(
    users: MockUserStore,
    passwords: MockPasswordHasher,
    sessions: MockSessionStore,
    ids: &[u64],
) -> LogIn {
    LogIn {
        users: Arc::new(users),
        sessions: Arc::new(sessions),
        passwords: Arc::new(passwords),
        issue: token_issue(ids),
    }
}

/// One that opens nothing, and so makes no id.
fn refused_log_in(users: MockUserStore, passwords: MockPasswordHasher) -> LogIn {
    log_in(users, passwords, MockSessionStore::new(), &[])
}

#[tokio::test]
async fn the_right_password_opens_a_log_in() {
    let mut sessions = MockSessionStore::new();
    sessions
        .expect_open()
        .withf(|new| {
            new.session
                == Session {
                    id: caller().session_id,
                    user_id: ann().id,
                    created_at: now(),
                }
                && new.refresh == new_refresh_token().hash()
                && new.refresh_expires_at == now() + REFRESH_TTL
                && new.judged_by == hash()
        })
        .times(1)
        .return_const(Ok(()));
    let users = users_with(Some((ann(), hash())));

    let answer = log_in(users, hasher(Some(hash()), Ok(true)), sessions, NEW_IDS)
        .execute(input())
        .await
        .unwrap();

    assert_eq!(answer.user, ann());
    assert_eq!(answer.access_token, "signed");
    assert_eq!(answer.expires_in, ACCESS_TTL);
    assert_eq!(answer.refresh_token, new_refresh_token());
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let users = users_with(Some((ann(), hash())));
    let log_in = refused_log_in(users, hasher(Some(hash()), Ok(false)));
    assert_eq!(
        log_in.execute(input()).await.err(),
        Some(LogInError::WrongCredentials)
    );
}

#[tokio::test]
async fn an_unknown_account_costs_the_same_work_and_gets_the_same_answer() {
    let log_in = refused_log_in(users_with(None), hasher(None, Ok(false)));
    assert_eq!(
        log_in.execute(input()).await.err(),
        Some(LogInError::WrongCredentials)
    );
}

#[tokio::test]
async fn nobody_logs_in_to_an_unknown_account_even_if_the_hasher_says_yes() {
    let log_in = refused_log_in(users_with(None), hasher(None, Ok(true)));
    assert_eq!(
        log_in.execute(input()).await.err(),
        Some(LogInError::WrongCredentials)
    );
}

#[tokio::test]
async fn a_value_that_no_account_can_have_is_refused_without_a_look_up() {
    for (email, password) in [
        (None, Some(password())),
        (Some(ann().email), None),
        (None, None),
    ] {
        let log_in = refused_log_in(MockUserStore::new(), MockPasswordHasher::new());
        assert_eq!(
            log_in.execute(LogInInput { email, password }).await.err(),
            Some(LogInError::WrongCredentials)
        );
    }
}

#[tokio::test]
async fn a_hasher_that_is_full_is_not_a_wrong_password() {
    for account in [Some((ann(), hash())), None] {
        let stored = account.is_some().then(hash);
        let passwords = hasher(stored, Err(HashError::Overloaded));
        let log_in = refused_log_in(users_with(account), passwords);
        assert_eq!(
            log_in.execute(input()).await.err(),
            Some(LogInError::Hash(HashError::Overloaded))
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_a_wrong_password() {
    let mut users = MockUserStore::new();
    users.expect_credentials().return_const(Err(away()));
    let log_in = refused_log_in(users, MockPasswordHasher::new());
    assert_eq!(
        log_in.execute(input()).await.err(),
        Some(LogInError::Store(away()))
    );
}

#[tokio::test]
async fn no_token_is_handed_out_for_a_log_in_that_could_not_be_stored() {
    for (refusal, told) in [
        (away(), LogInError::Store(away())),
        // The password was good when it was checked.
        (StoreError::Denied, LogInError::WrongCredentials),
    ] {
        let mut sessions = MockSessionStore::new();
        sessions.expect_open().return_const(Err(refusal));
        let users = users_with(Some((ann(), hash())));
        let log_in = log_in(users, hasher(Some(hash()), Ok(true)), sessions, NEW_IDS);
        assert_eq!(log_in.execute(input()).await.err(), Some(told));
    }
}

#[test]
fn the_password_is_not_shown() {
    assert!(!format!("{:?}", input()).contains(password().expose()));
}
