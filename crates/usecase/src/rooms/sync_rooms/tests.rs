use domain::{
    MessageId,
    ports::{Departure, MockMemberStore, MockRoomLog, MockRoomStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, bob, caller, event, id, member_left, message, now, room};

mod world;

use world::{World, at, bytes_of, kept, seqs};

/// The numbers of what is told of each room that has changed.
fn told(changes: &Changes) -> Vec<(RoomId, Option<Vec<u64>>)> {
    let rooms = changes.rooms.iter();
    rooms
        .map(|changed| (changed.room.id, changed.events.as_deref().map(seqs)))
        .collect()
}

/// As [`told`], of the rooms that are Ann's no longer, with the reason and the number of the end.
type Removed = (RoomId, RemovalReason, Option<(Seq, Option<Vec<u64>>)>);

fn removed(changes: &Changes) -> Vec<Removed> {
    let rooms = changes.removed.iter();
    let end = |end: &End| (end.last_seq, end.events.as_deref().map(seqs));
    rooms
        .map(|removed| {
            (
                removed.room_id,
                removed.reason,
                removed.end.as_ref().map(end),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_client_that_knows_nothing_is_told_every_room_and_no_event() {
    let changes = World::of(&[(11, 4), (10, 7)]).sync(&[]).await.unwrap();
    assert_eq!(told(&changes), [(id(11), None), (id(10), None)]);
    let first = &changes.rooms[0];
    assert_eq!(
        (first.room.last_seq, first.snapshot.last_seq),
        (Seq(4), Seq(4)),
        "one truth"
    );
    assert_eq!(changes.next, kept(&[(10, 7), (11, 4)]));
    assert!(!changes.has_more && changes.removed.is_empty());
}

#[tokio::test]
async fn what_was_missed_is_told_up_to_the_snapshot_and_no_further() {
    let mut world = World::of(&[(10, 7)]);
    world.logs_reach = 9;
    let changes = world.sync(&[(10, 4)]).await.unwrap();
    assert_eq!(told(&changes), [(id(10), Some(vec![5, 6, 7]))]);
    assert_eq!(changes.next, kept(&[(10, 7)]));
}

#[tokio::test]
async fn what_has_not_changed_costs_one_query_for_all_and_is_not_told() {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .times(1)
        .return_const(Ok(vec![at(10, 7), at(11, 4)]));
    let known = [(10, 7), (11, 4)];
    let changes = World::ask(rooms, MockMemberStore::new(), MockRoomLog::new(), &known).await;
    let nothing = Changes {
        next: kept(&known),
        ..Changes::default()
    };
    assert_eq!(changes, Ok(nothing));
}

#[tokio::test]
async fn of_more_than_is_told_nothing_is() {
    for (since, events) in [
        (4, Some(vec![5, 6, 7])),
        (3, None),
        (0, None),
        // What the log does not hold.
        (8, None),
        (u64::MAX, None),
    ] {
        let mut world = World::of(&[(10, 7)]);
        world.resume_max_events = 3;
        let changes = world.sync(&[(10, since)]).await.unwrap();
        assert_eq!(told(&changes), [(id(10), events)], "since {since}");
        assert_eq!(changes.next, kept(&[(10, 7)]), "since {since}");
    }
}

#[tokio::test]
async fn a_log_that_lacks_something_is_not_told_in_part() {
    let mut world = World::of(&[(10, 7)]);
    world.logs_reach = 6;
    let changes = world.sync(&[(10, 4)]).await.unwrap();
    assert_eq!(told(&changes), [(id(10), None)]);
}

#[tokio::test]
async fn a_room_that_the_caller_came_into_meanwhile_is_new() {
    let world = World::of(&[(11, 4), (10, 7)]);
    let changes = world.sync(&[(10, 6)]).await.unwrap();
    assert_eq!(told(&changes), [(id(11), None), (id(10), Some(vec![7]))]);
    assert_eq!(changes.next, kept(&[(10, 7), (11, 4)]));
}

#[tokio::test]
async fn a_membership_that_ended_is_told_to_its_end_with_the_reason() {
    let mine = member_left(&ann());
    for (kind, by, reason) in [
        (mine.clone(), ann().id, RemovalReason::Left),
        (mine, bob().id, RemovalReason::Removed),
        (
            RoomEventKind::RoomDeleted,
            bob().id,
            RemovalReason::RoomDeleted,
        ),
        (
            RoomEventKind::RoomDeleted,
            ann().id,
            RemovalReason::RoomDeleted,
        ),
    ] {
        for (since, events) in [(3, Some(vec![4, 5])), (4, Some(vec![5])), (1, None)] {
            let mut world = World::of(&[(10, 7)]);
            world.resume_max_events = 3;
            world.ended = vec![(11, 5, kind.clone(), by)];
            let changes = world.sync(&[(10, 7), (11, since)]).await.unwrap();
            assert_eq!(
                removed(&changes),
                [(id(11), reason, Some((Seq(5), events)))],
                "since {since}"
            );
            // Told once: the next answer does not know of it any more.
            assert_eq!(changes.next, kept(&[(10, 7)]));
        }
    }
}

/// Ann was removed by number 6; the message of number 5 had another text since, by number 7.
#[tokio::test]
async fn who_is_out_is_not_shown_what_was_written_after_the_end_and_a_member_is() {
    for (is_out, text) in [(true, ""), (false, "soup is ready")] {
        let (mut rooms, mut members) = (MockRoomStore::new(), MockMemberStore::new());
        let (mine, gone) = match is_out {
            true => (
                vec![],
                vec![Departure {
                    room_id: id(10),
                    seq: Seq(6),
                }],
            ),
            false => (vec![at(10, 6)], vec![]),
        };
        rooms.expect_snapshots().return_const(Ok(mine));
        rooms.expect_of_user().return_const(Ok(vec![room()]));
        members.expect_departures().return_const(Ok(gone));
        let mut edited = message(5);
        edited.edited_seq = Some(Seq(7));
        let numbered = |seq, kind| RoomEvent {
            seq: Seq(seq),
            ..event(kind)
        };
        let events = vec![
            numbered(5, RoomEventKind::MessageSent(edited)),
            numbered(6, member_left(&ann())),
        ];
        let mut log = MockRoomLog::new();
        log.expect_read().return_const(Ok(events));
        let changes = World::ask(rooms, members, log, &[(10, 4)]).await.unwrap();
        let told = match is_out {
            true => changes.removed[0].end.as_ref().unwrap().events.as_ref(),
            false => changes.rooms[0].events.as_ref(),
        };
        let RoomEventKind::MessageSent(shown) = &told.unwrap()[0].kind else {
            panic!("{told:?}");
        };
        assert_eq!(shown.content.as_str(), text, "is out: {is_out}");
    }
}

#[tokio::test]
async fn an_end_that_is_known_and_a_room_that_never_was_the_callers_are_the_same() {
    for since in [5, 6, u64::MAX] {
        let mut world = World::of(&[]);
        world.ended = vec![(11, 5, RoomEventKind::RoomDeleted, bob().id)];
        let changes = world.sync(&[(11, since)]).await.unwrap();
        let bare = |number| (id(number), RemovalReason::Removed, None);
        assert_eq!(removed(&changes), [bare(11)], "since {since}");
        let changes = world.sync(&[(99, since)]).await.unwrap();
        assert_eq!(removed(&changes), [bare(99)], "since {since}");
        assert_eq!(changes.next, Positions::new());
    }
}

/// Between the two questions Ann came back: she was in no room at the first, and had left none at the second.
#[tokio::test]
async fn who_comes_back_at_that_moment_is_not_told_that_they_are_out() {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(None))
        .times(1)
        .return_const(Ok(vec![]));
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(Some(vec![id(10)])))
        .times(1)
        .return_const(Ok(vec![at(10, 7)]));
    rooms.expect_of_user().return_const(Ok(vec![room()]));
    let mut members = MockMemberStore::new();
    members.expect_departures().return_const(Ok(vec![]));
    let log = World::of(&[(10, 7)]).log();
    let changes = World::ask(rooms, members, log, &[(10, 5)]).await.unwrap();
    assert_eq!(told(&changes), [(id(10), Some(vec![6, 7]))]);
    assert_eq!(changes.removed, []);
}

/// The snapshot still had the room; then Ann was removed.
#[tokio::test]
async fn a_room_that_goes_at_that_moment_is_told_by_the_next_answer() {
    for (known, next) in [(&[(10, 5)][..], kept(&[(10, 5)])), (&[], kept(&[]))] {
        let mut rooms = MockRoomStore::new();
        rooms.expect_snapshots().return_const(Ok(vec![at(10, 7)]));
        rooms.expect_of_user().return_const(Ok(vec![]));
        let (members, log) = (MockMemberStore::new(), MockRoomLog::new());
        let changes = World::ask(rooms, members, log, known).await;
        let later = Changes {
            next,
            has_more: true,
            ..Changes::default()
        };
        assert_eq!(changes, Ok(later));
    }
}

#[tokio::test]
async fn an_answer_bears_so_many_events_and_its_next_goes_on() {
    let mut world = World::of(&[(10, 7), (11, 4), (12, 30), (14, 2)]);
    world.ended = vec![(13, 5, RoomEventKind::RoomDeleted, bob().id)];
    world.max_events = 5;
    let mut known = kept(&[(10, 3), (11, 3), (12, 10), (13, 2)]);
    let (mut all, mut ends, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let changes = world.sync_from(known).await.unwrap();
        let of_room = |(room, events): (RoomId, Option<Vec<u64>>)| {
            let events = events.unwrap_or_default();
            events.into_iter().map(move |seq| (room, seq))
        };
        let events: Vec<_> = told(&changes).into_iter().flat_map(of_room).collect();
        let gone = removed(&changes);
        let of_ends = gone
            .iter()
            .filter_map(|(_, _, end)| end.as_ref()?.1.as_ref());
        answers.push(events.len() + of_ends.map(Vec::len).sum::<usize>());
        all.extend(events);
        ends.extend(gone);
        known = changes.next;
        if !changes.has_more {
            break;
        }
    }
    // One room is too much for any answer, and has one to itself.
    assert_eq!(answers, [20, 5, 3]);
    let expected = (4..=7)
        .map(|seq| (id(10), seq))
        .chain([(id(11), 4)])
        .chain((11..=30).map(|seq| (id(12), seq)));
    all.sort_unstable();
    assert_eq!(all, expected.collect::<Vec<_>>());
    let end = (
        id(13),
        RemovalReason::RoomDeleted,
        Some((Seq(5), Some(vec![3, 4, 5]))),
    );
    assert_eq!(ends, [end]);
    assert_eq!(known, kept(&[(10, 7), (11, 4), (12, 30), (14, 2)]));
    let after = world.sync_from(known.clone()).await.unwrap();
    let nothing = Changes {
        next: known,
        ..Changes::default()
    };
    assert_eq!(after, nothing);
}

#[tokio::test]
async fn an_answer_bears_so_many_bytes_and_its_next_goes_on() {
    let mut world = World::of(&[(10, 7), (11, 4), (12, 30), (14, 2)]);
    world.ended = vec![(13, 5, RoomEventKind::RoomDeleted, bob().id)];
    world.max_bytes = bytes_of(5);
    let first = world
        .sync(&[(10, 3), (11, 3), (12, 10), (13, 2), (14, 2)])
        .await
        .unwrap();
    // More than any answer bears is not told, and takes no place; the ended one finds none any more.
    assert_eq!(
        told(&first),
        [(id(10), Some(vec![4, 5, 6, 7])), (id(12), None)]
    );
    assert_eq!(removed(&first), []);
    assert_eq!(
        first.next,
        kept(&[(10, 7), (11, 3), (12, 30), (13, 2), (14, 2)])
    );
    assert!(first.has_more);
    let second = world.sync_from(first.next).await.unwrap();
    assert_eq!(told(&second), [(id(11), Some(vec![4]))]);
    let end = Some((Seq(5), Some(vec![3, 4, 5])));
    assert_eq!(
        removed(&second),
        [(id(13), RemovalReason::RoomDeleted, end)]
    );
    assert_eq!(second.next, kept(&[(10, 7), (11, 4), (12, 30), (14, 2)]));
    assert!(!second.has_more);
}

#[tokio::test]
async fn an_end_that_is_too_much_for_any_answer_is_told_bare_with_its_reason() {
    let mut world = World::of(&[]);
    world.ended = vec![(13, 50, RoomEventKind::RoomDeleted, bob().id)];
    world.max_bytes = bytes_of(5);
    let changes = world.sync(&[(13, 2)]).await.unwrap();
    let end = Some((Seq(50), None));
    assert_eq!(
        removed(&changes),
        [(id(13), RemovalReason::RoomDeleted, end)]
    );
    assert!(!changes.has_more && changes.next.is_empty());
}

#[tokio::test]
async fn a_client_names_so_many_rooms_and_a_cursor_holds_as_many() {
    let mut world = World::of(&[(10, 7), (11, 4), (12, 30)]);
    world.max_rooms = 2;
    let many = world.sync(&[(10, 7), (11, 4), (12, 30)]).await;
    assert_eq!(many, Err(SyncRoomsError::TooManyRooms));
    let changes = world.sync(&[(12, 30)]).await.unwrap();
    assert_eq!(changes.next, kept(&[(10, 7), (12, 30)]));
    // What found no place is new each time; it is not forgotten.
    let again = world.sync_from(changes.next.clone()).await.unwrap();
    assert_eq!(told(&again), [(id(11), None)]);
    assert_eq!(again.next, changes.next);
    assert!(!again.has_more);
}

#[tokio::test]
async fn a_store_that_is_away_is_not_a_room_without_changes() {
    let snapshots = |answer: StoreResult<Vec<RoomSnapshot>>| {
        let mut rooms = MockRoomStore::new();
        rooms.expect_snapshots().return_const(answer);
        rooms
    };
    let no_departures = || {
        let mut members = MockMemberStore::new();
        members.expect_departures().return_const(Err(away()));
        members
    };
    let mut no_entities = snapshots(Ok(vec![at(10, 7)]));
    no_entities.expect_of_user().return_const(Err(away()));
    let mut no_log = snapshots(Ok(vec![at(10, 7)]));
    no_log.expect_of_user().return_const(Ok(vec![room()]));
    for rooms in [
        snapshots(Err(away())),
        snapshots(Ok(vec![])),
        no_entities,
        no_log,
    ] {
        let mut log = MockRoomLog::new();
        log.expect_read().return_const(Err(away()));
        let answer = World::ask(rooms, no_departures(), log, &[(10, 5)]).await;
        assert_eq!(answer, Err(SyncRoomsError::Store(away())));
    }
}
