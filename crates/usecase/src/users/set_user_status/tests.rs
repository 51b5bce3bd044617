use domain::{User, ports::MockUserStore};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, bob, caller, clock, now};

async fn set_status(users: MockUserStore, of: User) -> Result<(), SetUserStatusError> {
    SetUserStatus {
        users: Arc::new(users),
        clock: clock(),
    }
    .execute(caller(), of.id, UserStatus::Online)
    .await
}

#[tokio::test]
async fn one_sets_ones_own_status() {
    let mut users = MockUserStore::new();
    users
        .expect_set_status()
        .with(eq(ann().id), eq(UserStatus::Online), eq(now()))
        .times(1)
        .return_const(Ok(()));
    assert_eq!(set_status(users, ann()).await, Ok(()));
}

#[tokio::test]
async fn nobody_sets_the_status_of_another_who_may_not_even_exist() {
    for (answer, told) in [
        (Ok(Some(bob())), SetUserStatusError::NotYours),
        (Ok(None), SetUserStatusError::NotFound),
        (Err(away()), SetUserStatusError::Store(away())),
    ] {
        let mut users = MockUserStore::new();
        users.expect_by_id().with(eq(bob().id)).return_const(answer);
        assert_eq!(set_status(users, bob()).await, Err(told));
    }
}

#[tokio::test]
async fn a_status_that_was_not_stored_is_not_reported_as_set() {
    for (refusal, told) in [
        (StoreError::NotFound, SetUserStatusError::NotFound),
        (away(), SetUserStatusError::Store(away())),
    ] {
        let mut users = MockUserStore::new();
        users.expect_set_status().return_const(Err(refusal));
        assert_eq!(set_status(users, ann()).await, Err(told));
    }
}
