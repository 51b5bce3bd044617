use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::*;
use FrameClass::{Durable, Ephemeral};

/// What a frame of ten bytes costs.
const TEN: usize = 10 + FRAME_OVERHEAD;

fn frame(name: &str) -> ByteString {
    format!("{name:<10}").into()
}

fn all_of(outbox: &Outbox) -> Vec<Outgoing> {
    let mut all = Vec::new();
    while let Some(next) = outbox.try_next() {
        let ends = matches!(next, Outgoing::Close(_));
        all.push(next);
        if ends {
            break;
        }
    }
    all
}

fn frames(names: &[&str]) -> Vec<Outgoing> {
    names
        .iter()
        .map(|name| Outgoing::Frame(frame(name)))
        .collect()
}

#[test]
fn frames_come_out_in_the_order_they_went_in() {
    let outbox = Outbox::new(10 * TEN);
    outbox.push(Durable, frame("a"));
    outbox.push(Ephemeral, frame("b"));
    outbox.push(Durable, frame("c"));
    assert_eq!(all_of(&outbox), frames(&["a", "b", "c"]));
}

#[test]
fn an_ephemeral_frame_that_does_not_fit_is_dropped() {
    let outbox = Outbox::new(2 * TEN);
    outbox.push(Durable, frame("a"));
    outbox.push(Ephemeral, frame("b"));
    outbox.push(Ephemeral, frame("c"));
    assert_eq!(all_of(&outbox), frames(&["a", "b"]));
}

#[test]
fn a_durable_frame_pushes_the_ephemeral_ones_out() {
    let outbox = Outbox::new(3 * TEN);
    outbox.push(Ephemeral, frame("a"));
    outbox.push(Durable, frame("b"));
    outbox.push(Ephemeral, frame("c"));
    outbox.push(Durable, frame("d"));
    assert_eq!(all_of(&outbox), frames(&["b", "d"]));
}

#[test]
fn a_durable_frame_that_still_does_not_fit_closes_the_socket_and_frees_the_queue() {
    let outbox = Outbox::new(2 * TEN);
    for name in ["a", "b", "c"] {
        outbox.push(Durable, frame(name));
    }
    let queue = outbox.lock();
    assert_eq!((queue.bytes, queue.frames.capacity()), (0, 0));
    drop(queue);
    assert_eq!(all_of(&outbox), [Outgoing::Close(CloseReason::Slow)]);
}

#[test]
fn a_frame_larger_than_the_whole_queue_closes_the_socket_or_is_dropped() {
    let outbox = Outbox::new(TEN);
    outbox.push(Ephemeral, "x".repeat(TEN).into());
    assert_eq!(outbox.try_next(), None);
    outbox.push(Durable, "x".repeat(TEN).into());
    assert_eq!(outbox.try_next(), Some(Outgoing::Close(CloseReason::Slow)));
}

#[test]
fn what_was_written_makes_room() {
    let outbox = Outbox::new(TEN);
    for _ in 0..3 {
        outbox.push(Durable, frame("a"));
        assert_eq!(all_of(&outbox), frames(&["a"]));
    }
    assert_eq!(outbox.lock().bytes, 0);
}

#[test]
fn a_restart_lets_the_queue_drain_and_no_other_reason_does() {
    use CloseReason::*;
    for reason in [
        ClientLeft,
        Restart,
        Protocol,
        Unsupported,
        InvalidText,
        TooBig,
        Silent,
        SessionEnded,
        Slow,
    ] {
        let outbox = Outbox::new(10 * TEN);
        outbox.push(Durable, frame("a"));
        outbox.close(reason);
        let mut expected = Vec::new();
        if matches!(reason, Restart) {
            expected = frames(&["a"]);
        }
        expected.push(Outgoing::Close(reason));
        assert_eq!(all_of(&outbox), expected);
    }
}

#[test]
fn nothing_follows_the_close_and_the_first_reason_stays() {
    let outbox = Outbox::new(10 * TEN);
    outbox.push(Durable, frame("a"));
    outbox.close(CloseReason::Restart);
    outbox.push(Durable, frame("b"));
    outbox.close(CloseReason::Protocol);
    assert_eq!(outbox.try_next(), Some(Outgoing::Frame(frame("a"))));
    for _ in 0..2 {
        assert_eq!(
            outbox.try_next(),
            Some(Outgoing::Close(CloseReason::Restart))
        );
    }
}

