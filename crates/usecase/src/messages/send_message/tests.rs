use domain::{
    Attachment,
    ports::{MockEventBus, MockRoomLog},
    values::{AttachmentUrl, MimeType},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, clock, event, ids, member, message, now, room, silent_bus,
};

fn attachments() -> Vec<Attachment> {
    vec![Attachment {
        url: AttachmentUrl::parse("https://files.example/soup.png").unwrap(),
        mime_type: MimeType::parse("image/png").unwrap(),
        size_bytes: 2_048,
    }]
}

fn reference() -> Option<ClientMsgId> {
    Some(ClientMsgId::parse("try-1").unwrap())
}

fn input() -> SendMessageInput {
    SendMessageInput {
        room_id: room().id,
        draft: MessageDraft::parse(message(8).content.as_str(), attachments()).unwrap(),
        client_msg_id: reference(),
    }
}

fn sent() -> Message {
    Message {
        attachments: attachments(),
        client_msg_id: reference(),
        ..message(8)
    }
}

/// Gives its message the id 1008, as [`message`] does for number 8.
async fn send(log: MockRoomLog, bus: Arc<MockEventBus>) -> Result<SentMessage, SendMessageError> {
    SendMessage {
        log: Arc::new(log),
        bus,
        clock: clock(),
        ids: ids(&[1_008]),
    }
    .execute(caller(), input())
    .await
}

fn log_that(answer: Result<Appended, StoreError>) -> MockRoomLog {
    let mut log = MockRoomLog::new();
    log.expect_append().times(1).return_const(answer);
    log
}

#[tokio::test]
async fn everybody_is_told_of_the_message_once_it_is_in_the_log() {
    let appended = event(RoomEventKind::MessageSent(sent()));
    let mut order = Sequence::new();
    let mut log = MockRoomLog::new();
    log.expect_append()
        .with(eq(NewMessage {
            id: sent().id,
            room_id: room().id,
            sender_id: ann().id,
            content: sent().content,
            attachments: attachments(),
            client_msg_id: reference(),
            interrupted: false,
            at: now(),
        }))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(Appended::New(appended.clone())));
    let bus = bus_hearing(&mut order, [BusEvent::Room(appended)]);
    assert_eq!(
        send(log, bus).await,
        Ok(SentMessage {
            message: sent(),
            repeated: false
        })
    );
}

#[tokio::test]
async fn a_repeat_answers_the_first_message_and_tells_it_again_since_nobody_may_have_been_told() {
    let first = event(RoomEventKind::MessageSent(message(3)));
    let log = log_that(Ok(Appended::Repeat(first.clone())));
    let bus = bus_hearing(&mut Sequence::new(), [BusEvent::Room(first)]);
    assert_eq!(
        send(log, bus).await,
        Ok(SentMessage {
            message: message(3),
            repeated: true
        })
    );
}

#[tokio::test]
async fn a_message_that_is_not_in_the_log_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, SendMessageError::RoomNotFound),
        (
            StoreError::Denied,
            SendMessageError::Store(StoreError::Denied),
        ),
        (away(), SendMessageError::Store(away())),
    ] {
        assert_eq!(send(log_that(Err(refusal)), silent_bus()).await, Err(told));
    }
}

#[tokio::test]
async fn a_log_that_answers_another_event_is_at_fault_and_the_fault_quotes_nobody() {
    let edited = event(RoomEventKind::MessageEdited(message(3)));
    let joined = event(RoomEventKind::MemberJoined(member(
        &ann(),
        domain::Role::Owner,
    )));
    for answer in [Appended::New(edited), Appended::Repeat(joined)] {
        let error = send(log_that(Ok(answer)), silent_bus()).await.unwrap_err();
        assert!(
            matches!(error, SendMessageError::Store(StoreError::Other(_))),
            "{error:?}"
        );
        assert!(!error.to_string().contains("soup"), "{error}");
    }
}
