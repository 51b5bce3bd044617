use domain::{
    Role,
    ports::{MockMemberStore, MockPresence, MockRoomStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{
    ann, away, bob, caller, cat, id, member, room, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is,
};

async fn list(
    rooms: Arc<MockRoomStore>,
    members: MockMemberStore,
    presence: MockPresence,
) -> Result<Vec<Member>, ListPresenceError> {
    ListPresence {
        rooms,
        members: Arc::new(members),
        presence: Arc::new(presence),
    }
    .execute(caller(), room().id)
    .await
}

fn rooms() -> Arc<MockRoomStore> {
    rooms_where_ann_is(Role::Member, room())
}

/// Cat, Ann and Bob, in the order in which they came into the room.
fn members() -> MockMemberStore {
    let mut members = MockMemberStore::new();
    members
        .expect_list()
        .with(eq(room().id))
        .return_const(Ok(vec![
            member(&cat(), Role::Owner),
            member(&ann(), Role::Member),
            member(&bob(), Role::Member),
        ]));
    members
}

fn presence(online: Vec<domain::UserId>) -> MockPresence {
    let mut presence = MockPresence::new();
    presence
        .expect_online()
        .with(eq(room().id))
        .return_const(Ok(online));
    presence
}

#[tokio::test]
async fn the_members_who_are_there_are_listed_in_the_order_in_which_they_joined() {
    let presence = presence(vec![ann().id, cat().id]);
    assert_eq!(
        list(rooms(), members(), presence).await,
        Ok(vec![
            member(&cat(), Role::Owner),
            member(&ann(), Role::Member)
        ])
    );
}

#[tokio::test]
async fn one_whose_socket_is_still_there_but_who_is_no_member_is_not_listed() {
    let presence = presence(vec![ann().id, id(99)]);
    assert_eq!(
        list(rooms(), members(), presence).await,
        Ok(vec![member(&ann(), Role::Member)])
    );
}

#[tokio::test]
async fn a_room_where_nobody_is_there_has_an_empty_list() {
    assert_eq!(list(rooms(), members(), presence(vec![])).await, Ok(vec![]));
}

#[tokio::test]
async fn nobody_else_sees_who_is_there_not_even_in_a_public_room() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            list(rooms, MockMemberStore::new(), MockPresence::new()).await,
            Err(ListPresenceError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_room() {
    let mut no_presence = MockPresence::new();
    no_presence.expect_online().return_const(Err(away()));
    let mut no_members = MockMemberStore::new();
    no_members.expect_list().return_const(Err(away()));
    for (rooms, members, presence) in [
        (
            rooms_that_are_away(),
            MockMemberStore::new(),
            MockPresence::new(),
        ),
        (rooms(), members(), no_presence),
        (rooms(), no_members, presence(vec![ann().id])),
    ] {
        assert_eq!(
            list(rooms, members, presence).await,
            Err(ListPresenceError::Store(away()))
        );
    }
}