#[test]
fn every_reason_has_its_own_code_and_a_text_that_fits_a_close_frame() {
    use CloseReason::*;
    let codes = [
        (ClientLeft, 1000),
        (Restart, 1012),
        (Protocol, 1002),
        (Unsupported, 1003),
        (InvalidText, 1007),
        (TooBig, 1009),
        (Silent, 4000),
        (SessionEnded, 4401),
        (Slow, 4408),
    ];
    for (reason, code) in codes {
        assert_eq!(reason.code(), code, "{reason:?}");
        assert!(reason.text().len() <= 123, "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn next_wakes_for_a_frame_and_for_a_close() {
    let outbox = Arc::new(Outbox::new(10 * TEN));
    let reader = outbox.clone();
    let read = tokio::spawn(async move { [reader.next().await, reader.next().await] });
    // The clock only moves on once the reader waits.
    tokio::time::sleep(Duration::from_millis(1)).await;
    outbox.push(Durable, frame("a"));
    tokio::time::sleep(Duration::from_millis(1)).await;
    outbox.close(CloseReason::SessionEnded);
    let close = Outgoing::Close(CloseReason::SessionEnded);
    assert_eq!(read.await.unwrap(), [Outgoing::Frame(frame("a")), close]);
}

#[tokio::test(start_paused = true)]
async fn next_that_was_given_up_loses_nothing() {
    let outbox = Outbox::new(10 * TEN);
    let tick = Duration::from_millis(1);
    assert!(tokio::time::timeout(tick, outbox.next()).await.is_err());
    outbox.push(Durable, frame("a"));
    assert_eq!(outbox.next().await, Outgoing::Frame(frame("a")));
}

#[derive(Debug, Clone)]
enum Step {
    Push(FrameClass, usize),
    Take,
    Close(CloseReason),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..200_usize).prop_map(|size| Step::Push(Durable, size)),
        4 => (0..200_usize).prop_map(|size| Step::Push(Ephemeral, size)),
        6 => Just(Step::Take),
        1 => Just(Step::Close(CloseReason::Restart)),
        1 => Just(Step::Close(CloseReason::Protocol)),
    ]
}

proptest! {
    #[test]
    fn the_queue_is_bounded_and_no_durable_frame_is_missing(
        limit in 0..1_000_usize,
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let outbox = Outbox::new(limit);
        let (mut pushed, mut taken) = (Vec::new(), Vec::new());
        let mut closed = None;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push(class, size) => {
                    if closed.is_none() && class == Durable {
                        pushed.push(number);
                    }
                    outbox.push(class, format!("{class:?} {number} {:size$}", "").into());
                    if closed.is_none() {
                        closed = outbox.lock().closing;
                        prop_assert!(matches!(closed, None | Some(CloseReason::Slow)));
                    }
                }
                Step::Take => take(&outbox, &mut taken, closed)?,
                Step::Close(reason) => {
                    outbox.close(reason);
                    closed = closed.or(Some(reason));
                }
            }
            let queue = outbox.lock();
            let costs = queue.frames.iter().map(|(_, frame)| frame.len() + FRAME_OVERHEAD);
            prop_assert_eq!(queue.bytes, costs.sum::<usize>());
            prop_assert!(queue.bytes <= limit);
        }
        while !outbox.lock().frames.is_empty() {
            take(&outbox, &mut taken, closed)?;
        }
        // A close that gives up the queue leaves a beginning of it.
        if matches!(closed, None | Some(CloseReason::Restart)) {
            prop_assert_eq!(taken, pushed);
        } else {
            prop_assert!(pushed.starts_with(&taken));
        }
    }
}

/// Takes one frame and notes its number if it is durable.
fn take(
    outbox: &Outbox,
    taken: &mut Vec<usize>,
    closed: Option<CloseReason>,
) -> Result<(), TestCaseError> {
    match outbox.try_next() {
        Some(Outgoing::Frame(frame)) => {
            let mut words = frame.split(' ');
            if words.next() == Some("Durable") {
                taken.push(words.next().unwrap().parse().unwrap());
            }
        }
        Some(Outgoing::Close(reason)) => prop_assert_eq!(Some(reason), closed),
        None => prop_assert!(closed.is_none()),
    }
    Ok(())
}
