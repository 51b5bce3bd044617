use uuid::Uuid;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(6);

fn room(number: u128) -> RoomId {
    RoomId(Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn socket(number: u128) -> ConnectionId {
    ConnectionId(Uuid::from_u128(number))
}

fn zoe() -> Username {
    Username::parse("zoe").unwrap()
}

fn stopped(room_number: u128) -> Stopped {
    Stopped {
        room_id: room(room_number),
        user_id: user(1),
        username: zoe(),
    }
}

/// User 1 began to type in room 1, on socket 1.
fn one_types(now: Instant) -> Typists {
    let mut typists = Typists::new(TIMEOUT);
    assert!(typists.start(room(1), user(1), &zoe(), socket(1), now));
    typists
}

#[test]
fn only_the_first_start_is_news() {
    let now = Instant::now();
    let mut typists = one_types(now);
    assert!(!typists.start(room(1), user(1), &zoe(), socket(1), now));
    assert!(!typists.start(room(1), user(1), &zoe(), socket(2), now));
    assert!(typists.start(room(2), user(1), &zoe(), socket(1), now));
    assert!(typists.start(room(1), user(2), &zoe(), socket(3), now));
}

#[test]
fn only_who_types_can_stop() {
    let mut typists = one_types(Instant::now());
    assert_eq!(typists.stop(room(2), user(1)), None);
    assert_eq!(typists.stop(room(1), user(2)), None);
    assert_eq!(typists.stop(room(1), user(1)), Some(stopped(1)));
    assert_eq!(typists.stop(room(1), user(1)), None);
}

#[test]
fn who_falls_silent_stops_when_the_time_is_over() {
    let now = Instant::now();
    let mut typists = one_types(now);
    assert_eq!(typists.next_expiry(), Some(now + TIMEOUT));
    let almost = now + TIMEOUT - Duration::from_millis(1);
    assert_eq!(typists.expire(almost), []);
    assert_eq!(typists.expire(now + TIMEOUT), [stopped(1)]);
    assert_eq!(typists.next_expiry(), None);
}

#[test]
fn a_repeated_start_renews_the_time() {
    let now = Instant::now();
    let mut typists = one_types(now);
    let again = now + Duration::from_secs(4);
    typists.start(room(1), user(1), &zoe(), socket(1), again);
    assert_eq!(typists.expire(now + TIMEOUT), []);
    assert_eq!(typists.next_expiry(), Some(again + TIMEOUT));
    assert_eq!(typists.expire(again + TIMEOUT), [stopped(1)]);
}

#[test]
fn a_socket_that_is_gone_stops_all_that_was_last_typed_on_it() {
    let now = Instant::now();
    let mut typists = one_types(now);
    typists.start(room(2), user(1), &zoe(), socket(1), now);
    typists.start(room(2), user(1), &zoe(), socket(2), now);
    assert_eq!(typists.stop_socket(socket(1), None), [stopped(1)]);
    assert_eq!(typists.stop_socket(socket(2), None), [stopped(2)]);
    assert_eq!(typists.next_expiry(), None);
}

#[test]
fn a_socket_that_leaves_one_room_still_types_in_another() {
    let now = Instant::now();
    let mut typists = one_types(now);
    typists.start(room(2), user(1), &zoe(), socket(1), now);
    let left = typists.stop_socket(socket(1), Some(room(1)));
    assert_eq!(left, [stopped(1)]);
    assert_eq!(typists.stop(room(2), user(1)), Some(stopped(2)));
}

#[test]
fn the_time_is_kept_for_each_typist() {
    let now = Instant::now();
    let mut typists = one_types(now);
    let later = now + Duration::from_secs(2);
    typists.start(room(2), user(1), &zoe(), socket(1), later);
    assert_eq!(typists.next_expiry(), Some(now + TIMEOUT));
    assert_eq!(typists.expire(now + TIMEOUT), [stopped(1)]);
    assert_eq!(typists.next_expiry(), Some(later + TIMEOUT));
}
