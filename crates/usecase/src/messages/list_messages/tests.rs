use domain::{
    Role,
    ports::{MockMessageStore, MockRoomStore, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, caller, id, message, room, rooms_of_guests, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is, users_where_ann_is_admin,
};

async fn list(
    rooms: Arc<MockRoomStore>,
    messages: MockMessageStore,
    history: History,
    limit: u32,
) -> Result<MessageList, ListMessagesError> {
    ListMessages {
        rooms,
        users: Arc::new(MockUserStore::new()),
        messages: Arc::new(messages),
    }
    .execute(
        caller(),
        room().id,
        history,
        PageSize::parse(limit).unwrap(),
    )
    .await
}

fn rooms() -> Arc<MockRoomStore> {
    rooms_where_ann_is(Role::Member, room())
}

fn numbered(seqs: &[u64]) -> Vec<Message> {
    seqs.iter().copied().map(message).collect()
}

/// Must be asked once, for this page and this many rows. Knows message 3 alone by its id.
fn messages_on(page: MessagePage, rows: u32, answer: Vec<Message>) -> MockMessageStore {
    let mut messages = MockMessageStore::new();
    messages
        .expect_by_id()
        .with(eq(room().id), eq(message(3).id))
        .return_const(Ok(Some(message(3))));
    messages
        .expect_page()
        .with(eq(room().id), eq(page), eq(rows))
        .times(1)
        .return_const(Ok(answer));
    messages
}

#[tokio::test]
async fn pages_are_counted_from_one() {
    const LAST: u32 = u32::MAX;
    for (page, limit, skip) in [
        (1, 50, 0),
        (2, 50, 50),
        (4, 20, 60),
        (2, 200, 200),
        (3, 1, 2),
        // There is no page 0; it is taken for the first.
        (0, 50, 0),
        (LAST, 200, 858_993_458_800),
    ] {
        let messages = messages_on(MessagePage::Newest { skip }, limit + 1, Vec::new());
        let list = list(rooms(), messages, History::Page(page), limit)
            .await
            .unwrap();
        assert_eq!(list.messages, [], "page {page} of {limit}");
    }
}

#[tokio::test]
async fn more_lie_beyond_exactly_when_the_store_had_one_more_than_a_page() {
    for (stored, shown, has_more) in [
        (numbered(&[]), numbered(&[]), false),
        (numbered(&[7]), numbered(&[7]), false),
        (numbered(&[7, 6]), numbered(&[7, 6]), false),
        (numbered(&[7, 6, 5]), numbered(&[7, 6]), true),
    ] {
        let messages = messages_on(MessagePage::Newest { skip: 0 }, 3, stored);
        assert_eq!(
            list(rooms(), messages, History::Page(1), 2).await,
            Ok(MessageList {
                messages: shown,
                has_more,
                last_seq: room().last_seq,
            })
        );
    }
}

#[tokio::test]
async fn a_cursor_is_a_number_or_a_message_and_both_have_a_lookahead() {
    for (history, page) in [
        (
            History::Before(Cursor::Seq(Seq(5))),
            MessagePage::Before(Seq(5)),
        ),
        (
            History::After(Cursor::Seq(Seq(5))),
            MessagePage::After(Seq(5)),
        ),
        (
            History::Before(Cursor::Message(message(3).id)),
            MessagePage::Before(Seq(3)),
        ),
        (
            History::After(Cursor::Message(message(3).id)),
            MessagePage::After(Seq(3)),
        ),
    ] {
        let messages = messages_on(page, 2, numbered(&[4, 6]));
        let list = list(rooms(), messages, history, 1).await.unwrap();
        assert_eq!(list.messages, numbered(&[4]), "{history:?}");
        assert!(list.has_more, "{history:?}");
    }
}

#[tokio::test]
async fn a_window_around_a_message_is_asked_for_in_its_exact_size_and_promises_no_more() {
    let window = numbered(&[2, 3, 4]);
    let messages = messages_on(MessagePage::Around(Seq(3)), 3, window.clone());
    assert_eq!(
        list(rooms(), messages, History::Around(message(3).id), 3).await,
        Ok(MessageList {
            messages: window,
            has_more: false,
            last_seq: room().last_seq,
        })
    );
}

#[tokio::test]
async fn a_place_that_is_not_there_is_named_as_what_is_missing() {
    let gone = id(99);
    for history in [
        History::Around(gone),
        History::Before(Cursor::Message(gone)),
        History::After(Cursor::Message(gone)),
    ] {
        let mut messages = MockMessageStore::new();
        messages
            .expect_by_id()
            .with(eq(room().id), eq(gone))
            .return_const(Ok(None));
        assert_eq!(
            list(rooms(), messages, history, 50).await,
            Err(ListMessagesError::MessageNotFound),
            "{history:?}"
        );
    }
}

/// Otherwise `last_seq` could count a message that the page does not show, and a client would never hear of it.
#[tokio::test]
async fn the_room_is_read_before_its_messages() {
    let mut order = Sequence::new();
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_with_role()
        .with(eq(room().id), eq(ann().id))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(Some((room(), Some(Role::Member)))));
    rooms
        .expect_by_id()
        .with(eq(room().id))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(Some(room())));
    let mut messages = MockMessageStore::new();
    messages
        .expect_page()
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(Vec::new()));
    let list = list(Arc::new(rooms), messages, History::Page(1), 50)
        .await
        .unwrap();
    assert_eq!(list.last_seq, room().last_seq);
}

#[tokio::test]
async fn nobody_else_reads_a_room_not_even_a_public_one() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            list(rooms, MockMessageStore::new(), History::Page(1), 50).await,
            Err(ListMessagesError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_history() {
    let mut no_message = MockMessageStore::new();
    no_message.expect_by_id().return_const(Err(away()));
    let mut no_page = MockMessageStore::new();
    no_page.expect_by_id().return_const(Ok(Some(message(3))));
    no_page.expect_page().return_const(Err(away()));
    for (rooms, messages) in [
        (rooms_that_are_away(), MockMessageStore::new()),
        (rooms(), no_message),
        (rooms(), no_page),
    ] {
        assert_eq!(
            list(rooms, messages, History::Around(message(3).id), 50).await,
            Err(ListMessagesError::Store(away()))
        );
    }
}

#[tokio::test]
async fn an_admin_of_the_server_reads_a_room_of_guests_and_no_other_stranger_does() {
    for (is_admin, is_told) in [(true, true), (false, false)] {
        let mut messages = MockMessageStore::new();
        messages.expect_page().return_const(Ok(numbered(&[3])));
        let list = ListMessages {
            rooms: Arc::new(rooms_of_guests(None)),
            users: users_where_ann_is_admin(is_admin),
            messages: Arc::new(messages),
        };
        let limit = PageSize::parse(50).unwrap();
        let told = list
            .execute(caller(), room().id, History::Page(1), limit)
            .await;
        match told {
            Ok(list) => assert!(is_told && list.messages == numbered(&[3])),
            Err(error) => assert!(!is_told && error == ListMessagesError::RoomNotFound),
        }
    }
}
