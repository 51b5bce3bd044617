use std::{sync::Arc, time::Duration};

use super::*;
use FrameClass::{Durable, Ephemeral};

mod commands;
mod model;
mod relief;

const RESTART: CloseReason = CloseReason::Restart {
    retry_after: Duration::from_secs(3),
};

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
fn a_queue_that_is_empty_takes_any_frame_and_then_no_other() {
    for class in [Durable, Ephemeral] {
        let large = ByteString::from("x".repeat(10 * TEN));
        let outbox = Outbox::new(TEN);
        outbox.push(class, large.clone());
        outbox.push(Ephemeral, frame("b"));
        assert_eq!(all_of(&outbox), [Outgoing::Frame(large.clone())]);
        outbox.push(Durable, large.clone());
        outbox.push(Durable, frame("b"));
        assert_eq!(all_of(&outbox), [Outgoing::Close(CloseReason::Slow)]);
    }
}

#[test]
fn an_ephemeral_frame_of_any_size_makes_place_for_a_durable_one() {
    let outbox = Outbox::new(TEN);
    outbox.push(Ephemeral, "x".repeat(10 * TEN).into());
    outbox.push(Durable, frame("a"));
    assert_eq!(all_of(&outbox), frames(&["a"]));
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

/// Every reason, and its code.
const REASONS: [(CloseReason, u16); 14] = [
    (CloseReason::ClientLeft, 1000),
    (RESTART, 1012),
    (CloseReason::Protocol, 1002),
    (CloseReason::Unsupported, 1003),
    (CloseReason::InvalidText, 1007),
    (CloseReason::TooBig, 1009),
    (CloseReason::Silent, 4000),
    (CloseReason::BadClient, 4400),
    (CloseReason::SessionEnded, 4401),
    (CloseReason::TokenExpired, 4401),
    (CloseReason::Removed, 4403),
    (CloseReason::Slow, 4408),
    (CloseReason::TooManySockets, 4409),
    (CloseReason::Flood, 4429),
];

#[test]
fn a_restart_and_a_removal_let_the_queue_drain_and_no_other_reason_does() {
    for (reason, _) in REASONS {
        let outbox = Outbox::new(10 * TEN);
        outbox.push(Durable, frame("a"));
        outbox.close(reason);
        let mut expected = Vec::new();
        if matches!(reason, RESTART | CloseReason::Removed) {
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
    outbox.close(RESTART);
    outbox.push(Durable, frame("b"));
    outbox.close(CloseReason::Protocol);
    assert_eq!(outbox.try_next(), Some(Outgoing::Frame(frame("a"))));
    for _ in 0..2 {
        assert_eq!(outbox.try_next(), Some(Outgoing::Close(RESTART)));
    }
}

#[test]
fn every_reason_has_its_code_and_a_text_that_fits_a_close_frame() {
    for (reason, code) in REASONS {
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
