//! [`SessionStore`](domain::ports::SessionStore).

use domain::{
    PasswordHash, RefreshTokenHash, Session, SessionId, StoreError, Timestamp, User,
    ports::{NewSession, Rotation},
};

use super::{
    Stores,
    crowd::{End, nobody_gets_in},
    scene::at_once,
};
use crate::sample::{self, later, now};

const FIRST: RefreshTokenHash = RefreshTokenHash([1; 32]);
const SECOND: RefreshTokenHash = RefreshTokenHash([2; 32]);
const THIRD: RefreshTokenHash = RefreshTokenHash([3; 32]);

/// A log-in of somebody new, whose first token is good for ten seconds.
async fn log_in(stores: &Stores, name: &str, refresh: RefreshTokenHash) -> Session {
    let user = stores.user(name).await;
    log_in_as(stores, &user, refresh).await
}

/// A log-in with the password of today.
pub(super) async fn log_in_as(stores: &Stores, user: &User, refresh: RefreshTokenHash) -> Session {
    let password = stores.users.password(user.id).await.unwrap().unwrap();
    let new = new_session(user, refresh, password);
    stores.sessions.open(&new).await.unwrap();
    new.session
}

pub(super) fn new_session(
    user: &User,
    refresh: RefreshTokenHash,
    judged_by: PasswordHash,
) -> NewSession {
    NewSession {
        session: sample::session(user.id),
        refresh,
        refresh_expires_at: later(10),
        judged_by,
    }
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

pub(super) async fn is_live(stores: &Stores, session: &Session) -> bool {
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

pub(super) fn sorted(ids: impl IntoIterator<Item = SessionId>) -> Vec<SessionId> {
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort();
    ids
}

/// A refresh token that no other of its test is like.
pub(super) fn token(number: usize) -> RefreshTokenHash {
    RefreshTokenHash([u8::try_from(number).unwrap(); 32])
}

pub async fn all_log_ins_of_a_user_end_and_those_of_others_stay(stores: &Stores) {
    let ann = stores.user("ann").await;
    let one = log_in_as(stores, &ann, FIRST).await;
    let two = log_in_as(stores, &ann, SECOND).await;
    let gone = log_in_as(stores, &ann, THIRD).await;
    let bobs = log_in(stores, "bob", token(4)).await;
    let revoked = stores.sessions.revoke(ann.id, gone.id, now()).await;
    assert!(revoked.unwrap());

    let ended = stores.users.end_log_ins(ann.id, later(1)).await.unwrap();
    assert_eq!(sorted(ended), sorted([one.id, two.id]));
    let asked = vec![one.id, two.id, bobs.id];
    let told = stores.sessions.ended_among(asked).await.unwrap();
    assert_eq!(sorted(told), sorted([one.id, two.id]));
    for (session, refresh) in [(&one, FIRST), (&two, SECOND)] {
        assert!(!is_live(stores, session).await);
        let renewed = rotate(stores, refresh, token(5), later(2)).await;
        assert_eq!(renewed, Rotation::Refused);
    }
    assert!(is_live(stores, &bobs).await);
    let renewed = rotate(stores, token(4), token(5), later(2)).await;
    assert_eq!(renewed, Rotation::Rotated(bobs));

    let again = stores.users.end_log_ins(ann.id, later(2)).await.unwrap();
    assert_eq!(again, []);
    // The account is as good as before.
    let back = log_in_as(stores, &ann, token(6)).await;
    assert!(is_live(stores, &back).await);
}

pub async fn of_sixteen_who_end_all_log_ins_at_once_each_is_told_by_one(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut stood = Vec::new();
    for number in 0..16 {
        stood.push(log_in_as(stores, &ann, token(number)).await.id);
    }
    let answers = at_once(16, |_| {
        let (users, user) = (stores.users.clone(), ann.id);
        async move { users.end_log_ins(user, later(1)).await.unwrap() }
    })
    .await;
    assert_eq!(sorted(answers.into_iter().flatten()), sorted(stood));
}

pub async fn a_log_in_that_another_password_vouches_for_is_not_opened(stores: &Stores) {
    let ann = stores.user("ann").await;
    let own = log_in_as(stores, &ann, FIRST).await;
    let old = stores.users.password(ann.id).await.unwrap().unwrap();
    let (wrong, new) = (PasswordHash("wrong".into()), PasswordHash("new".into()));
    let users = &stores.users;
    let change = users.change_password(ann.id, own.id, &old, &new, later(1));
    change.await.unwrap();
    let nobody = sample::user("nobody");
    for (user, judged_by) in [(&ann, &wrong), (&ann, &old), (&nobody, &new)] {
        let late = new_session(user, SECOND, judged_by.clone());
        assert_eq!(stores.sessions.open(&late).await, Err(StoreError::Denied));
        assert!(!is_live(stores, &late.session).await);
        let found = stores.sessions.by_refresh_token(SECOND).await.unwrap();
        assert_eq!(found, None);
    }
    let good = new_session(&ann, SECOND, new);
    assert_eq!(stores.sessions.open(&good).await, Ok(()));
    assert!(is_live(stores, &good.session).await);
}

pub async fn no_log_in_that_is_being_opened_survives_a_new_password(stores: &Stores) {
    nobody_gets_in(stores, End::Changed).await;
}

pub async fn no_log_in_that_is_being_opened_survives_a_deactivation(stores: &Stores) {
    nobody_gets_in(stores, End::Deactivated).await;
}

pub async fn no_log_in_that_is_being_renewed_survives_the_end_of_all(stores: &Stores) {
    let ann = stores.user("ann").await;
    for number in 0..16 {
        log_in_as(stores, &ann, token(number)).await;
    }
    // The ninth ends them; the others each renew one.
    let answers = at_once(17, |number| {
        let (stores, user) = (stores.clone(), ann.id);
        async move {
            if number == 8 {
                return Err(stores.users.end_log_ins(user, later(1)).await.unwrap());
            }
            let number = number - usize::from(number > 8);
            Ok(rotate(&stores, token(number), token(100 + number), later(1)).await)
        }
    })
    .await;
    let mut ended = Vec::new();
    for answer in answers {
        match answer {
            Ok(Rotation::Rotated(session)) => assert!(!is_live(stores, &session).await),
            Ok(Rotation::Refused) => {}
            Ok(reused) => panic!("{reused:?}"),
            Err(all) => ended = all,
        }
    }
    assert_eq!(ended.len(), 16);
}
