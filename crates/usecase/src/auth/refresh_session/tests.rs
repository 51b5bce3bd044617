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

/// The store, asked once to put the new token in the place of the one that was presented.
fn expect_rotation(answer: Result<Rotation, StoreError>, order: &mut Sequence) -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
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
fn refresh(
    rotation: Result<Rotation, StoreError>,
    users: MockUserStore,
    token_ids: &[u64],
) -> RefreshSession {
    RefreshSession {
        users: Arc::new(users),
        sessions: Arc::new(expect_rotation(rotation, &mut Sequence::new())),
        bus: silent_bus(),
        issue: token_issue(token_ids),
    }
}

#[tokio::test]
async fn a_good_token_is_exchanged_for_a_new_pair_of_the_same_log_in() {
    let mut users = MockUserStore::new();
    users
        .expect_by_id()
        .with(eq(ann().id))
        .return_const(Ok(Some(ann())));
    let answer = refresh(Ok(Rotation::Rotated(session())), users, &[200])
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
    let refresh = refresh(Ok(Rotation::Refused), MockUserStore::new(), &[]);
    assert_eq!(
        refresh.execute(&presented()).await.err(),
        Some(RefreshSessionError::Refused)
    );
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
        users: Arc::new(MockUserStore::new()),
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
    let refresh = refresh(Ok(Rotation::Rotated(session())), users, &[]);
    assert_eq!(
        refresh.execute(&presented()).await.err(),
        Some(RefreshSessionError::Refused)
    );
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_the_token_bad() {
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Err(away()));
    for refresh in [
        refresh(Err(away()), MockUserStore::new(), &[]),
        refresh(Ok(Rotation::Rotated(session())), users, &[]),
    ] {
        assert_eq!(
            refresh.execute(&presented()).await.err(),
            Some(RefreshSessionError::Store(away()))
        );
    }
}
