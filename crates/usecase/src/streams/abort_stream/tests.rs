use std::sync::Arc;

use domain::{
    BusEvent, LiveStream, Role, StreamState,
    ports::{EventBus, MockLiveStreams, MockRoomLog},
};
use mockall::Sequence;

use super::*;
use crate::sample::{
    away, bus_hearing, caller, clock, room, rooms_where_ann_is, silent_bus, stream, stream_of_bob,
    streams_with,
};

async fn abort(streams: MockLiveStreams, bus: Arc<dyn EventBus>) -> Result<(), StreamError> {
    let abort = AbortStream {
        rooms: rooms_where_ann_is(Role::Member, room()),
        sending: Sending {
            streams: Arc::new(streams),
            log: Arc::new(MockRoomLog::new()),
            bus,
            clock: clock(),
        },
    };
    abort.execute(caller(), stream("").id).await
}

#[tokio::test]
async fn a_stream_that_is_given_up_is_forgotten_and_the_room_is_told() {
    let mut streams = streams_with(Some(stream("hi")));
    streams.expect_remove().times(1).return_const(Ok(true));
    let told = BusEvent::StreamEnded {
        room_id: room().id,
        id: stream("").id,
        why: StreamEnd::Aborted,
    };
    let bus = bus_hearing(&mut Sequence::new(), [told]);
    assert_eq!(abort(streams, bus).await, Ok(()));
}

#[tokio::test]
async fn nobody_is_told_of_the_end_of_what_they_did_not_see_or_were_told_of() {
    let hidden = LiveStream {
        is_hidden: true,
        ..stream("hi")
    };
    for (found, is_removed) in [(hidden, true), (stream("hi"), false)] {
        let mut streams = streams_with(Some(found));
        streams
            .expect_remove()
            .times(1)
            .return_const(Ok(is_removed));
        assert_eq!(abort(streams, silent_bus()).await, Ok(()));
    }
}

#[tokio::test]
async fn only_its_author_gives_up_what_is_not_being_sent() {
    let ended = LiveStream {
        state: StreamState::Finished,
        ..stream("hi")
    };
    for (found, told) in [
        (None, StreamError::NotFound),
        (Some(stream_of_bob()), StreamError::NotYours),
        (Some(ended), StreamError::Ended),
    ] {
        assert_eq!(abort(streams_with(found), silent_bus()).await, Err(told));
    }
    let mut streams = streams_with(Some(stream("hi")));
    streams.expect_remove().return_const(Err(away()));
    let failed = Err(StreamError::Store(away()));
    assert_eq!(abort(streams, silent_bus()).await, failed);
}
