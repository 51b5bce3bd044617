use domain::{Role, StreamState, ports::MockLiveStreams};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    away, bus_hearing, caller, room, rooms_of_others, rooms_where_ann_is, silent_bus, stream,
    stream_of_bob, streams_with,
};

fn written(splice: &Splice) -> BusEvent {
    BusEvent::StreamWritten {
        room_id: room().id,
        id: stream("").id,
        splice: splice.clone(),
    }
}

fn splice(index: usize, delta: &str) -> Splice {
    Splice {
        revision: 8,
        index,
        delta: delta.into(),
    }
}

fn write(streams: MockLiveStreams, bus: Arc<dyn EventBus>) -> WriteStream {
    WriteStream {
        rooms: rooms_where_ann_is(Role::Member, room()),
        streams: Arc::new(streams),
        bus,
    }
}

/// Written in the room, where the text has so many characters now.
fn at(index: usize) -> Result<Written, WriteStreamError> {
    let room_id = room().id;
    Ok(Written { room_id, index })
}

/// Expects this write, and answers so.
fn expect(streams: &mut MockLiveStreams, splice: &Splice, answer: Result<(), StoreError>) {
    streams
        .expect_write()
        .with(eq(stream("").id), eq(splice.clone()))
        .times(1)
        .return_const(answer);
}

#[tokio::test]
async fn what_is_appended_is_kept_and_told() {
    let splice = splice(2, ", Zoë");
    let mut streams = streams_with(Some(stream("hi")));
    expect(&mut streams, &splice, Ok(()));
    let bus = bus_hearing(&mut Sequence::new(), [written(&splice)]);
    let write = write(streams, bus);
    assert_eq!(
        write.append(caller(), stream("").id, 2, ", Zoë").await,
        at(7)
    );
}

#[tokio::test]
async fn a_text_that_is_replaced_is_told_by_its_change() {
    let splice = splice(1, "o");
    let mut streams = streams_with(Some(stream("hi")));
    expect(&mut streams, &splice, Ok(()));
    let bus = bus_hearing(&mut Sequence::new(), [written(&splice)]);
    let write = write(streams, bus);
    assert_eq!(write.replace(caller(), stream("").id, "ho").await, at(2));
}

#[tokio::test]
async fn what_stands_there_already_keeps_the_stream_and_is_told_to_nobody() {
    let mut streams = streams_with(Some(stream("hi")));
    streams
        .expect_renew()
        .with(eq(vec![stream("").id]))
        .times(2)
        .return_const(Ok(vec![]));
    let write = write(streams, silent_bus());
    let id = stream("").id;
    assert_eq!(write.append(caller(), id, 0, "hi").await, at(2));
    assert_eq!(write.replace(caller(), id, "hi").await, at(2));
}

#[tokio::test]
async fn a_hidden_stream_is_written_to_and_told_to_nobody() {
    let hidden = LiveStream {
        is_hidden: true,
        ..stream("hi")
    };
    let mut streams = streams_with(Some(hidden));
    expect(&mut streams, &splice(2, "!"), Ok(()));
    let write = write(streams, silent_bus());
    assert_eq!(write.append(caller(), stream("").id, 2, "!").await, at(3));
}

#[tokio::test]
async fn a_write_that_another_was_faster_than_is_tried_again() {
    let changed = Err(StoreError::Conflict(Conflict::StreamChanged));
    let mut streams = MockLiveStreams::new();
    let later = LiveStream {
        revision: 8,
        ..stream("hi!")
    };
    let mut order = Sequence::new();
    for found in [stream("hi"), later] {
        let found = Ok(Some(found));
        streams
            .expect_by_id()
            .times(1)
            .in_sequence(&mut order)
            .return_const(found);
    }
    expect(&mut streams, &splice(2, "!?"), changed);
    let rest = Splice {
        revision: 9,
        index: 3,
        delta: "?".into(),
    };
    expect(&mut streams, &rest, Ok(()));
    let bus = bus_hearing(&mut Sequence::new(), [written(&rest)]);
    let write = write(streams, bus);
    assert_eq!(write.append(caller(), stream("").id, 2, "!?").await, at(4));
}

#[tokio::test]
async fn who_is_always_slower_is_told_to_come_again() {
    let mut streams = streams_with(Some(stream("hi")));
    let changed = Err(StoreError::Conflict(Conflict::StreamChanged));
    streams.expect_write().times(TRIES).return_const(changed);
    let write = write(streams, silent_bus());
    let written = write.append(caller(), stream("").id, 2, "!").await;
    let unavailable = |error: &WriteStreamError| {
        matches!(
            error,
            WriteStreamError::Stream(StreamError::Store(StoreError::Unavailable(_)))
        )
    };
    assert!(written.as_ref().is_err_and(unavailable), "{written:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_not_written() {
    let write = write(streams_with(Some(stream("hi"))), silent_bus());
    let id = stream("").id;
    let misplaced = Err(WriteStreamError::Misplaced { length: 2 });
    assert_eq!(write.append(caller(), id, 3, "!").await, misplaced);
    let written = write.replace(caller(), id, &"x".repeat(4_001)).await;
    assert!(matches!(written, Err(WriteStreamError::Invalid(_))));
}

#[tokio::test]
async fn only_its_author_writes_to_an_open_stream() {
    let state = |state| LiveStream {
        state,
        ..stream("hi")
    };
    for (found, told) in [
        (None, StreamError::NotFound),
        (Some(stream_of_bob()), StreamError::NotYours),
        (Some(state(StreamState::Finished)), StreamError::Ended),
        (Some(state(StreamState::Lost)), StreamError::Ended),
    ] {
        let write = write(streams_with(found), silent_bus());
        let written = write.append(caller(), stream("").id, 2, "!").await;
        assert_eq!(written, Err(told.into()));
    }
}

#[tokio::test]
async fn who_is_no_longer_in_the_room_writes_nothing_there() {
    for (rooms, label) in rooms_of_others() {
        let write = WriteStream {
            rooms,
            ..write(streams_with(Some(stream("hi"))), silent_bus())
        };
        let written = write.append(caller(), stream("").id, 2, "!").await;
        assert_eq!(written, Err(StreamError::NotFound.into()), "{label}");
    }
}

#[tokio::test]
async fn what_the_store_did_not_keep_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, StreamError::NotFound),
        (away(), StreamError::Store(away())),
    ] {
        let mut streams = streams_with(Some(stream("hi")));
        expect(&mut streams, &splice(2, "!"), Err(refusal));
        let write = write(streams, silent_bus());
        let written = write.append(caller(), stream("").id, 2, "!").await;
        assert_eq!(written, Err(told.into()));
    }
}
