use domain::{LiveStream, Role, StreamState};
use mockall::Sequence;

use super::*;
use crate::sample::{
    bob, bus_hearing, caller, room, rooms_of_others, rooms_where_ann_is, silent_bus, stream,
    stream_of_bob, streams_with,
};

fn stop(found: Option<LiveStream>, bus: Arc<dyn EventBus>) -> StopStream {
    StopStream {
        rooms: rooms_where_ann_is(Role::Member, room()),
        streams: Arc::new(streams_with(found)),
        bus,
    }
}

#[tokio::test]
async fn a_reader_s_wish_reaches_the_author() {
    let told = BusEvent::StreamStop {
        author_id: bob().id,
        room_id: room().id,
        id: stream("").id,
        user_id: caller().user_id,
    };
    let bus = bus_hearing(&mut Sequence::new(), [told]);
    let stop = stop(Some(stream_of_bob()), bus);
    assert_eq!(stop.execute(caller(), stream("").id).await, Ok(()));
}

#[tokio::test]
async fn what_one_does_not_see_or_has_ended_is_not_stopped() {
    let hidden = LiveStream {
        is_hidden: true,
        ..stream_of_bob()
    };
    let ended = LiveStream {
        state: StreamState::Finished,
        ..stream_of_bob()
    };
    for (found, told) in [
        (None, StreamError::NotFound),
        (Some(hidden), StreamError::NotFound),
        (Some(ended), StreamError::Ended),
    ] {
        let stop = stop(found, silent_bus());
        assert_eq!(stop.execute(caller(), stream("").id).await, Err(told));
    }
    for (rooms, label) in rooms_of_others() {
        let stop = StopStream {
            rooms,
            ..stop(Some(stream_of_bob()), silent_bus())
        };
        let stopped = stop.execute(caller(), stream("").id).await;
        assert_eq!(stopped, Err(StreamError::NotFound), "{label}");
    }
}
