use domain::{
    Session,
    ports::{MockSessionStore, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ACCESS_TTL, REFRESH_TTL, ann, away, bus_hearing, caller, new_refresh_token, now, silent_bus,
    token_issue,
};

fn presented() -> RefreshToken {
    RefreshToken::presented("the one before".into())
}

fn session() -> Session {
    Session {
        id: caller().session_id,
        user_id: ann().id,
        created_at: now(),
    }
}

/// The store, which knows the token.
fn knows_the_token() -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
    sessions
        .expect_by_refresh_token()
        .with(eq(presented().hash()))
        .return_const(Ok(Some(session())));
    sessions
}

/// The accounts, with Ann's.
fn with_ann() -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_by_id()
        .with(eq(ann().id))
        .return_const(Ok(Some(ann())));
    users
}

/// The store, asked once to put the new token in the place of the one that was presented.
fn expect_rotation(answer: Result<Rotation, StoreError>, order: &mut Sequence) -> MockSessionStore {
    let mut sessions = knows_the_token();
    sessions
        .expect_rotate()
        .with(
            eq(presented().hash()),
            eq(new_refresh_token().hash()),
            eq(now()),
            eq(now() + REFRESH_TTL),
        )
        .times(1)
        .in_sequence(order)
        .return_const(answer);
    sessions
}

/// Makes the access tokens with these ids, and with no other.
fn refresh(sessions: MockSessionStore, users: MockUserStore, token_ids: &[u64]) -> RefreshSession {
    RefreshSession {
        users: Arc::new(users),
        sessions: Arc::new(sessions),
        bus: silent_bus(),
        issue: token_issue(token_ids),
    }
}

fn rotation(answer: Result<Rotation, StoreError>) -> MockSessionStore {
    expect_rotation(answer, &mut Sequence::new())
}

#[tokio::test]
async fn a_good_token_is_exchanged_for_a_new_pair_of_the_same_log_in() {
    let sessions = rotation(Ok(Rotation::Rotated(session())));
    let answer = refresh(sessions, with_ann(), &[200])
        .execute(&presented())
        .await
        .unwrap();
    assert_eq!(answer.user, ann());
    assert_eq!(answer.access_token, "signed");
    assert_eq!(answer.expires_in, ACCESS_TTL);
    assert_eq!(answer.refresh_token, new_refresh_token());
}

#[tokio::test]
async fn a_token_that_is_no_good_gets_nothing() {
    let mut knows_nothing = MockSessionStore::new();
    knows_nothing
        .expect_by_refresh_token()
        .return_const(Ok(None));
    for refresh in [
        refresh(knows_nothing, MockUserStore::new(), &[]),
        refresh(rotation(Ok(Rotation::Refused)), with_ann(), &[]),
    ] {
        assert_eq!(
            refresh.execute(&presented()).await.err(),
            Some(RefreshSessionError::Refused)
        );
    }
}

#[tokio::test]
async fn a_spent_token_ends_the_log_in_and_its_sockets_are_told() {
    let mut order = Sequence::new();
    let sessions = expect_rotation(Ok(Rotation::Reused(session())), &mut order);
    let bus = bus_hearing(
        &mut order,
        [BusEvent::SessionRevoked {
            user_id: ann().id,
            session_id: caller().session_id,
        }],
    );
    let refresh = RefreshSession {
        users: Arc::new(with_ann()),
        sessions: Arc::new(sessions),
        bus,
        issue: token_issue(&[]),
    };
    assert_eq!(
        refresh.execute(&presented()).await.err(),
        Some(RefreshSessionError::Refused)
    );
}

#[tokio::test]
async fn a_log_in_whose_account_is_gone_is_not_renewed() {
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Ok(None));
    assert_eq!(
        refresh(knows_the_token(), users, &[])
            .execute(&presented())
            .await
            .err(),
        Some(RefreshSessionError::Refused)
    );
}

#[tokio::test]
async fn a_store_that_is_away_neither_spends_the_token_nor_makes_it_bad() {
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Err(away()));
    for refresh in [
        // Not asked to rotate, so that the same token is good when the store is back.
        refresh(knows_the_token(), users, &[]),
        refresh(rotation(Err(away())), with_ann(), &[]),
    ] {
        assert_eq!(
            refresh.execute(&presented()).await.err(),
            Some(RefreshSessionError::Store(away()))
        );
    }
}
