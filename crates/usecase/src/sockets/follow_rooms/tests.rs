use domain::ports::{Departure, MockMemberStore, MockRoomStore};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, caller, id};

fn follow_rooms(rooms: MockRoomStore, members: MockMemberStore) -> FollowRooms {
    let rooms = Arc::new(rooms);
    FollowRooms {
        standing: Standing {
            rooms: rooms.clone(),
            members: Arc::new(members),
            most: 10,
        },
        rooms,
        rooms_per_socket: 2,
    }
}

fn snapshot(room: u64) -> RoomSnapshot {
    RoomSnapshot {
        room_id: id(room),
        last_seq: Seq(7),
        last_read_seq: Seq(5),
        unread: 2,
    }
}

/// Asked for this room, the store answers so.
fn rooms_that(room: u64, answer: Result<Vec<RoomSnapshot>, StoreError>) -> MockRoomStore {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(Some(vec![id(room)])))
        .return_const(answer);
    rooms
}

#[tokio::test]
async fn a_member_follows_a_room_from_where_it_stands() {
    for (answer, told) in [
        (Ok(vec![snapshot(10)]), Ok(snapshot(10))),
        (Ok(vec![]), Err(FollowRoomsError::RoomForbidden)),
        (Err(away()), Err(FollowRoomsError::Store(away()))),
    ] {
        let follow = follow_rooms(rooms_that(10, answer), MockMemberStore::new());
        assert_eq!(follow.subscribe(caller(), id(10)).await, told);
    }
}

#[tokio::test]
async fn a_client_comes_back_into_the_rooms_that_are_still_its_own() {
    let mut members = MockMemberStore::new();
    let ended = Ok(vec![Departure {
        room_id: id(11),
        seq: Seq(9),
    }]);
    members
        .expect_departures()
        .with(eq(ann().id), eq(vec![id(11)]))
        .return_const(ended);
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .times(1)
        .return_const(Ok(vec![snapshot(10)]));
    let since = HashMap::from([(id(10), Seq(6)), (id(11), Seq(3))]);
    let resumed = follow_rooms(rooms, members).resume(caller(), since).await;
    let resumed = resumed.unwrap();
    assert_eq!(resumed.rooms, [snapshot(10)]);
    let missed = |room, from, to| domain::Missed::new(id(room), Seq(from), Seq(to), 10);
    assert_eq!(resumed.resumptions.len(), 2);
    for expected in [
        Resumption::Stays(missed(10, 6, 7)),
        Resumption::Ended(missed(11, 3, 9)),
    ] {
        assert!(resumed.resumptions.contains(&expected), "{resumed:?}");
    }
}

#[tokio::test]
async fn more_rooms_than_are_allowed_are_not_looked_for() {
    let follow = follow_rooms(MockRoomStore::new(), MockMemberStore::new());
    let since = [10, 11, 12].map(|room| (id(room), Seq(1)));
    let resumed = follow.resume(caller(), since.into()).await;
    assert_eq!(resumed, Err(FollowRoomsError::TooManyRooms));
}
