use std::sync::{Arc, Mutex};

use domain::{
    ReactionCount, RoomEventKind,
    ports::MockRoomLog,
    values::{Emoji, MessageContent},
};

use super::*;
use crate::sample::{ann, event, id, message};

fn of_message(seq: u64, text: &str) -> RoomEvent {
    let mut message = message(seq);
    message.content = MessageContent::parse(text).unwrap();
    RoomEvent {
        seq: Seq(seq),
        ..event(RoomEventKind::MessageSent(message))
    }
}

/// What was read, as number and limit.
type Reads = Arc<Mutex<Vec<(u64, u32)>>>;

/// A message at every number up to `head`, each of the same weight; and what was read of it.
fn log(head: u64) -> (MockRoomLog, Reads) {
    let reads = Reads::default();
    let mut log = MockRoomLog::new();
    log.expect_read().returning({
        let reads = reads.clone();
        move |_, after, limit| {
            reads.lock().unwrap().push((after.0, limit));
            let end = head.min(after.0 + u64::from(limit));
            Ok((after.0 + 1..=end)
                .map(|seq| of_message(seq, "soup"))
                .collect())
        }
    });
    (log, reads)
}

/// The weight of so many of them.
fn weight_of(count: u64) -> u64 {
    count * weight(&of_message(1, "soup"))
}

fn missed(from: u64, to: u64) -> Missed {
    Missed::new(id(10), Seq(from), Seq(to), 10_000)
}

/// How many events are told, if any are.
#[track_caller]
fn told(told: StoreResult<Told>) -> Result<Vec<u64>, Told> {
    match told.unwrap() {
        Told::All(events) => Ok(events.iter().map(|event| event.seq.0).collect()),
        nothing => Err(nothing),
    }
}

#[tokio::test]
async fn what_is_told_is_read_in_pages() {
    let (log, reads) = log(1_000);
    let mut telling = Telling::new(&log, u64::MAX);
    let all = told(telling.tell(missed(7, 507), None).await);
    assert_eq!(all, Ok((8..=507).collect()));
    assert_eq!(*reads.lock().unwrap(), [(7, 200), (207, 200), (407, 100)]);
}

#[tokio::test]
async fn what_has_room_to_the_byte_is_told_and_what_has_not_is_left_for_the_next_answer() {
    for (room_for, second) in [(5, Ok(vec![4, 5])), (4, Err(Told::Later))] {
        let (log, _) = log(1_000);
        let mut telling = Telling::new(&log, weight_of(room_for));
        assert_eq!(
            told(telling.tell(missed(0, 3), None).await),
            Ok(vec![1, 2, 3])
        );
        assert_eq!(told(telling.tell(missed(3, 5), None).await), second);
    }
}

#[tokio::test]
async fn once_an_answer_is_full_nothing_more_is_read() {
    let (log, reads) = log(1_000);
    let mut telling = Telling::new(&log, weight_of(4));
    assert_eq!(
        told(telling.tell(missed(0, 3), None).await),
        Ok(vec![1, 2, 3])
    );
    for missed in [missed(0, 900), missed(0, 1)] {
        assert_eq!(told(telling.tell(missed, None).await), Err(Told::Later));
    }
    // Of the great one, one page.
    assert_eq!(*reads.lock().unwrap(), [(0, 3), (0, 200)]);
}

#[tokio::test]
async fn one_that_is_too_great_for_any_answer_is_not_told_and_takes_no_place() {
    let (log, reads) = log(1_000);
    let mut telling = Telling::new(&log, weight_of(300));
    assert_eq!(
        told(telling.tell(missed(0, 900), None).await),
        Err(Told::TooMuch)
    );
    assert_eq!(
        *reads.lock().unwrap(),
        [(0, 200), (200, 200)],
        "and not to its end"
    );
    let all = told(telling.tell(missed(0, 300), None).await);
    assert_eq!(all.map(|all| all.len()), Ok(300));
}

#[tokio::test]
async fn a_log_that_lacks_something_on_any_page_is_not_told_in_part() {
    for head in [0, 100, 200, 299] {
        let (log, _) = log(head);
        let mut telling = Telling::new(&log, u64::MAX);
        assert_eq!(
            told(telling.tell(missed(0, 300), None).await),
            Err(Told::TooMuch),
            "up to {head}"
        );
    }
}

/// One message, reacted to by one emoji up to number 8 and by another up to number 9; its text is of number 9 as well.
fn log_of_what_changed_later() -> MockRoomLog {
    let reactions = |emoji, last_seq| ReactionCount {
        emoji: Emoji::parse(emoji).unwrap(),
        count: 1,
        user_ids: vec![ann().id],
        last_seq: Seq(last_seq),
    };
    let mut message = message(5);
    message.edited_seq = Some(Seq(9));
    message.reactions = vec![reactions("early", 8), reactions("late", 9)];
    let sent = RoomEvent {
        seq: Seq(5),
        ..event(RoomEventKind::MessageSent(message))
    };
    let mut log = MockRoomLog::new();
    log.expect_read().return_const(Ok(vec![sent]));
    log
}

#[tokio::test]
async fn what_has_a_later_number_than_the_end_is_not_shown_in_older_messages() {
    for (end, text, emojis) in [
        (None, "soup is ready", &["early", "late"][..]),
        (Some(Seq(9)), "soup is ready", &["early", "late"]),
        (Some(Seq(8)), "", &["early"]),
        (Some(Seq(7)), "", &[]),
    ] {
        let log = log_of_what_changed_later();
        let told = Telling::new(&log, u64::MAX).tell(missed(4, 5), end).await;
        let Ok(Told::All(events)) = told else {
            panic!("{told:?}");
        };
        let RoomEventKind::MessageSent(shown) = &events[0].kind else {
            panic!("{events:?}");
        };
        let shown_emojis: Vec<_> = shown.reactions.iter().map(|it| it.emoji.as_str()).collect();
        assert_eq!(
            (shown.content.as_str(), &shown_emojis[..]),
            (text, emojis),
            "{end:?}"
        );
    }
}

/// An answer has room for what it shows, and not for what it leaves out.
#[tokio::test]
async fn what_is_not_shown_weighs_nothing() {
    let blank = weight(&of_message(5, "x")) - 1;
    for (end, expected) in [(Some(Seq(7)), Ok(vec![5])), (None, Err(Told::TooMuch))] {
        let log = log_of_what_changed_later();
        let mut telling = Telling::new(&log, blank);
        assert_eq!(told(telling.tell(missed(4, 5), end).await), expected);
    }
}
