//! Memberships that end while somebody comes back.

use super::*;

#[test]
fn a_former_member_is_told_up_to_the_end_and_nothing_after() {
    let mut feed = live_at(9);
    assert_eq!(feed.join(socket(2), former(2, 3, 6)), []);
    feed.read_starts();
    let mut events = log(4, 5);
    events.push(left(6, user(2)));
    events.extend(log(7, 9));
    let said = feed.read(events, true, takes_all);
    assert_eq!(
        told_to(socket(2), &said),
        ["4", "5", "6", "resumed 3-6", "dropped 6"]
    );
    assert_eq!(feed.wants(), None);
    let said = feed.heard(told(10).into());
    assert_eq!(told_to(socket(2), &said), [""; 0]);
}

#[test]
fn a_former_member_of_a_feed_that_is_behind_is_told_up_to_the_end_as_well() {
    let mut feed = live_at(4);
    assert_eq!(feed.join(socket(2), former(2, 4, 6)), []);
    let mut said = feed.heard(told(5).into());
    said.extend(feed.heard(left(6, user(2)).into()));
    said.extend(feed.heard(told(7).into()));
    assert_eq!(
        told_to(socket(2), &said),
        ["5", "6", "resumed 4-6", "dropped 6"]
    );
}

#[test]
fn an_earlier_departure_is_history_to_a_former_member() {
    let mut feed = live_at(9);
    feed.join(socket(2), former(2, 3, 7));
    feed.read_starts();
    let mut events = vec![left(4, user(2)), joined(5, user(2)), told(6)];
    events.push(left(7, user(2)));
    let said = feed.read(events, false, takes_all);
    assert_eq!(
        told_to(socket(2), &said),
        ["4", "5", "6", "7", "resumed 3-7", "dropped 7"]
    );
}

#[test]
fn who_resumes_up_to_the_event_that_takes_it_out_has_resumed_first() {
    // A member by its snapshot, and removed since: the feed learns it from the log.
    let mut feed = live_at(9);
    feed.join(socket(2), back(2, 7, 8));
    feed.read_starts();
    let said = feed.read(vec![told(8), left(9, user(2))], true, takes_all);
    assert_eq!(
        told_to(socket(2), &said),
        ["8", "9", "resumed 7-9", "dropped 9"]
    );
}

#[test]
fn who_is_taken_out_before_it_is_live_has_resumed_first() {
    let mut feed = live_at(10);
    feed.join(socket(2), back(2, 7, 8));
    feed.read_starts();
    let said = feed.read(vec![told(8), left(9, user(2)), told(10)], true, takes_all);
    assert_eq!(
        told_to(socket(2), &said),
        ["8", "9", "resumed 7-9", "dropped 9"]
    );
}

#[test]
fn who_comes_back_into_a_room_that_it_had_left_is_a_member_again() {
    let mut feed = live_at(9);
    feed.join(socket(2), former(2, 3, 6));
    assert_eq!(feed.listeners().count(), 1);
    feed.join(socket(2), member(2, 8, 8));
    assert_eq!(feed.listeners().count(), 2);
    feed.read_starts();
    let mut events = log(4, 5);
    events.extend([left(6, user(2)), told(7), joined(8, user(2)), told(9)]);
    let said = feed.read(events, true, takes_all);
    assert_eq!(
        told_to(socket(2), &said),
        ["4", "5", "6", "7", "8", "9", "resumed 3-9"]
    );
}

#[test]
fn an_end_that_is_older_than_the_membership_ends_nothing() {
    let mut feed = live_at(9);
    feed.join(socket(1), member(1, 9, 9));
    // Asked before the user came in again, and told after.
    feed.join(socket(1), former(1, 3, 6));
    assert_eq!(feed.listeners().count(), 1);
    feed.read_starts();
    let said = feed.read(log(4, 9), true, takes_all);
    assert!(dropped(&said).is_empty());
    assert_eq!(told_to(socket(1), &said).last().unwrap(), "resumed 3-9");
}

