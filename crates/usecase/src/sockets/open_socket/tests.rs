use domain::{
    Seq,
    ports::{MockRoomStore, MockSessionStore, MockUserStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, caller, id};

const LIMIT: usize = 3;

/// What the store says of the caller's log-in.
fn log_in_that(answer: Result<bool, StoreError>) -> Arc<MockSessionStore> {
    let mut sessions = MockSessionStore::new();
    sessions
        .expect_is_live()
        .with(eq(caller().session_id))
        .return_const(answer);
    Arc::new(sessions)
}

async fn open(
    users: MockUserStore,
    rooms: MockRoomStore,
    named: &[u64],
) -> Result<SocketStart, OpenSocketError> {
    let named = named.iter().copied().map(id).collect();
    OpenSocket {
        users: Arc::new(users),
        sessions: log_in_that(Ok(true)),
        rooms: Arc::new(rooms),
        rooms_per_socket: LIMIT,
    }
    .execute(caller(), named)
    .await
}

fn users() -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_by_id()
        .with(eq(ann().id))
        .return_const(Ok(Some(ann())));
    users
}

fn snapshots(rooms: &[u64]) -> Vec<RoomSnapshot> {
    rooms
        .iter()
        .map(|number| RoomSnapshot {
            room_id: id(*number),
            last_seq: Seq(7),
            last_read_seq: Seq(5),
            unread: 2,
        })
        .collect()
}

/// Ann is in rooms 10 to 13; asked for these rooms alone, or for all.
fn rooms_asked(only: Option<&[u64]>) -> MockRoomStore {
    let hers = [10, 11, 12, 13];
    let found: Vec<u64> = hers
        .into_iter()
        .filter(|room| only.is_none_or(|only| only.contains(room)))
        .collect();
    let only: Option<Vec<RoomId>> = only.map(|only| only.iter().copied().map(id).collect());
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(only))
        .times(1)
        .return_const(Ok(snapshots(&found)));
    rooms
}

#[tokio::test]
async fn a_socket_that_names_no_room_follows_all_of_them_however_many_and_later_ones_too() {
    assert_eq!(
        open(users(), rooms_asked(None), &[]).await,
        Ok(SocketStart {
            user: ann(),
            rooms: snapshots(&[10, 11, 12, 13]),
            follows_all: true,
        })
    );
}

#[tokio::test]
async fn a_newcomer_without_rooms_gets_a_socket() {
    let mut rooms = MockRoomStore::new();
    rooms.expect_snapshots().return_const(Ok(vec![]));
    let start = open(users(), rooms, &[]).await.unwrap();
    assert_eq!(start.rooms, []);
    assert!(start.follows_all);
}

#[tokio::test]
async fn a_socket_follows_the_rooms_that_it_names_and_no_later_ones() {
    assert_eq!(
        open(users(), rooms_asked(Some(&[10, 12])), &[12, 10]).await,
        Ok(SocketStart {
            user: ann(),
            rooms: snapshots(&[10, 12]),
            follows_all: false,
        })
    );
}

#[tokio::test]
async fn a_room_that_is_named_twice_is_followed_once() {
    let start = open(users(), rooms_asked(Some(&[10, 12])), &[12, 10, 12])
        .await
        .unwrap();
    assert_eq!(start.rooms, snapshots(&[10, 12]));
}

#[tokio::test]
async fn one_room_that_is_not_the_callers_refuses_the_whole_socket() {
    for named in [&[99][..], &[10, 99]] {
        assert_eq!(
            open(users(), rooms_asked(Some(named)), named).await,
            Err(OpenSocketError::RoomForbidden),
            "{named:?}"
        );
    }
}

#[tokio::test]
async fn a_socket_names_as_many_rooms_as_are_allowed_and_not_one_more() {
    let start = open(users(), rooms_asked(Some(&[10, 11, 12])), &[10, 11, 12])
        .await
        .unwrap();
    assert_eq!(start.rooms.len(), LIMIT);
    assert_eq!(
        open(
            MockUserStore::new(),
            MockRoomStore::new(),
            &[10, 11, 12, 13]
        )
        .await,
        Err(OpenSocketError::TooManyRooms)
    );
}

#[tokio::test]
async fn a_log_in_that_ended_during_the_handshake_opens_no_socket() {
    for (answer, told) in [
        (Ok(false), OpenSocketError::SessionEnded),
        (Err(away()), OpenSocketError::Store(away())),
    ] {
        let open_socket = OpenSocket {
            users: Arc::new(MockUserStore::new()),
            sessions: log_in_that(answer),
            rooms: Arc::new(MockRoomStore::new()),
            rooms_per_socket: LIMIT,
        };
        assert_eq!(open_socket.execute(caller(), vec![]).await, Err(told));
    }
}

#[tokio::test]
async fn an_account_that_is_gone_opens_no_socket() {
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Ok(None));
    assert_eq!(
        open(users, MockRoomStore::new(), &[]).await,
        Err(OpenSocketError::UserNotFound)
    );
}

#[tokio::test]
async fn a_store_that_is_away_forbids_nothing() {
    let mut no_user = MockUserStore::new();
    no_user.expect_by_id().return_const(Err(away()));
    let mut no_rooms = MockRoomStore::new();
    no_rooms.expect_snapshots().return_const(Err(away()));
    for (users, rooms) in [(no_user, MockRoomStore::new()), (users(), no_rooms)] {
        assert_eq!(
            open(users, rooms, &[10]).await,
            Err(OpenSocketError::Store(away()))
        );
    }
}
