//! How much a socket takes of what it missed, and when it takes more.

use super::*;

fn filled(limit: usize, count: usize) -> Outbox {
    let outbox = Outbox::new(limit);
    for _ in 0..count {
        outbox.push(Durable, frame("a"));
    }
    outbox
}

#[test]
fn half_of_the_queue_is_kept_free_for_what_happens_meanwhile() {
    let outbox = filled(8 * TEN, 2);
    assert!(outbox.has_room_for(10, 1));
    assert!(outbox.has_room_for(20, 2));
    assert!(!outbox.has_room_for(21, 2));
    assert!(!outbox.has_room_for(30, 3));
}

#[test]
fn a_queue_that_is_empty_has_room_for_one_frame_of_any_size() {
    let outbox = Outbox::new(8 * TEN);
    assert!(outbox.has_room_for(100 * TEN, 1));
    assert!(!outbox.has_room_for(100 * TEN, 2));
    outbox.push(Ephemeral, frame("a"));
    assert!(!outbox.has_room_for(100 * TEN, 1));
}

#[test]
fn relief_is_due_once_when_three_quarters_of_the_queue_are_free() {
    let outbox = filled(8 * TEN, 5);
    assert!(outbox.ask_relief());
    for _ in 0..3 {
        assert!(!outbox.take_relief());
        outbox.try_next();
    }
    assert!(outbox.take_relief());
    assert!(!outbox.take_relief());
    outbox.try_next();
    assert!(!outbox.take_relief());
}

#[test]
fn relief_that_nobody_asked_for_is_not_due() {
    let outbox = filled(8 * TEN, 5);
    all_of(&outbox);
    assert!(!outbox.take_relief());
}

#[test]
fn relief_can_be_asked_for_again_and_again() {
    let outbox = filled(8 * TEN, 2);
    for left in [true, true, false] {
        assert_eq!(outbox.ask_relief(), left);
        outbox.try_next();
        assert_eq!(outbox.take_relief(), left);
    }
}

#[test]
fn relief_that_is_due_and_asked_for_again_is_due_with_a_later_frame() {
    let outbox = filled(8 * TEN, 2);
    assert!(outbox.ask_relief());
    outbox.try_next();
    assert!(outbox.ask_relief());
    outbox.try_next();
    assert!(outbox.take_relief());
}

#[test]
fn a_queue_that_is_empty_or_at_its_end_gives_no_relief() {
    assert!(!Outbox::new(8 * TEN).ask_relief());
    let outbox = filled(8 * TEN, 5);
    outbox.close(RESTART);
    assert!(!outbox.ask_relief());
}

#[test]
fn a_queue_of_which_the_last_frame_is_larger_than_a_quarter_is_relieved_by_its_end() {
    let outbox = Outbox::new(8 * TEN);
    outbox.push(Durable, "x".repeat(20 * TEN).into());
    assert!(outbox.ask_relief());
    outbox.try_next();
    assert!(outbox.take_relief());
}

#[test]
fn the_first_frame_counts_for_nothing_until_it_is_handed_out() {
    let outbox = Outbox::new(1_000);
    outbox.push_first(vec!["x".repeat(10 * 1_000).into()]);
    outbox.push(FrameClass::Durable, "second".into());
    assert!(!outbox.is_closing());
    assert!(matches!(outbox.try_next(), Some(Outgoing::Frame(_))));
    outbox.push(FrameClass::Durable, "x".repeat(1_000).into());
    assert!(outbox.is_closing(), "what it did not count is over with it");
}
