use domain::{Member, MessageId, Role, RoomEventKind, RoomId, Timestamp, values::Username};
use uuid::Uuid;

use super::*;

mod model;
mod resuming;

const ROOM: RoomId = RoomId(Uuid::from_u128(1));

fn user(number: u8) -> UserId {
    UserId(Uuid::from_u128(0x100 + u128::from(number)))
}

fn socket(number: u32) -> ConnectionId {
    ConnectionId(Uuid::from_u128(0x200 + u128::from(number)))
}

fn event(seq: u64, kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id: ROOM,
        seq: Seq(seq),
        actor_id: user(0),
        at: Timestamp::UNIX_EPOCH,
        members: None,
        kind,
    }
}

/// The cheapest of the kinds that take nobody in or out.
fn told(seq: u64) -> RoomEvent {
    let message_id = MessageId(Uuid::from_u128(u128::from(seq)));
    event(seq, RoomEventKind::MessageDeleted { message_id })
}

fn left(seq: u64, user_id: UserId) -> RoomEvent {
    event(
        seq,
        RoomEventKind::MemberLeft {
            user_id,
            username: None,
            guest_id: None,
        },
    )
}

fn joined(seq: u64, user_id: UserId) -> RoomEvent {
    let member = Member {
        user_id,
        username: Username::parse("somebody").unwrap(),
        guest_id: None,
        role: Role::Member,
        joined_at: Timestamp::UNIX_EPOCH,
    };
    event(seq, RoomEventKind::MemberJoined(member))
}

/// A member who has all up to `after`, and was one at `member_as_of`.
fn member(number: u8, after: u64, member_as_of: u64) -> Join {
    Join {
        after: Seq(after),
        ..Join::live(user(number), Seq(member_as_of))
    }
}

/// A feed at `position`, with socket 1 of user 1, who is live.
fn live_at(position: u64) -> RoomFeed {
    let mut feed = RoomFeed::new(Seq(position));
    feed.join(socket(1), member(1, position, position));
    feed.told_head(Seq(position));
    assert_eq!(feed.wants(), None);
    feed
}

/// A queue that takes all.
fn takes_all(_: ConnectionId, _: &RoomEvent) -> bool {
    true
}

/// Which numbers a socket got, in the order in which it got them.
fn numbers(of: ConnectionId, said: &[FeedOutput]) -> Vec<u64> {
    let got = said.iter().filter_map(|each| match each {
        FeedOutput::Event { event, to } if to.contains(&of) => Some(event.seq.0),
        _ => None,
    });
    got.collect()
}

/// Who was taken out, in the order of their sockets.
fn dropped(said: &[FeedOutput]) -> Vec<ConnectionId> {
    let dropped = said.iter().filter_map(|each| match each {
        FeedOutput::Dropped { id, .. } => Some(*id),
        _ => None,
    });
    let mut dropped: Vec<_> = dropped.collect();
    dropped.sort_unstable();
    dropped
}

#[test]
fn what_comes_in_order_is_given_without_a_read() {
    let mut feed = live_at(4);
    assert_eq!(numbers(socket(1), &feed.heard(told(5).into())), [5]);
    assert_eq!(numbers(socket(1), &feed.heard(told(6).into())), [6]);
    assert_eq!(feed.wants(), None);
}

#[test]
fn what_is_heard_again_is_given_once() {
    let mut feed = live_at(4);
    feed.heard(told(5).into());
    assert!(feed.heard(told(5).into()).is_empty());
    assert!(feed.heard(told(3).into()).is_empty());
    assert_eq!(feed.wants(), None);
}

#[test]
fn a_missing_number_is_waited_for_before_the_log_is_read() {
    let mut feed = live_at(4);
    assert!(feed.heard(told(6).into()).is_empty());
    assert_eq!(feed.wants(), Some(ReadRequest::Soon));
    assert_eq!(numbers(socket(1), &feed.heard(told(5).into())), [5, 6]);
    assert_eq!(feed.wants(), None);
}

#[test]
fn a_number_that_does_not_come_is_read_from_the_log() {
    let mut feed = live_at(4);
    feed.heard(told(7).into());
    feed.gap_due();
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(vec![told(5), told(6)], true, takes_all);
    assert_eq!(numbers(socket(1), &said), [5, 6, 7]);
    assert_eq!(feed.wants(), None);
}

#[test]
fn a_wait_that_ends_after_its_gap_was_closed_leaves_the_next_gap_its_own_wait() {
    let mut feed = live_at(4);
    feed.heard(told(6).into());
    feed.heard(told(5).into());
    feed.gap_due();
    feed.heard(told(8).into());
    assert_eq!(feed.wants(), Some(ReadRequest::Soon));
}

#[test]
fn a_head_that_is_told_during_a_read_makes_another_read() {
    let mut feed = live_at(4);
    feed.told_head(Seq(5));
    feed.read_starts();
    feed.told_head(Seq(6));
    feed.read(vec![told(5)], true, takes_all);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(5))));
}

#[test]
fn a_head_that_is_known_makes_no_read() {
    let mut feed = live_at(4);
    feed.told_head(Seq(4));
    feed.told_head(Seq(3));
    assert_eq!(feed.wants(), None);
}

