use domain::{Role, ports::MockRoomStore};

use super::*;
use crate::sample::{away, caller, public_room, room, rooms_that_are_away, rooms_with};

#[tokio::test]
async fn a_private_room_is_for_its_members_and_a_public_one_for_everybody() {
    let private = || Ok(room());
    let public = || Ok(public_room());
    let nothing = || Err(GetRoomError::NotFound);
    for (answer, expected) in [
        (Some((room(), Some(Role::Owner))), private()),
        (Some((room(), Some(Role::Admin))), private()),
        (Some((room(), Some(Role::Member))), private()),
        (Some((room(), None)), nothing()),
        (Some((public_room(), Some(Role::Member))), public()),
        (Some((public_room(), None)), public()),
        (None, nothing()),
    ] {
        let get_room = GetRoom {
            rooms: Arc::new(rooms_with(room().id, answer.clone())),
        };
        assert_eq!(
            get_room.execute(caller(), room().id).await,
            expected,
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    let get_room = GetRoom {
        rooms: rooms_that_are_away(),
    };
    assert_eq!(
        get_room.execute(caller(), room().id).await,
        Err(GetRoomError::Store(away()))
    );
}

#[tokio::test]
async fn a_room_that_was_deleted_since_the_right_was_judged_is_not_found() {
    for (answer, told) in [
        (Ok(None), GetRoomError::NotFound),
        (Err(away()), GetRoomError::Store(away())),
    ] {
        let mut rooms = MockRoomStore::new();
        rooms
            .expect_with_role()
            .return_const(Ok(Some((room(), Some(Role::Member)))));
        rooms.expect_by_id().return_const(answer);
        let get_room = GetRoom {
            rooms: Arc::new(rooms),
        };
        assert_eq!(get_room.execute(caller(), room().id).await, Err(told));
    }
}
