use std::sync::Arc;

use domain::{
    BusEvent, LiveStream, Role, RoomEvent, RoomEventKind, StoreResult, StreamEnd, StreamState,
    ports::{Appended, EventBus, MockLiveStreams, MockMessageStore, MockRoomLog, NewMessage},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, clock, event, message, now, room, rooms_where_ann_is,
    silent_bus, stream, stream_of_bob, streams_with,
};

fn sent() -> RoomEvent {
    event(RoomEventKind::MessageSent(message(8)))
}

fn finished() -> LiveStream {
    LiveStream {
        state: StreamState::Finished,
        ..stream("hi")
    }
}

/// Takes no more writes to the stream, once.
fn finishing(mut streams: MockLiveStreams) -> MockLiveStreams {
    streams
        .expect_finish()
        .with(eq(stream("").id))
        .times(1)
        .return_const(Ok(Some(finished())));
    streams
}

fn removing(mut streams: MockLiveStreams, answer: StoreResult<bool>) -> MockLiveStreams {
    streams
        .expect_remove()
        .with(eq(stream("").id))
        .times(1)
        .return_const(answer);
    streams
}

/// Asked for the message of the stream alone, the log answers so.
fn log_that(answer: StoreResult<Appended>) -> MockRoomLog {
    let mut log = MockRoomLog::new();
    log.expect_append()
        .with(eq(NewMessage {
            id: stream("").message_id(),
            room_id: room().id,
            sender_id: ann().id,
            content: stream("hi").text,
            attachments: vec![],
            client_msg_id: Some(stream("").client_msg_id()),
            interrupted: false,
            at: now(),
        }))
        .times(1)
        .return_const(answer);
    log
}

fn finish(
    streams: MockLiveStreams,
    log: MockRoomLog,
    bus: Arc<dyn EventBus>,
    messages: MockMessageStore,
) -> FinishStream {
    FinishStream {
        rooms: rooms_where_ann_is(Role::Member, room()),
        messages: Arc::new(messages),
        sending: Sending {
            streams: Arc::new(streams),
            log: Arc::new(log),
            bus,
            clock: clock(),
        },
    }
}

async fn execute(finish: FinishStream) -> Result<SentMessage, FinishStreamError> {
    finish.execute(caller(), stream("").id).await
}

#[tokio::test]
async fn the_message_of_a_stream_is_in_the_log_before_it_is_told_and_the_stream_is_forgotten() {
    for (appended, repeated) in [
        (Appended::New(sent()), false),
        // Told again: nobody may have been told the first time.
        (Appended::Repeat(sent()), true),
    ] {
        let streams = finishing(streams_with(Some(stream("hi"))));
        let streams = removing(streams, Ok(true));
        let bus = bus_hearing(&mut Sequence::new(), [BusEvent::Room(sent())]);
        let finish = finish(
            streams,
            log_that(Ok(appended)),
            bus,
            MockMessageStore::new(),
        );
        let message = message(8);
        assert_eq!(execute(finish).await, Ok(SentMessage { message, repeated }));
    }
}

#[tokio::test]
async fn a_message_is_sent_though_its_stream_cannot_be_forgotten() {
    let streams = finishing(streams_with(Some(finished())));
    let streams = removing(streams, Err(away()));
    let bus = bus_hearing(&mut Sequence::new(), [BusEvent::Room(sent())]);
    let log = log_that(Ok(Appended::New(sent())));
    let finish = finish(streams, log, bus, MockMessageStore::new());
    assert!(execute(finish).await.is_ok());
}

#[tokio::test]
async fn while_the_log_is_away_the_stream_stays() {
    let streams = finishing(streams_with(Some(stream("hi"))));
    let log = log_that(Err(away()));
    let finish = finish(streams, log, silent_bus(), MockMessageStore::new());
    let failed = StreamError::Store(away()).into();
    assert_eq!(execute(finish).await, Err(failed));
}

#[tokio::test]
async fn the_stream_of_who_was_taken_out_is_dropped_and_the_room_is_told() {
    let mut streams = finishing(streams_with(Some(stream("hi"))));
    streams
        .expect_remove_if()
        .with(eq(stream("").id), eq(StreamState::Finished))
        .times(1)
        .return_const(Ok(true));
    let told = BusEvent::StreamEnded {
        room_id: room().id,
        id: stream("").id,
        why: StreamEnd::Removed,
    };
    let bus = bus_hearing(&mut Sequence::new(), [told]);
    let log = log_that(Err(StoreError::NotFound));
    let finish = finish(streams, log, bus, MockMessageStore::new());
    assert_eq!(execute(finish).await, Err(StreamError::NotFound.into()));
}

#[tokio::test]
async fn a_stream_that_was_sent_before_answers_its_message() {
    for (found, answer) in [
        (
            Some(message(8)),
            Ok(SentMessage {
                message: message(8),
                repeated: true,
            }),
        ),
        (None, Err(StreamError::NotFound.into())),
    ] {
        let mut messages = MockMessageStore::new();
        messages
            .expect_sent_by()
            .with(eq(ann().id), eq(stream("").message_id()))
            .times(1)
            .return_const(Ok(found));
        let streams = streams_with(None);
        let finish = finish(streams, MockRoomLog::new(), silent_bus(), messages);
        assert_eq!(execute(finish).await, answer);
    }
}

#[tokio::test]
async fn what_says_nothing_or_is_another_s_is_not_sent() {
    for (found, told) in [
        (stream(" \n"), FinishStreamError::Blank),
        (stream_of_bob(), StreamError::NotYours.into()),
    ] {
        let streams = streams_with(Some(found));
        let messages = MockMessageStore::new();
        let finish = finish(streams, MockRoomLog::new(), silent_bus(), messages);
        assert_eq!(execute(finish).await, Err(told));
    }
}
