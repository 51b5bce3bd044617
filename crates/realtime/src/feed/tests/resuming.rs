//! How those who were away come back.

mod ending;

use super::*;

/// A member of a room whose log was seen to reach `to`, who has all up to `from` and starts there.
fn back(number: u8, from: u64, to: u64) -> Join {
    Join {
        anew: true,
        resumes_to: Some(Seq(to)),
        ..member(number, from, to)
    }
}

/// Somebody who has all up to `from`, and whose membership ended with `end`.
fn former(number: u8, from: u64, end: u64) -> Join {
    Join {
        ends_at: Some(Seq(end)),
        ..back(number, from, end)
    }
}

fn resumed(number: u32, from: u64, to: u64) -> FeedOutput {
    FeedOutput::Resumed {
        id: socket(number),
        from: Seq(from),
        to: Seq(to),
    }
}

/// What one socket is told, in short: numbers, `resumed`, `dropped`.
fn told_to(of: ConnectionId, said: &[FeedOutput]) -> Vec<String> {
    let told = said.iter().filter_map(|each| match each {
        FeedOutput::Event { event, to } => to.contains(&of).then(|| event.seq.to_string()),
        FeedOutput::Resumed { id, from, to } => (*id == of).then(|| format!("resumed {from}-{to}")),
        FeedOutput::Ends { id, event } => (*id == of).then(|| format!("ends {}", event.seq)),
        FeedOutput::Dropped { id, event } => (*id == of).then(|| format!("dropped {}", event.seq)),
    });
    told.collect()
}

fn log(from: u64, to: u64) -> Vec<RoomEvent> {
    (from..=to).map(told).collect()
}

#[test]
fn who_missed_nothing_has_resumed_at_once() {
    let mut feed = live_at(4);
    let said = feed.join(socket(2), back(2, 4, 4));
    assert_eq!(said, [resumed(2, 4, 4)]);
    assert_eq!(feed.wants(), None);
}

#[test]
fn who_is_live_from_a_snapshot_on_is_not_told_to_have_resumed() {
    let mut feed = live_at(4);
    assert_eq!(feed.join(socket(2), member(2, 4, 4)), []);
    let said = feed.heard(told(5).into());
    assert_eq!(told_to(socket(2), &said), ["5"]);
}

#[test]
fn who_comes_back_has_resumed_once_it_is_live_and_only_once() {
    let mut feed = live_at(9);
    assert_eq!(feed.join(socket(2), back(2, 4, 6)), []);
    feed.read_starts();
    let said = feed.read(log(5, 7), false, takes_all);
    assert_eq!(told_to(socket(2), &said), ["5", "6", "7"]);
    feed.read_starts();
    let said = feed.read(log(8, 9), true, takes_all);
    assert_eq!(told_to(socket(2), &said), ["8", "9", "resumed 4-9"]);
    let said = feed.heard(told(10).into());
    assert_eq!(told_to(socket(2), &said), ["10"]);
}

#[test]
fn a_feed_that_is_behind_the_snapshot_reads_up_to_it_before_it_says_resumed() {
    let mut feed = live_at(4);
    // It is level with the feed, and the log was seen to reach further than the feed knows.
    assert_eq!(feed.join(socket(2), back(2, 4, 6)), []);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    let said = feed.heard(told(5).into());
    assert_eq!(told_to(socket(2), &said), ["5"]);
    feed.read_starts();
    let said = feed.read(log(6, 7), true, takes_all);
    assert_eq!(told_to(socket(2), &said), ["6", "resumed 4-6", "7"]);
}

#[test]
fn who_comes_back_with_more_than_the_feed_has_resumes_when_the_feed_is_level() {
    let mut feed = live_at(4);
    assert_eq!(feed.join(socket(2), back(2, 6, 6)), []);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(log(5, 7), true, takes_all);
    assert_eq!(told_to(socket(2), &said), ["resumed 6-6", "7"]);
    assert_eq!(told_to(socket(1), &said), ["5", "6", "7"]);
}

#[test]
fn who_takes_no_more_is_held_back_and_keeps_nobody_else_waiting() {
    let mut feed = live_at(6);
    feed.join(socket(2), back(2, 3, 6));
    feed.join(socket(3), back(3, 3, 6));
    feed.read_starts();
    // Asked once, and not again: a smaller event after a large one must not overtake it.
    let mut asked = Vec::new();
    let said = feed.read(log(4, 6), true, |id, event| {
        asked.push((id, event.seq.0));
        id != socket(2) || event.seq != Seq(5)
    });
    assert_eq!(told_to(socket(2), &said), ["4"]);
    assert_eq!(told_to(socket(3), &said), ["4", "5", "6", "resumed 3-6"]);
    asked.retain(|(id, _)| *id == socket(2));
    assert_eq!(asked, [(socket(2), 4), (socket(2), 5)]);
    assert_eq!(feed.wants(), None);
    let said = feed.heard(told(7).into());
    assert_eq!(told_to(socket(2), &said), [""; 0]);
    assert!(feed.release(socket(2)));
    assert!(!feed.release(socket(2)));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(log(5, 7), true, takes_all);
    assert_eq!(told_to(socket(2), &said), ["5", "6", "7", "resumed 3-7"]);
}

