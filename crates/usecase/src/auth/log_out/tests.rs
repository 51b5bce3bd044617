use domain::{
    Session, UserId,
    ports::{MockEventBus, MockSessionStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, bob, bus_hearing, caller, clock, id, now, silent_bus};

fn log_out(sessions: MockSessionStore, bus: Arc<MockEventBus>) -> LogOut {
    LogOut {
        sessions: Arc::new(sessions),
        bus,
        clock: clock(),
    }
}

fn token() -> RefreshToken {
    RefreshToken::presented("of another device".into())
}

fn revoked(session_id: SessionId) -> BusEvent {
    BusEvent::SessionRevoked {
        user_id: ann().id,
        session_id,
    }
}

/// The token is of the log-in `session_id` of `user_id`.
fn token_of(user_id: UserId, session_id: SessionId) -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
    sessions
        .expect_by_refresh_token()
        .with(eq(token().hash()))
        .return_const(Ok(Some(Session {
            id: session_id,
            user_id,
            created_at: now(),
        })));
    sessions
}

/// The next step is to end this log-in of Ann's.
fn expect_end(
    sessions: &mut MockSessionStore,
    order: &mut Sequence,
    session_id: SessionId,
    answer: Result<bool, StoreError>,
) {
    sessions
        .expect_revoke()
        .with(eq(ann().id), eq(session_id), eq(now()))
        .times(1)
        .in_sequence(order)
        .return_const(answer);
}

#[tokio::test]
async fn the_callers_log_in_ends_and_its_sockets_are_told_afterwards() {
    let mut order = Sequence::new();
    let mut sessions = MockSessionStore::new();
    expect_end(&mut sessions, &mut order, caller().session_id, Ok(true));
    let bus = bus_hearing(&mut order, [revoked(caller().session_id)]);
    assert_eq!(log_out(sessions, bus).execute(caller(), None).await, Ok(()));
}

#[tokio::test]
async fn a_log_in_that_has_ended_already_is_not_told_again() {
    let mut sessions = MockSessionStore::new();
    expect_end(
        &mut sessions,
        &mut Sequence::new(),
        caller().session_id,
        Ok(false),
    );
    let log_out = log_out(sessions, silent_bus());
    assert_eq!(log_out.execute(caller(), None).await, Ok(()));
}

/// The caller's own comes last: while it stands, a call that failed half-way can be made again.
#[tokio::test]
async fn a_refresh_token_ends_another_log_in_of_the_caller_before_their_own() {
    let other = id(101);
    let mut order = Sequence::new();
    let mut sessions = token_of(ann().id, other);
    let mut bus = MockEventBus::new();
    for session in [other, caller().session_id] {
        expect_end(&mut sessions, &mut order, session, Ok(true));
        bus.expect_publish()
            .with(eq(revoked(session)))
            .times(1)
            .in_sequence(&mut order)
            .return_const(());
    }
    let log_out = log_out(sessions, Arc::new(bus));
    assert_eq!(log_out.execute(caller(), Some(&token())).await, Ok(()));
}

#[tokio::test]
async fn the_refresh_token_of_the_callers_own_log_in_tells_its_end_once() {
    let own = caller().session_id;
    let mut ended = false;
    let mut sessions = token_of(ann().id, own);
    sessions
        .expect_revoke()
        .with(eq(ann().id), eq(own), eq(now()))
        .returning(move |_, _, _| Ok(!std::mem::replace(&mut ended, true)));
    let bus = bus_hearing(&mut Sequence::new(), [revoked(own)]);
    let log_out = log_out(sessions, bus);
    assert_eq!(log_out.execute(caller(), Some(&token())).await, Ok(()));
}

#[tokio::test]
async fn a_refresh_token_of_somebody_else_ends_nothing_of_theirs() {
    let mut order = Sequence::new();
    let mut sessions = token_of(bob().id, id(101));
    expect_end(&mut sessions, &mut order, caller().session_id, Ok(true));
    let bus = bus_hearing(&mut order, [revoked(caller().session_id)]);
    let log_out = log_out(sessions, bus);
    assert_eq!(log_out.execute(caller(), Some(&token())).await, Ok(()));
}

#[tokio::test]
async fn a_refresh_token_that_means_nothing_ends_the_callers_own_log_in_alone() {
    let mut order = Sequence::new();
    let mut sessions = MockSessionStore::new();
    sessions.expect_by_refresh_token().return_const(Ok(None));
    expect_end(&mut sessions, &mut order, caller().session_id, Ok(true));
    let bus = bus_hearing(&mut order, [revoked(caller().session_id)]);
    let log_out = log_out(sessions, bus);
    assert_eq!(log_out.execute(caller(), Some(&token())).await, Ok(()));
}

#[tokio::test]
async fn a_store_that_is_away_is_reported_and_nothing_is_told() {
    let mut lookup_fails = MockSessionStore::new();
    lookup_fails
        .expect_by_refresh_token()
        .return_const(Err(away()));
    let mut revoke_fails = MockSessionStore::new();
    revoke_fails
        .expect_by_refresh_token()
        .return_const(Ok(None));
    revoke_fails.expect_revoke().return_const(Err(away()));
    let mut other_fails = token_of(ann().id, id(101));
    expect_end(&mut other_fails, &mut Sequence::new(), id(101), Err(away()));
    for sessions in [lookup_fails, revoke_fails, other_fails] {
        let log_out = log_out(sessions, silent_bus());
        assert_eq!(
            log_out.execute(caller(), Some(&token())).await,
            Err(LogOutError::Store(away()))
        );
    }
}
