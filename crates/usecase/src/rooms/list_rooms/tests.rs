use domain::ports::MockRoomStore;

use super::*;
use crate::sample::{ann, away, caller, public_room, room};

async fn list(
    rooms: MockRoomStore,
    scope: RoomScope,
    name_contains: Option<&str>,
) -> Result<Vec<Room>, ListRoomsError> {
    let limit = PageSize::parse(20).unwrap();
    ListRooms {
        rooms: Arc::new(rooms),
    }
    .execute(caller(), scope, name_contains, limit)
    .await
}

#[tokio::test]
async fn mine_are_those_that_the_caller_is_in() {
    for q in [None, Some("kit%")] {
        let mut rooms = MockRoomStore::new();
        rooms
            .expect_of_user()
            .withf(move |user, name, limit| (*user, *name, *limit) == (ann().id, q, 20))
            .return_const(Ok(vec![room()]));
        assert_eq!(list(rooms, RoomScope::Mine, q).await, Ok(vec![room()]));
    }
}

#[tokio::test]
async fn public_ones_are_the_same_for_every_caller() {
    for q in [None, Some("kit%")] {
        let mut rooms = MockRoomStore::new();
        rooms
            .expect_public()
            .withf(move |name, limit| (*name, *limit) == (q, 20))
            .return_const(Ok(vec![public_room()]));
        assert_eq!(
            list(rooms, RoomScope::Public, q).await,
            Ok(vec![public_room()])
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_list() {
    for scope in [RoomScope::Mine, RoomScope::Public] {
        let mut rooms = MockRoomStore::new();
        rooms.expect_of_user().return_const(Err(away()));
        rooms.expect_public().return_const(Err(away()));
        assert_eq!(
            list(rooms, scope, None).await,
            Err(ListRoomsError::Store(away()))
        );
    }
}