#[test]
fn a_read_that_failed_is_wanted_again() {
    let mut feed = live_at(4);
    feed.told_head(Seq(5));
    feed.read_starts();
    feed.read_failed();
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
}

#[test]
fn who_comes_late_is_fed_from_the_log_and_then_goes_live() {
    let mut feed = live_at(4);
    feed.join(socket(2), member(2, 2, 2));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(2))));
    feed.read_starts();
    assert_eq!(numbers(socket(2), &feed.heard(told(5).into())), [0; 0]);
    let said = feed.read(vec![told(3), told(4), told(5)], true, takes_all);
    assert_eq!(numbers(socket(2), &said), [3, 4, 5]);
    assert_eq!(numbers(socket(1), &said), [0; 0]);
    let said = feed.heard(told(6).into());
    assert_eq!(numbers(socket(2), &said), [6]);
}

#[test]
fn who_knows_more_than_the_feed_waits_for_it_in_front() {
    let mut feed = live_at(4);
    feed.join(socket(2), member(2, 6, 6));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(vec![told(5), told(6), told(7)], true, takes_all);
    assert_eq!(numbers(socket(1), &said), [5, 6, 7]);
    assert_eq!(numbers(socket(2), &said), [7]);
}

#[test]
fn who_leaves_the_room_hears_that_and_nothing_after() {
    let mut feed = live_at(4);
    feed.join(socket(2), member(2, 4, 4));
    let said = feed.heard(left(5, user(2)).into());
    assert_eq!(numbers(socket(2), &said), [5]);
    assert_eq!(dropped(&said), [socket(2)]);
    let said = feed.heard(told(6).into());
    assert_eq!(numbers(socket(1), &said), [6]);
    assert_eq!(numbers(socket(2), &said), [0; 0]);
}

#[test]
fn an_earlier_departure_does_not_take_out_who_came_back() {
    let mut feed = live_at(9);
    feed.join(socket(2), member(2, 4, 7));
    feed.read_starts();
    let log = vec![left(5, user(2)), told(6), joined(7, user(2)), told(8)];
    assert_eq!(
        numbers(socket(2), &feed.read(log, false, takes_all)),
        [5, 6, 7, 8]
    );
}

#[test]
fn who_joins_again_keeps_the_place_and_is_known_to_be_a_member() {
    let mut feed = live_at(4);
    feed.join(socket(1), member(1, 6, 6));
    let mut said = feed.heard(left(5, user(1)).into());
    said.extend(feed.heard(joined(6, user(1)).into()));
    assert_eq!(numbers(socket(1), &said), [5, 6]);
    assert!(dropped(&said).is_empty());
}

#[test]
fn the_end_of_the_room_takes_everybody_out() {
    let mut feed = live_at(4);
    feed.join(socket(2), member(2, 4, 4));
    let said = feed.heard(event(5, RoomEventKind::RoomDeleted).into());
    for id in [socket(1), socket(2)] {
        assert_eq!(numbers(id, &said), [5]);
    }
    assert_eq!(dropped(&said), [socket(1), socket(2)]);
    assert_eq!(feed.listeners().count(), 0);
    assert_eq!(feed.wants(), None);
}

#[test]
fn what_waits_for_a_missing_number_is_bounded_and_the_rest_comes_from_the_log() {
    let mut feed = live_at(0);
    let last = MAX_EARLY as u64 + 12;
    for seq in 2..=last {
        feed.heard(told(seq).into());
    }
    assert_eq!(feed.early.len(), MAX_EARLY);
    let mut said = feed.heard(told(1).into());
    while let Some(request) = feed.wants() {
        let ReadRequest::Now(Seq(after)) = request else {
            panic!("nothing is on its way any more");
        };
        feed.read_starts();
        said.extend(feed.read((after + 1..=last).map(told).collect(), true, takes_all));
    }
    assert!(numbers(socket(1), &said).into_iter().eq(1..=last));
}

#[test]
fn nobody_who_listens_means_nothing_to_read() {
    let mut feed = live_at(4);
    feed.told_head(Seq(5));
    assert!(feed.leave(socket(1)));
    assert_eq!(feed.wants(), None);
}

#[test]
fn what_the_log_does_not_hold_though_it_was_told_before_the_read_is_forgotten() {
    let mut feed = live_at(4);
    feed.heard(told(9).into());
    feed.gap_due();
    feed.read_starts();
    // Told while it is read: the log need not hold it yet.
    feed.heard(told(7).into());
    assert!(feed.read(Vec::new(), true, takes_all).is_empty());
    assert_eq!(feed.take_phantoms(), 1);
    assert_eq!(feed.wants(), Some(ReadRequest::Soon));
    feed.heard(told(5).into());
    assert_eq!(numbers(socket(1), &feed.heard(told(6).into())), [6, 7]);
    assert_eq!(feed.wants(), None);
}

#[test]
fn what_passes_while_nobody_reads_the_log_is_not_kept() {
    let mut feed = live_at(5);
    feed.join(socket(2), member(2, 1, 5));
    feed.hold(socket(2));
    for seq in 6..=9 {
        feed.heard(told(seq).into());
    }
    assert!(feed.passed.is_empty());
    feed.release(socket(2));
    feed.read_starts();
    feed.heard(told(10).into());
    assert_eq!(feed.passed.len(), 1);
    feed.read_failed();
    assert!(feed.passed.is_empty());
}
