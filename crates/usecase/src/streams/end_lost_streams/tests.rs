use std::sync::Arc;

use domain::{
    BusEvent, RoomEvent, RoomEventKind,
    ports::{Appended, MockEventBus, MockLiveStreams, MockRoomLog},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{away, bus_hearing, clock, event, message, room, silent_bus, stream};

fn lost(state: StreamState, when_lost: WhenLost, text: &str) -> LiveStream {
    LiveStream {
        state,
        when_lost,
        ..stream(text)
    }
}

fn sent() -> RoomEvent {
    event(RoomEventKind::MessageSent(message(8)))
}

/// Answers these streams as lost.
fn streams(lost: StoreResult<Vec<LiveStream>>) -> MockLiveStreams {
    let mut streams = MockLiveStreams::new();
    streams
        .expect_take_lost()
        .with(eq(EndLostStreams::BATCH))
        .times(1)
        .return_const(lost);
    streams
}

/// Answers this stream as lost, and forgets it once it was sent.
fn sending(lost: LiveStream) -> MockLiveStreams {
    let mut streams = streams(Ok(vec![lost]));
    streams
        .expect_remove()
        .with(eq(stream("").id))
        .times(1)
        .return_const(Ok(true));
    streams
}

/// Answers these streams as lost, and forgets one that is lost, or not any more.
fn dropping(lost: Vec<LiveStream>, is_still_lost: bool) -> MockLiveStreams {
    let mut streams = streams(Ok(lost));
    streams
        .expect_remove_if()
        .with(eq(stream("").id), eq(StreamState::Lost))
        .times(1)
        .return_const(Ok(is_still_lost));
    streams
}

async fn end(
    streams: MockLiveStreams,
    log: MockRoomLog,
    bus: Arc<MockEventBus>,
) -> StoreResult<usize> {
    let sending = Sending {
        streams: Arc::new(streams),
        log: Arc::new(log),
        bus,
        clock: clock(),
    };
    EndLostStreams { sending }.execute().await
}

#[tokio::test]
async fn a_stream_is_sent_as_it_is_when_that_was_asked_for_or_its_author_had_ended_it() {
    for (stream, interrupted) in [
        (lost(StreamState::Lost, WhenLost::Finish, "hi"), true),
        (lost(StreamState::Finished, WhenLost::Finish, "hi"), false),
        (lost(StreamState::Finished, WhenLost::Drop, "hi"), false),
    ] {
        let mut log = MockRoomLog::new();
        log.expect_append()
            .withf(move |new| new.interrupted == interrupted)
            .times(1)
            .return_const(Ok(Appended::New(sent())));
        let bus = bus_hearing(&mut Sequence::new(), [BusEvent::Room(sent())]);
        let ended = end(sending(stream), log, bus).await;
        assert_eq!(ended, Ok(1));
    }
}

#[tokio::test]
async fn a_stream_is_dropped_when_that_was_asked_for_or_it_says_nothing() {
    for stream in [
        lost(StreamState::Lost, WhenLost::Drop, "hi"),
        lost(StreamState::Lost, WhenLost::Finish, " "),
    ] {
        let told = BusEvent::StreamEnded {
            room_id: room().id,
            id: stream.id,
            why: StreamEnd::Lost,
        };
        let bus = bus_hearing(&mut Sequence::new(), [told]);
        let ended = end(dropping(vec![stream], true), MockRoomLog::new(), bus).await;
        assert_eq!(ended, Ok(1));
    }
}

#[tokio::test]
async fn what_its_author_finishes_meanwhile_is_not_dropped() {
    let stream = lost(StreamState::Lost, WhenLost::Drop, "hi");
    let streams = dropping(vec![stream], false);
    let ended = end(streams, MockRoomLog::new(), silent_bus()).await;
    assert_eq!(ended, Ok(1));
}

#[tokio::test]
async fn the_stream_of_who_was_taken_out_is_dropped() {
    let stream = lost(StreamState::Lost, WhenLost::Finish, "hi");
    let told = BusEvent::StreamEnded {
        room_id: room().id,
        id: stream.id,
        why: StreamEnd::Removed,
    };
    let bus = bus_hearing(&mut Sequence::new(), [told]);
    let mut log = MockRoomLog::new();
    log.expect_append().return_const(Err(StoreError::NotFound));
    assert_eq!(end(dropping(vec![stream], true), log, bus).await, Ok(1));
}

#[tokio::test]
async fn one_that_cannot_be_sent_now_stays_and_the_next_one_is_ended() {
    let one = lost(StreamState::Lost, WhenLost::Finish, "hi");
    let next = lost(StreamState::Lost, WhenLost::Drop, "hi");
    let told = BusEvent::StreamEnded {
        room_id: room().id,
        id: next.id,
        why: StreamEnd::Lost,
    };
    let bus = bus_hearing(&mut Sequence::new(), [told]);
    let mut log = MockRoomLog::new();
    log.expect_append().times(1).return_const(Err(away()));
    let ended = end(dropping(vec![one, next], true), log, bus).await;
    assert_eq!(ended, Ok(2));
}

#[tokio::test]
async fn a_store_that_is_away_is_asked_later() {
    let ended = end(streams(Err(away())), MockRoomLog::new(), silent_bus()).await;
    assert_eq!(ended, Err(away()));
}
