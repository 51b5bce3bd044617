use domain::ports::{MockMemberStore, MockRoomStore};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, id};

const MOST: u64 = 10;

fn gone(room: u64, seq: u64) -> Departure {
    Departure {
        room_id: id(room),
        seq: Seq(seq),
    }
}

/// Ann comes back into these rooms with all up to number 3; she was in none of them when that was asked first. Then each
/// store is asked in turn, about the rooms that nothing is known of yet: these are the answers.
async fn resume(
    since: &[u64],
    departures: Vec<Departure>,
    snapshots: Vec<RoomSnapshot>,
    departures_again: Option<(u64, StoreResult<Vec<Departure>>)>,
) -> StoreResult<Vec<Resumption>> {
    let mut order = Sequence::new();
    let (mut members, mut rooms) = (MockMemberStore::new(), MockRoomStore::new());
    members
        .expect_departures()
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(departures));
    rooms
        .expect_snapshots()
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(snapshots));
    if let Some((room, answer)) = departures_again {
        members
            .expect_departures()
            .with(eq(ann().id), eq(vec![id(room)]))
            .times(1)
            .in_sequence(&mut order)
            .return_const(answer);
    }
    let standing = Standing {
        rooms: Arc::new(rooms),
        members: Arc::new(members),
        most: MOST,
    };
    let since = since.iter().map(|room| (id(*room), Seq(3))).collect();
    standing.resume(ann().id, since, &mut Vec::new()).await
}

/// She was let in after the first look at her rooms, so that she had left none; and was put out before the second.
#[tokio::test]
async fn who_is_let_in_and_put_out_between_the_questions_is_told_how_it_ended() {
    let again = (10, Ok(vec![gone(10, 7)]));
    let resumed = resume(&[10], vec![], vec![], Some(again)).await;
    let missed = Missed::new(id(10), Seq(3), Seq(7), MOST);
    assert_eq!(resumed, Ok(vec![Resumption::Ended(missed)]));
}

#[tokio::test]
async fn only_what_is_in_neither_answer_is_asked_for_again() {
    let back = RoomSnapshot {
        room_id: id(11),
        last_seq: Seq(5),
        last_read_seq: Seq(5),
        unread: 0,
    };
    let again = (12, Ok(vec![]));
    let resumed = resume(&[10, 11, 12], vec![gone(10, 7)], vec![back], Some(again)).await;
    let mut resumed = resumed.unwrap();
    resumed.sort_unstable_by_key(|it| match it {
        Resumption::Stays(missed) | Resumption::Ended(missed) => missed.room_id,
        Resumption::Gone(room) => *room,
    });
    let missed = |room, to| Missed::new(id(room), Seq(3), Seq(to), MOST);
    let expected = [
        Resumption::Ended(missed(10, 7)),
        Resumption::Stays(missed(11, 5)),
        Resumption::Gone(id(12)),
    ];
    assert_eq!(resumed, expected);
}

#[tokio::test]
async fn what_is_known_of_all_is_asked_for_once() {
    let back = RoomSnapshot {
        room_id: id(11),
        last_seq: Seq(3),
        last_read_seq: Seq(3),
        unread: 0,
    };
    let resumed = resume(&[10, 11], vec![gone(10, 3)], vec![back], None).await;
    assert_eq!(resumed.map(|all| all.len()), Ok(2));
}

#[tokio::test]
async fn a_store_that_goes_away_meanwhile_is_no_end() {
    let resumed = resume(&[10], vec![], vec![], Some((10, Err(away())))).await;
    assert_eq!(resumed, Err(away()));
}