#[test]
fn the_live_are_not_asked_whether_they_take_an_event() {
    let mut feed = live_at(4);
    feed.told_head(Seq(6));
    feed.read_starts();
    let said = feed.read(log(5, 6), true, |_, _| false);
    assert_eq!(told_to(socket(1), &said), ["5", "6"]);
}

#[test]
fn only_who_is_held_back_can_be_released() {
    let mut feed = live_at(4);
    assert!(!feed.release(socket(1)));
    assert!(!feed.release(socket(2)));
}

#[test]
fn who_starts_anew_gets_again_what_it_had() {
    let mut feed = live_at(4);
    feed.heard(told(5).into());
    assert_eq!(feed.join(socket(1), back(1, 2, 5)), []);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(2))));
    // Live events wait their turn.
    let said = feed.heard(told(6).into());
    assert_eq!(told_to(socket(1), &said), [""; 0]);
    feed.read_starts();
    let said = feed.read(log(3, 6), true, takes_all);
    assert_eq!(
        told_to(socket(1), &said),
        ["3", "4", "5", "6", "resumed 2-6"]
    );
}

#[test]
fn who_starts_anew_is_held_back_no_longer_and_has_one_wish() {
    let mut feed = live_at(6);
    feed.join(socket(2), back(2, 3, 6));
    feed.read_starts();
    feed.read(log(4, 6), true, |_, _| false);
    assert_eq!(feed.wants(), None);
    feed.join(socket(2), back(2, 4, 6));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(log(5, 6), true, takes_all);
    assert_eq!(told_to(socket(2), &said), ["5", "6", "resumed 4-6"]);
}

#[test]
fn a_read_for_the_old_place_gives_nothing_to_who_has_started_anew() {
    let mut feed = live_at(9);
    feed.join(socket(2), back(2, 6, 9));
    feed.read_starts();
    feed.join(socket(2), back(2, 3, 9));
    let said = feed.read(log(7, 9), true, takes_all);
    assert_eq!(told_to(socket(2), &said), [""; 0]);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(3))));
}

#[test]
fn who_is_told_again_to_be_a_member_keeps_its_place_and_its_wish() {
    let mut feed = live_at(6);
    feed.join(socket(2), back(2, 3, 6));
    feed.join(socket(2), member(2, 6, 6));
    feed.read_starts();
    let said = feed.read(log(4, 6), true, takes_all);
    assert_eq!(told_to(socket(2), &said), ["4", "5", "6", "resumed 3-6"]);
}

#[test]
fn those_who_are_live_wait_for_no_more_than_one_read_of_those_who_are_behind() {
    let mut feed = live_at(100);
    feed.join(socket(2), back(2, 0, 100));
    feed.heard(told(102).into());
    assert!(feed.misses_some());
    feed.read_starts();
    feed.gap_due();
    feed.read(log(1, 10), false, |_, _| true);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(100))));
    feed.read_starts();
    let said = feed.read(log(101, 102), true, |_, _| true);
    assert_eq!(told_to(socket(1), &said), ["101", "102"]);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(10))));
}

#[test]
fn who_waits_in_front_is_told_to_have_resumed_when_a_newcomer_moves_the_feed() {
    let mut feed = live_at(0);
    assert_eq!(feed.join(socket(2), back(2, 1, 1)), []);
    feed.leave(socket(1));
    let said = feed.join(socket(3), Join::live(user(3), Seq(1)));
    assert_eq!(said, [resumed(2, 1, 1)]);
}

#[test]
fn in_a_room_that_is_never_still_who_comes_back_has_resumed_all_the_same() {
    let mut feed = live_at(10);
    feed.join(socket(2), back(2, 5, 10));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(5))));
    feed.read_starts();
    // Committed and heard while the log, which was looked at before, has not answered yet.
    feed.heard(told(11).into());
    let said = feed.read(log(6, 10), true, |_, _| true);
    assert_eq!(
        told_to(socket(2), &said),
        ["6", "7", "8", "9", "10", "11", "resumed 5-11"]
    );
    assert_eq!(feed.wants(), None);
}

#[test]
fn what_was_heard_beside_a_read_is_held_back_like_the_rest_of_what_was_missed() {
    let mut feed = live_at(10);
    feed.join(socket(2), back(2, 9, 10));
    feed.read_starts();
    feed.heard(told(11).into());
    let said = feed.read(log(10, 10), true, |_, event| event.seq < Seq(11));
    assert_eq!(told_to(socket(2), &said), ["10"]);
    assert_eq!(feed.wants(), None, "it is held back");
    assert!(feed.release(socket(2)));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(10))));
}

#[test]
fn what_was_heard_too_early_for_the_feed_is_told_once_a_newcomer_has_moved_it() {
    let mut feed = RoomFeed::new(Seq(4));
    feed.join(socket(1), former(1, 2, 4));
    feed.heard(told(7).into());
    let said = feed.join(socket(2), Join::live(user(2), Seq(6)));
    assert_eq!(told_to(socket(2), &said), ["7"]);
}
