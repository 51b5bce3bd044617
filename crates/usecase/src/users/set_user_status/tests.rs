use domain::{
    User,
    ports::{MockEventBus, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, bob, bus_hearing, caller, clock, now, silent_bus};

async fn set_status(
    users: MockUserStore,
    bus: Arc<MockEventBus>,
    of: User,
) -> Result<(), SetUserStatusError> {
    SetUserStatus {
        users: Arc::new(users),
        bus,
        clock: clock(),
    }
    .execute(caller(), of.id, UserStatus::Online)
    .await
}

#[tokio::test]
async fn one_sets_ones_own_status_and_the_nodes_are_told_after_the_commit() {
    let mut order = Sequence::new();
    let mut users = MockUserStore::new();
    users
        .expect_set_status()
        .with(eq(ann().id), eq(UserStatus::Online), eq(now()))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(()));
    let told = BusEvent::UserChanged { user_id: ann().id };
    let bus = bus_hearing(&mut order, [told]);
    assert_eq!(set_status(users, bus, ann()).await, Ok(()));
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
        assert_eq!(set_status(users, silent_bus(), bob()).await, Err(told));
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
        assert_eq!(set_status(users, silent_bus(), ann()).await, Err(told));
    }
}
