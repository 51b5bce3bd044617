use domain::{
    Role,
    ports::{MockMessageStore, MockRoomStore},
};

use super::*;
use crate::sample::{
    ann, away, caller, message, room, rooms_of_others, rooms_that_are_away, rooms_where_ann_is,
};

async fn search(
    rooms: Arc<MockRoomStore>,
    messages: MockMessageStore,
    room: Option<RoomId>,
) -> Result<Vec<Message>, SearchMessagesError> {
    let term = SearchTerm::parse("soup").unwrap();
    let limit = PageSize::parse(25).unwrap();
    SearchMessages {
        rooms,
        messages: Arc::new(messages),
    }
    .execute(caller(), room, &term, limit)
    .await
}

/// Finds two messages for Ann, in exactly this scope.
fn messages_in(scope: Option<RoomId>) -> MockMessageStore {
    let mut messages = MockMessageStore::new();
    messages
        .expect_search()
        .withf(move |user, room, term, limit| {
            (*user, *room, term.as_str(), *limit) == (ann().id, scope, "soup", 25)
        })
        .times(1)
        .return_const(Ok(vec![message(5), message(3)]));
    messages
}

fn found() -> Result<Vec<Message>, SearchMessagesError> {
    Ok(vec![message(5), message(3)])
}

#[tokio::test]
async fn without_a_room_the_callers_rooms_are_searched() {
    let rooms = Arc::new(MockRoomStore::new());
    assert_eq!(search(rooms, messages_in(None), None).await, found());
}

#[tokio::test]
async fn a_member_searches_one_room() {
    let one = Some(room().id);
    let rooms = rooms_where_ann_is(Role::Member, room());
    assert_eq!(search(rooms, messages_in(one), one).await, found());
}

#[tokio::test]
async fn nobody_else_searches_a_room_not_even_a_public_one() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            search(rooms, MockMessageStore::new(), Some(room().id)).await,
            Err(SearchMessagesError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_answer() {
    let mut messages = MockMessageStore::new();
    messages.expect_search().return_const(Err(away()));
    for (rooms, messages) in [
        (rooms_that_are_away(), MockMessageStore::new()),
        (rooms_where_ann_is(Role::Member, room()), messages),
    ] {
        assert_eq!(
            search(rooms, messages, Some(room().id)).await,
            Err(SearchMessagesError::Store(away()))
        );
    }
}
