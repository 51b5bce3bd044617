use domain::{
    Seq, StoreResult,
    ports::{Departure, MockMemberStore, MockRoomStore, MockSessionStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, caller, id};

const LIMIT: usize = 3;

/// The use case, with these answers.
fn open_socket(
    sessions: MockSessionStore,
    rooms: MockRoomStore,
    members: MockMemberStore,
) -> OpenSocket {
    OpenSocket {
        sessions: Arc::new(sessions),
        standing: Standing {
            rooms: Arc::new(rooms),
            members: Arc::new(members),
            most: 3,
        },
        rooms_per_socket: LIMIT,
    }
}

async fn open(sessions: MockSessionStore, named: &[u64]) -> Result<SocketStart, OpenSocketError> {
    let (rooms, members) = (MockRoomStore::new(), MockMemberStore::new());
    open_since(sessions, rooms, members, named, &[]).await
}

async fn open_since(
    sessions: MockSessionStore,
    rooms: MockRoomStore,
    members: MockMemberStore,
    named: &[u64],
    since: &[(u64, u64)],
) -> Result<SocketStart, OpenSocketError> {
    let named = named.iter().copied().map(id).collect();
    let since = since.iter().map(|(room, seq)| (id(*room), Seq(*seq)));
    open_socket(sessions, rooms, members)
        .execute(caller(), named, since.collect())
        .await
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

/// What the store says of whoever comes by a log-in.
fn told(answer: StoreResult<Option<Arrival>>) -> MockSessionStore {
    let mut sessions = MockSessionStore::new();
    sessions.expect_arrival().return_const(answer);
    sessions
}

/// Ann, who is in rooms 10 to 13; asked for these rooms alone, or for all.
fn rooms_asked(only: Option<&[u64]>) -> MockSessionStore {
    let hers = [10, 11, 12, 13];
    let found: Vec<u64> = hers
        .into_iter()
        .filter(|room| only.is_none_or(|only| only.contains(room)))
        .collect();
    let only: Option<Vec<RoomId>> = only.map(|only| only.iter().copied().map(id).collect());
    let mut sessions = MockSessionStore::new();
    sessions
        .expect_arrival()
        .with(eq(caller().session_id), eq(ann().id), eq(only))
        .times(1)
        .return_const(Ok(Some(Arrival {
            user: ann(),
            rooms: snapshots(&found),
        })));
    sessions
}

#[tokio::test]
async fn a_socket_that_names_no_room_follows_all_of_them_however_many_and_later_ones_too() {
    assert_eq!(
        open(rooms_asked(None), &[]).await,
        Ok(SocketStart {
            user: ann(),
            rooms: snapshots(&[10, 11, 12, 13]),
            resumptions: vec![],
            follows_all: true,
        })
    );
}

#[tokio::test]
async fn a_newcomer_without_rooms_gets_a_socket() {
    let (user, rooms) = (ann(), vec![]);
    let start = open(told(Ok(Some(Arrival { user, rooms }))), &[]);
    let start = start.await.unwrap();
    assert_eq!(start.rooms, []);
    assert!(start.follows_all);
}

#[tokio::test]
async fn a_socket_follows_the_rooms_that_it_names_and_no_later_ones() {
    assert_eq!(
        open(rooms_asked(Some(&[10, 12])), &[12, 10]).await,
        Ok(SocketStart {
            user: ann(),
            rooms: snapshots(&[10, 12]),
            resumptions: vec![],
            follows_all: false,
        })
    );
}

#[tokio::test]
async fn a_room_that_is_named_twice_is_followed_once() {
    let start = open(rooms_asked(Some(&[10, 12])), &[12, 10, 12])
        .await
        .unwrap();
    assert_eq!(start.rooms, snapshots(&[10, 12]));
}

#[tokio::test]
async fn one_room_that_is_not_the_callers_refuses_the_whole_socket() {
    for named in [&[99][..], &[10, 99]] {
        assert_eq!(
            open(rooms_asked(Some(named)), named).await,
            Err(OpenSocketError::RoomForbidden),
            "{named:?}"
        );
    }
}

#[tokio::test]
async fn a_socket_names_as_many_rooms_as_are_allowed_and_not_one_more() {
    let start = open(rooms_asked(Some(&[10, 11, 12])), &[10, 11, 12])
        .await
        .unwrap();
    assert_eq!(start.rooms.len(), LIMIT);
    assert_eq!(
        open(MockSessionStore::new(), &[10, 11, 12, 13]).await,
        Err(OpenSocketError::TooManyRooms)
    );
}

#[tokio::test]
async fn a_log_in_that_ended_during_the_handshake_opens_no_socket() {
    let opened = open(told(Ok(None)), &[]).await;
    assert_eq!(opened, Err(OpenSocketError::SessionEnded));
}

#[tokio::test]
async fn a_store_that_is_away_forbids_nothing() {
    let opened = open(told(Err(away())), &[10]).await;
    assert_eq!(opened, Err(OpenSocketError::Store(away())));
}

#[tokio::test]
async fn a_client_comes_back_into_each_room_as_its_membership_allows() {
    let mut members = MockMemberStore::new();
    members
        .expect_departures()
        .with(eq(ann().id), eq(vec![id(22)]))
        .times(1)
        .return_const(Ok(vec![]));
    members
        .expect_departures()
        .times(1)
        .returning(|user, mut rooms| {
            rooms.sort();
            assert_eq!((user, rooms), (ann().id, vec![id(20), id(21), id(22)]));
            let ended = |room| Departure {
                room_id: id(room),
                seq: Seq(9),
            };
            Ok(vec![ended(20), ended(21)])
        });
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(Some(vec![id(22)])))
        .times(1)
        .return_const(Ok(vec![]));
    let open_it = async |rooms, members, since: &[(u64, u64)]| {
        let start = open_since(rooms_asked(None), rooms, members, &[], since).await;
        let mut resumptions = start.unwrap().resumptions;
        resumptions.sort_by_key(|it| match it {
            Resumption::Stays(missed) | Resumption::Ended(missed) => missed.room_id,
            Resumption::Gone(room_id) => *room_id,
        });
        resumptions
    };
    let missed = |room, from, to, recovered| domain::Missed {
        room_id: id(room),
        from: Seq(from),
        to: Seq(to),
        recovered,
    };
    let since = [(20, 8), (21, 9), (22, 1)];
    assert_eq!(
        open_it(rooms, members, &since).await,
        [
            Resumption::Ended(missed(20, 8, 9, true)),
            Resumption::Gone(id(21)),
            Resumption::Gone(id(22)),
        ]
    );
    let since = [(10, 4), (11, 3), (13, 8)];
    assert_eq!(
        open_it(MockRoomStore::new(), MockMemberStore::new(), &since).await,
        [
            Resumption::Stays(missed(10, 4, 7, true)),
            Resumption::Stays(missed(11, 3, 7, false)),
            Resumption::Stays(missed(13, 8, 7, false)),
        ]
    );
}

#[tokio::test]
async fn who_is_let_in_again_during_the_handshake_is_not_told_to_be_out() {
    let mut members = MockMemberStore::new();
    members.expect_departures().return_const(Ok(vec![]));
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(Some(vec![id(20)])))
        .times(1)
        .return_const(Ok(snapshots(&[20])));
    let start = open_since(rooms_asked(None), rooms, members, &[], &[(20, 7)]).await;
    let start = start.unwrap();
    assert_eq!(start.rooms, snapshots(&[10, 11, 12, 13, 20]));
    assert!(matches!(&start.resumptions[..], [Resumption::Stays(_)]));
}

#[tokio::test]
async fn what_the_client_has_is_of_rooms_that_it_names() {
    let started = async |named: &[u64]| {
        let (sessions, rooms) = (MockSessionStore::new(), MockRoomStore::new());
        open_since(sessions, rooms, MockMemberStore::new(), named, &[(11, 1)]).await
    };
    assert_eq!(started(&[10]).await, Err(OpenSocketError::NotNamed));
    let many = [(1, 1), (2, 1), (3, 1), (4, 1)];
    let (sessions, rooms) = (MockSessionStore::new(), MockRoomStore::new());
    let started = open_since(sessions, rooms, MockMemberStore::new(), &[], &many).await;
    assert_eq!(started, Err(OpenSocketError::TooManyRooms));
}
