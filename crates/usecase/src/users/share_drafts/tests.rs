use domain::{
    LiveStream, StreamId,
    ports::{MockLiveStreams, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bob, bus_hearing, caller, clock, id, now, room, silent_bus, stream,
};

fn share(users: MockUserStore, streams: MockLiveStreams, bus: Arc<dyn EventBus>) -> ShareDrafts {
    ShareDrafts {
        users: Arc::new(users),
        streams: Arc::new(streams),
        bus,
        clock: clock(),
    }
}

fn users_taking(shared: bool, answer: StoreResult<()>) -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_share_drafts()
        .with(eq(ann().id), eq(shared), eq(now()))
        .times(1)
        .return_const(answer);
    users
}

fn changed() -> BusEvent {
    BusEvent::UserChanged { user_id: ann().id }
}

#[tokio::test]
async fn who_shares_their_drafts_shows_nothing_that_was_hidden() {
    let bus = bus_hearing(&mut Sequence::new(), [changed()]);
    let share = share(users_taking(true, Ok(())), MockLiveStreams::new(), bus);
    assert_eq!(share.execute(caller(), ann().id, true).await, Ok(()));
}

#[tokio::test]
async fn who_no_longer_shares_them_hides_those_that_are_being_written() {
    let numbered = |number: u64, kind, is_hidden| LiveStream {
        id: id(number),
        kind,
        is_hidden,
        ..stream("hi")
    };
    let mut streams = MockLiveStreams::new();
    let found = vec![
        numbered(1, StreamKind::Message, false),
        numbered(2, StreamKind::Draft, true),
        numbered(3, StreamKind::Draft, false),
    ];
    streams
        .expect_of_author()
        .with(eq(ann().id))
        .return_const(Ok(found));
    streams
        .expect_hide()
        .with(eq(id::<StreamId>(3)))
        .times(1)
        .return_const(Ok(None));
    let told = BusEvent::StreamEnded {
        room_id: room().id,
        id: id(3),
        why: StreamEnd::Hidden,
    };
    let bus = bus_hearing(&mut Sequence::new(), [changed(), told]);
    let share = share(users_taking(false, Ok(())), streams, bus);
    assert_eq!(share.execute(caller(), ann().id, false).await, Ok(()));
}

#[tokio::test]
async fn others_decide_for_themselves() {
    for (found, told) in [
        (Some(bob()), ShareDraftsError::NotYours),
        (None, ShareDraftsError::NotFound),
    ] {
        let mut users = MockUserStore::new();
        users
            .expect_by_id()
            .with(eq(bob().id))
            .return_const(Ok(found));
        let share = share(users, MockLiveStreams::new(), silent_bus());
        let shared = share.execute(caller(), bob().id, false).await;
        assert_eq!(shared, Err(told));
    }
}

#[tokio::test]
async fn what_was_not_set_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, ShareDraftsError::NotFound),
        (away(), ShareDraftsError::Store(away())),
    ] {
        let users = users_taking(false, Err(refusal));
        let share = share(users, MockLiveStreams::new(), silent_bus());
        let shared = share.execute(caller(), ann().id, false).await;
        assert_eq!(shared, Err(told));
    }
}
