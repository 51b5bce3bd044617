use domain::ports::{MockAccessTokens, MockSessionStore};
use mockall::predicate::eq;

use super::*;
use crate::sample::{away, caller, claims, clock, now};

fn authenticate(tokens: MockAccessTokens, sessions: MockSessionStore) -> Authenticate {
    Authenticate {
        tokens: Arc::new(tokens),
        sessions: Arc::new(sessions),
        clock: clock(),
    }
}

fn good_token() -> MockAccessTokens {
    let mut tokens = MockAccessTokens::new();
    tokens
        .expect_verify()
        .with(eq("a.b.c"), eq(now()))
        .return_const(Ok(claims()));
    tokens
}

fn log_in_that(answer: Result<bool, StoreError>) -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
    sessions
        .expect_is_live()
        .with(eq(caller().session_id))
        .return_const(answer);
    sessions
}

#[tokio::test]
async fn a_good_token_of_a_live_log_in_says_who_asks() {
    let authenticate = authenticate(good_token(), log_in_that(Ok(true)));
    assert_eq!(authenticate.execute("a.b.c").await, Ok(caller()));
}

#[tokio::test]
async fn a_good_token_proves_nothing_once_its_log_in_has_ended() {
    let authenticate = authenticate(good_token(), log_in_that(Ok(false)));
    assert_eq!(
        authenticate.execute("a.b.c").await,
        Err(AuthenticateError::SessionEnded)
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_without_a_look_up() {
    for reason in [TokenError::Expired, TokenError::Invalid] {
        let mut tokens = MockAccessTokens::new();
        tokens.expect_verify().return_const(Err(reason));
        let authenticate = authenticate(tokens, MockSessionStore::new());
        assert_eq!(
            authenticate.execute("a.b.c").await,
            Err(AuthenticateError::Token(reason))
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_neither_admits_anybody_nor_says_that_the_log_in_ended() {
    let authenticate = authenticate(good_token(), log_in_that(Err(away())));
    assert_eq!(
        authenticate.execute("a.b.c").await,
        Err(AuthenticateError::Store(away()))
    );
}
