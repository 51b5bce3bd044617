use domain::{
    BusEvent, LiveStream, Role, StoreResult, StreamState,
    ports::{MockEventBus, MockLiveStreams},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    away, bus_hearing, caller, room, rooms_of_others, rooms_where_ann_is, silent_bus, stream,
    stream_of_bob, streams_with,
};

async fn abort(streams: MockLiveStreams, bus: Arc<dyn EventBus>) -> Result<(), StreamError> {
    abort_in(rooms_where_ann_is(Role::Member, room()), streams, bus).await
}

async fn abort_in(
    rooms: Arc<dyn RoomStore>,
    streams: MockLiveStreams,
    bus: Arc<dyn EventBus>,
) -> Result<(), StreamError> {
    let abort = AbortStream {
        rooms,
        streams: Arc::new(streams),
        bus,
    };
    abort.execute(caller(), stream("").id).await
}

/// Forgets the stream if it is open, or says why not.
fn removing(mut streams: MockLiveStreams, answer: StoreResult<bool>) -> MockLiveStreams {
    streams
        .expect_remove_if()
        .with(eq(stream("").id), eq(StreamState::Open))
        .times(1)
        .return_const(answer);
    streams
}

fn ended() -> LiveStream {
    LiveStream {
        state: StreamState::Finished,
        ..stream("hi")
    }
}

#[tokio::test]
async fn a_stream_that_is_given_up_is_forgotten_and_the_room_is_told() {
    let told = BusEvent::StreamEnded {
        room_id: room().id,
        id: stream("").id,
        why: StreamEnd::Aborted,
    };
    let bus = bus_hearing(&mut Sequence::new(), [told]);
    let streams = removing(streams_with(Some(stream("hi"))), Ok(true));
    assert_eq!(abort(streams, bus).await, Ok(()));
}

#[tokio::test]
async fn nobody_is_told_of_the_end_of_what_they_did_not_see() {
    let hidden = LiveStream {
        is_hidden: true,
        ..stream("hi")
    };
    let streams = removing(streams_with(Some(hidden)), Ok(true));
    assert_eq!(abort(streams, silent_bus()).await, Ok(()));
}

#[tokio::test]
async fn what_is_sent_meanwhile_is_not_said_to_be_given_up() {
    for (found, told) in [
        (Some(ended()), StreamError::Ended),
        (None, StreamError::NotFound),
    ] {
        let mut order = Sequence::new();
        let mut streams = MockLiveStreams::new();
        for answer in [Some(stream("hi")), found] {
            streams
                .expect_by_id()
                .times(1)
                .in_sequence(&mut order)
                .return_const(Ok(answer));
        }
        let streams = removing(streams, Ok(false));
        assert_eq!(abort(streams, silent_bus()).await, Err(told));
    }
}

#[tokio::test]
async fn who_is_no_longer_in_the_room_gives_up_their_own_there_and_sees_no_other() {
    for (rooms, label) in rooms_of_others() {
        let mut bus = MockEventBus::new();
        bus.expect_publish().times(1).return_const(());
        let streams = removing(streams_with(Some(stream("hi"))), Ok(true));
        let given_up = abort_in(rooms.clone(), streams, Arc::new(bus)).await;
        assert_eq!(given_up, Ok(()), "{label}");
        let streams = streams_with(Some(stream_of_bob()));
        let not_seen = abort_in(rooms, streams, silent_bus()).await;
        assert_eq!(not_seen, Err(StreamError::NotFound), "{label}");
    }
}

#[tokio::test]
async fn only_its_author_gives_up_what_is_not_being_sent() {
    for (found, told) in [
        (None, StreamError::NotFound),
        (Some(stream_of_bob()), StreamError::NotYours),
        (Some(ended()), StreamError::Ended),
    ] {
        assert_eq!(abort(streams_with(found), silent_bus()).await, Err(told));
    }
    let streams = removing(streams_with(Some(stream("hi"))), Err(away()));
    let failed = Err(StreamError::Store(away()));
    assert_eq!(abort(streams, silent_bus()).await, failed);
}
