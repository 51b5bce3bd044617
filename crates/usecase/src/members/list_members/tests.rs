use domain::{
    Role,
    ports::{MockMemberStore, MockRoomStore, MockUserStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{
    ann, away, bob, caller, member, room, rooms_of_guests, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is, users_where_ann_is_admin,
};

async fn list(
    rooms: Arc<MockRoomStore>,
    members: MockMemberStore,
) -> Result<Vec<Member>, ListMembersError> {
    ListMembers {
        rooms,
        users: Arc::new(MockUserStore::new()),
        members: Arc::new(members),
    }
    .execute(caller(), room().id)
    .await
}

#[tokio::test]
async fn any_member_sees_who_is_in_the_room_in_the_order_of_the_store() {
    let all = vec![member(&bob(), Role::Owner), member(&ann(), Role::Member)];
    let mut members = MockMemberStore::new();
    members
        .expect_list()
        .with(eq(room().id))
        .return_const(Ok(all.clone()));
    let rooms = rooms_where_ann_is(Role::Member, room());
    assert_eq!(list(rooms, members).await, Ok(all));
}

#[tokio::test]
async fn nobody_else_sees_who_is_in_a_room_not_even_a_public_one() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            list(rooms, MockMemberStore::new()).await,
            Err(ListMembersError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_room() {
    let mut members = MockMemberStore::new();
    members.expect_list().return_const(Err(away()));
    for (rooms, members) in [
        (rooms_that_are_away(), MockMemberStore::new()),
        (rooms_where_ann_is(Role::Member, room()), members),
    ] {
        assert_eq!(
            list(rooms, members).await,
            Err(ListMembersError::Store(away()))
        );
    }
}

#[tokio::test]
async fn an_admin_of_the_server_sees_who_is_in_a_room_of_guests_and_no_other_stranger_does() {
    for (is_admin, told) in [
        (true, Ok(Vec::new())),
        (false, Err(ListMembersError::RoomNotFound)),
    ] {
        let mut members = MockMemberStore::new();
        members.expect_list().return_const(Ok(Vec::new()));
        let list = ListMembers {
            rooms: Arc::new(rooms_of_guests(None)),
            users: users_where_ann_is_admin(is_admin),
            members: Arc::new(members),
        };
        assert_eq!(list.execute(caller(), room().id).await, told);
    }
}
