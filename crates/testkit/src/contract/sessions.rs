//! [`SessionStore`](domain::ports::SessionStore).

use domain::{
    RefreshTokenHash, Session, SessionId, Timestamp,
    ports::{NewSession, Rotation},
};

use super::{Stores, scene::at_once};
use crate::sample::{self, later, now};

const FIRST: RefreshTokenHash = RefreshTokenHash([1; 32]);
const SECOND: RefreshTokenHash = RefreshTokenHash([2; 32]);
const THIRD: RefreshTokenHash = RefreshTokenHash([3; 32]);

/// A log-in of somebody new, whose first token is good for ten seconds.
async fn log_in(stores: &Stores, name: &str, refresh: RefreshTokenHash) -> Session {
    let session = sample::session(stores.user(name).await.id);
    let new = NewSession {
        session: session.clone(),
        refresh,
        refresh_expires_at: later(10),
    };
    stores.sessions.open(&new).await.unwrap();
    session
}

async fn rotate(
    stores: &Stores,
    old: RefreshTokenHash,
    new: RefreshTokenHash,
    at: Timestamp,
) -> Rotation {
    let expires_at = later(20);
    stores
        .sessions
        .rotate(old, new, at, expires_at)
        .await
        .unwrap()
}

async fn is_live(stores: &Stores, session: &Session) -> bool {
    stores.sessions.is_live(session.id).await.unwrap()
}

pub async fn a_log_in_is_live_from_its_start(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    assert!(is_live(stores, &session).await);
    let unknown = SessionId(sample::id());
    assert!(!stores.sessions.is_live(unknown).await.unwrap());
}

pub async fn a_good_token_is_spent_for_the_next_one(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    let rotated = Rotation::Rotated(session.clone());
    assert_eq!(rotate(stores, FIRST, SECOND, later(1)).await, rotated);
    assert_eq!(rotate(stores, SECOND, THIRD, later(2)).await, rotated);
    assert!(is_live(stores, &session).await);
}

pub async fn a_token_that_was_spent_ends_the_whole_log_in(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    let other = log_in(stores, "bob", RefreshTokenHash([9; 32])).await;
    rotate(stores, FIRST, SECOND, later(1)).await;
    let reused = rotate(stores, FIRST, THIRD, later(2)).await;
    assert_eq!(reused, Rotation::Reused(session.clone()));
    assert!(!is_live(stores, &session).await);
    assert_eq!(
        rotate(stores, SECOND, THIRD, later(3)).await,
        Rotation::Refused
    );
    assert!(is_live(stores, &other).await);
}

pub async fn a_token_that_was_spent_gives_itself_away_after_its_expiry_too(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    rotate(stores, FIRST, SECOND, later(1)).await;
    let reused = rotate(stores, FIRST, THIRD, later(15)).await;
    assert_eq!(reused, Rotation::Reused(session.clone()));
    assert!(!is_live(stores, &session).await);
}

pub async fn a_token_is_refused_from_its_expiry_on_and_its_log_in_stays(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    assert_eq!(
        rotate(stores, FIRST, SECOND, later(10)).await,
        Rotation::Refused
    );
    assert_eq!(
        rotate(stores, FIRST, SECOND, later(11)).await,
        Rotation::Refused
    );
    assert!(is_live(stores, &session).await);
    let just_before = rotate(stores, FIRST, SECOND, later(9)).await;
    assert_eq!(just_before, Rotation::Rotated(session));
}

pub async fn an_unknown_token_is_refused(stores: &Stores) {
    log_in(stores, "ann", FIRST).await;
    assert_eq!(
        rotate(stores, SECOND, THIRD, now()).await,
        Rotation::Refused
    );
    let found = stores.sessions.by_refresh_token(SECOND).await.unwrap();
    assert_eq!(found, None);
}

pub async fn a_token_of_a_log_in_that_ended_is_refused(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    let ended = stores
        .sessions
        .revoke(session.user_id, session.id, now())
        .await;
    assert!(ended.unwrap());
    assert_eq!(
        rotate(stores, FIRST, SECOND, later(1)).await,
        Rotation::Refused
    );
}

pub async fn of_sixteen_who_present_one_token_at_once_one_succeeds(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    let answers = at_once(16, |n| {
        let sessions = stores.sessions.clone();
        let new = RefreshTokenHash([100 + u8::try_from(n).unwrap(); 32]);
        async move { sessions.rotate(FIRST, new, now(), later(20)).await.unwrap() }
    })
    .await;
    let count = |wanted: &dyn Fn(&Rotation) -> bool| answers.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(&|it| matches!(it, Rotation::Rotated(_))), 1);
    assert_eq!(count(&|it| matches!(it, Rotation::Reused(_))), 1);
    assert_eq!(count(&|it| matches!(it, Rotation::Refused)), 14);
    assert!(!is_live(stores, &session).await);
}

pub async fn a_token_tells_its_log_in_spent_or_not(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    rotate(stores, FIRST, SECOND, now()).await;
    for token in [FIRST, SECOND] {
        let found = stores.sessions.by_refresh_token(token).await.unwrap();
        assert_eq!(found, Some(session.clone()));
    }
}

pub async fn a_log_in_ends_once(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    let (user, id) = (session.user_id, session.id);
    assert!(stores.sessions.revoke(user, id, now()).await.unwrap());
    assert!(!is_live(stores, &session).await);
    assert!(!stores.sessions.revoke(user, id, now()).await.unwrap());
}

pub async fn nobody_ends_the_log_in_of_another(stores: &Stores) {
    let session = log_in(stores, "ann", FIRST).await;
    let bob = stores.user("bob").await.id;
    assert!(
        !stores
            .sessions
            .revoke(bob, session.id, now())
            .await
            .unwrap()
    );
    assert!(is_live(stores, &session).await);
}

pub async fn those_that_ended_or_never_were_are_told_from_those_that_stand(stores: &Stores) {
    let stands = log_in(stores, "ann", FIRST).await;
    let ended = log_in(stores, "bob", SECOND).await;
    let revoked = stores.sessions.revoke(ended.user_id, ended.id, now()).await;
    assert!(revoked.unwrap());

    let unknown = SessionId(sample::id());
    let asked = vec![stands.id, ended.id, unknown];
    let mut told = stores.sessions.ended_among(asked).await.unwrap();
    told.sort();
    let mut expected = vec![ended.id, unknown];
    expected.sort();
    assert_eq!(told, expected);
    let none = stores.sessions.ended_among(vec![stands.id]).await.unwrap();
    assert!(none.is_empty());
    assert!(
        stores
            .sessions
            .ended_among(vec![])
            .await
            .unwrap()
            .is_empty()
    );
}