#[test]
fn a_member_who_is_found_to_be_one_no_longer_is_told_to_the_end() {
    let mut feed = live_at(4);
    // The departure was committed, and nothing of it was heard here yet.
    feed.join(socket(1), former(1, 2, 6));
    assert_eq!(feed.listeners().count(), 0);
    feed.read_starts();
    let said = feed.read(log(3, 4), false, takes_all);
    assert_eq!(told_to(socket(1), &said), ["3", "4"]);
    // The log holds all up to the end: what is heard of it late is read.
    assert!(feed.heard(told(5).into()).is_empty());
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(vec![told(5), left(6, user(1))], true, takes_all);
    assert_eq!(
        told_to(socket(1), &said),
        ["5", "6", "resumed 2-6", "dropped 6"]
    );
}

#[test]
fn an_end_that_is_heard_before_the_log_tells_it_cuts_nothing_off() {
    let mut feed = live_at(4);
    assert!(feed.ends(socket(1), Seq(6)));
    assert_eq!(feed.listeners().count(), 0);
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
    feed.read_starts();
    let said = feed.read(vec![told(5), left(6, user(1)), told(7)], true, takes_all);
    assert_eq!(told_to(socket(1), &said), ["5", "6", "dropped 6"]);
}

#[test]
fn an_end_that_was_passed_or_is_nobodys_is_not_to_come() {
    let mut feed = live_at(4);
    assert!(!feed.ends(socket(1), Seq(4)));
    assert!(!feed.ends(socket(2), Seq(6)));
    assert_eq!(feed.listeners().count(), 1);
}

#[test]
fn a_member_does_not_wait_for_what_lies_after_the_end_of_another() {
    let mut feed = RoomFeed::new(Seq(60));
    let end = Join {
        ends_at: Some(Seq(60)),
        ..back(1, 10, 60)
    };
    feed.join(socket(1), end);
    feed.told_head(Seq(1_000_000));
    feed.read_starts();
    feed.read(log(11, 60), true, |_, _| false);
    assert_eq!(feed.wants(), None, "nothing is read for nobody");
    feed.join(socket(2), Join::live(user(2), Seq(1_000_000)));
    let said = feed.heard(told(1_000_001).into());
    assert_eq!(told_to(socket(2), &said), ["1000001"]);
    assert!(feed.release(socket(1)));
    assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(10))));
}

#[test]
fn that_a_membership_ends_is_known_before_a_listener_that_is_behind_is_told() {
    let mut feed = live_at(4);
    feed.join(socket(2), back(2, 2, 4));
    let said = feed.heard(left(5, user(2)).into());
    assert_eq!(told_to(socket(2), &said), ["ends 5"]);
    assert!(!feed.is_member(socket(2)));
    feed.read_starts();
    let log = vec![told(3), told(4), left(5, user(2))];
    let said = feed.read(log, true, |_, _| true);
    assert_eq!(
        told_to(socket(2), &said),
        ["3", "4", "5", "resumed 2-5", "dropped 5"]
    );
}

#[test]
fn that_a_membership_ends_is_found_out_though_nobody_is_live() {
    for comes in [false, true] {
        let mut feed = RoomFeed::new(Seq(4));
        feed.join(socket(2), back(2, 2, 4));
        assert!(feed.hold(socket(2)));
        assert_eq!(feed.wants(), None);
        if comes {
            // Who comes knows the room further, and nothing is passed over for that.
            feed.join(socket(3), Join::live(user(3), Seq(5)));
        } else {
            feed.told_head(Seq(5));
        }
        assert_eq!(feed.wants(), Some(ReadRequest::Now(Seq(4))));
        feed.read_starts();
        let said = feed.read(vec![left(5, user(2))], true, |_, _| true);
        assert_eq!(told_to(socket(2), &said), ["ends 5"]);
        assert!(!feed.is_member(socket(2)));
    }
}
