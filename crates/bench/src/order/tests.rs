use serde_json::{Value, json};

use super::*;

const TAG: &str = "run 3";

fn frame(event: &str, seq: Option<u64>, data: Value) -> Frame {
    Frame {
        event: event.to_owned(),
        id: None,
        seq,
        data,
    }
}

fn said(seq: u64, number: u64) -> Frame {
    let text = content(TAG, number);
    frame("receive_message", Some(seq), json!({"content": text}))
}

fn resumed(from: u64, to: u64, recovered: bool) -> Frame {
    let data = json!({"from": from, "to": to, "recovered": recovered});
    frame("resumed", None, data)
}

/// Behind event 3.
fn hears(frames: &[Frame]) -> Result<Vec<Told>> {
    let mut order = Order::behind(3, TAG);
    frames.iter().map(|frame| order.take(frame)).collect()
}

fn live(number: u64) -> Told {
    let is_live = true;
    Told::Message { number, is_live }
}

#[test]
fn what_comes_in_order_is_told_by_number() {
    let joined = frame("member.joined", Some(5), json!({}));
    let typing = frame("typing_start", None, json!({}));
    assert_eq!(
        hears(&[said(4, 0), joined, typing, said(6, 1)]).unwrap(),
        [live(0), Told::Other, Told::Other, live(1)]
    );
}

#[test]
fn what_is_lost_doubled_or_out_of_order_is_a_fault() {
    for faulty in [
        // An event is missing: at the beginning, and later.
        [said(5, 0), said(6, 1)],
        [said(4, 0), said(6, 1)],
        // It is told twice, or an older one is.
        [said(4, 0), said(4, 1)],
        [said(4, 0), said(3, 1)],
        // A message is stored twice, or one is missing.
        [said(4, 0), said(5, 0)],
        [said(4, 0), said(5, 2)],
    ] {
        assert!(hears(&faulty).is_err(), "{faulty:?}");
    }
}

#[test]
fn a_text_that_was_changed_or_is_of_another_room_is_a_fault() {
    let text = content(TAG, 0);
    for other in [&text[1..], &text[..LENGTH - 1], &content("run 4", 0)] {
        let told = frame("receive_message", Some(4), json!({"content": other}));
        assert!(hears(&[told]).is_err(), "{other}");
    }
}

#[test]
fn who_comes_back_is_told_what_it_missed_and_then_that_it_has() {
    let mut order = Order::behind(3, TAG);
    order.comes_back();
    let missed = Told::Message {
        number: 0,
        is_live: false,
    };
    assert_eq!(order.take(&said(4, 0)).unwrap(), missed);
    assert_eq!(order.take(&resumed(3, 4, true)).unwrap(), Told::Resumed(1));
    assert_eq!(order.take(&said(5, 1)).unwrap(), live(1));
}

#[test]
fn a_resume_that_does_not_fit_is_a_fault() {
    let back = |told: Frame| {
        let mut order = Order::behind(3, TAG);
        order.comes_back();
        order.take(&said(4, 0)).unwrap();
        order.take(&told)
    };
    assert!(back(resumed(3, 5, true)).is_err(), "one is missing");
    assert!(back(resumed(2, 4, true)).is_err(), "from elsewhere");
    assert!(back(resumed(3, 4, false)).is_err(), "not recovered");
    assert!(hears(&[resumed(3, 3, true)]).is_err(), "nobody came back");
}
