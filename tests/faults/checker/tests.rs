#![cfg(test)]

use super::stored::{Event, Message, Stored};
use crate::traffic::{Outcome, Record, Seen, Sent, Session, Told};

const ANN: &str = "ann";
const COMER: &str = "comer";

fn event(seq: u64, kind: &str) -> Event {
    let subject = match kind {
        "member_joined" | "member_left" => COMER.to_owned(),
        _ => format!("id-{seq}"),
    };
    Event {
        seq,
        kind: kind.into(),
        subject,
    }
}

/// A room with three messages, in which somebody came, went and came again.
fn stored() -> Stored {
    let sent = |seq, reference: &str| Message {
        seq,
        id: format!("id-{seq}"),
        reference: reference.into(),
    };
    let mut log = vec![
        event(1, "room_created"),
        event(2, "member_joined"),
        event(3, "message_sent"),
        event(4, "member_joined"),
        event(5, "message_sent"),
        event(6, "message_edited"),
        event(7, "member_left"),
        event(8, "message_deleted"),
        event(9, "message_sent"),
        event(10, "member_joined"),
        event(11, "message_edited"),
        event(12, "member_left"),
        event(13, "message_sent"),
    ];
    log[1].subject = ANN.into();
    Stored {
        log,
        messages: vec![
            sent(3, "a-0"),
            sent(5, "b-0"),
            sent(9, "a-1"),
            sent(13, "given-up"),
        ],
        last_seq: 13,
    }
}

/// What a client that saw these numbers of the log saw.
fn saw(user: &str, first: u64, seqs: impl IntoIterator<Item = u64>) -> Record {
    let stored = stored();
    let seen = seqs.into_iter().map(|seq| {
        let event = &stored.log[usize::try_from(seq).unwrap() - 1];
        let name = match event.kind.as_str() {
            "message_sent" => "receive_message",
            "message_edited" => "message.updated",
            "message_deleted" => "message.deleted",
            "member_joined" => "member.joined",
            _ => "member.left",
        };
        Seen {
            seq,
            event: name.into(),
            subject: event.subject.clone(),
        }
    });
    Record {
        user: user.into(),
        first,
        seen: seen.collect(),
        sessions: vec![Session::default()],
        ..Record::default()
    }
}

fn outcome() -> Outcome {
    let sent = |reference: &str, seq: Option<u64>| Sent {
        reference: reference.into(),
        attempts: 1,
        acknowledged: seq.map(|seq| Told {
            id: format!("id-{seq}"),
            seq,
        }),
    };
    Outcome {
        room: String::new(),
        sent: vec![
            vec![sent("a-0", Some(3)), sent("a-1", Some(9))],
            vec![
                sent("b-0", Some(5)),
                sent("given-up", None),
                sent("never-there", None),
            ],
        ],
        seen: vec![
            saw(ANN, 2, 3..=13),
            // Before it first came, and after it went for good, it is no member; in between it may see all.
            saw(COMER, 0, [5, 6, 7, 11, 12]),
            saw(COMER, 0, 3..=12),
            // The last event may be too late.
            saw(ANN, 5, 6..=12),
        ],
        last: 12,
        growth: Default::default(),
    }
}

#[test]
fn a_good_outcome_has_no_fault() {
    assert_eq!(stored().faults(&outcome()), Vec::<String>::new());
}

/// What is done to a good outcome, and what must be said of it.
type Harm = (fn(&mut Stored, &mut Outcome), &'static str);

fn assert_found(harms: &[Harm]) {
    for (harm, expected) in harms {
        let (mut stored, mut outcome) = (stored(), outcome());
        harm(&mut stored, &mut outcome);
        let faults = stored.faults(&outcome);
        let is_found = faults.iter().any(|fault| fault.contains(expected));
        assert!(is_found, "{expected:?} is not among {faults:#?}");
    }
}

#[test]
fn harm_to_what_is_stored_is_found() {
    assert_found(&[
        (|s, _| drop(s.log.remove(5)), "the log has 7 in place of 6"),
        (|s, _| s.last_seq = 12, "the room counts 12 of 13"),
        (
            |s, _| s.log[4].kind = "message_edited".into(),
            "the messages are not those",
        ),
        (
            |s, _| drop(s.messages.remove(1)),
            "b-0 was acknowledged and is lost",
        ),
        (
            |s, _| s.messages[2].reference = "a-0".into(),
            "a-0 is there twice",
        ),
        (
            |s, _| s.messages[3].reference = "unknown".into(),
            "unknown is there and nobody sent it",
        ),
    ]);
}

#[test]
fn harm_to_what_was_answered_is_found() {
    fn told(outcome: &mut Outcome) -> &mut Told {
        outcome.sent[0][1].acknowledged.as_mut().unwrap()
    }
    assert_found(&[
        (|_, o| told(o).seq = 8, "a-1, told as 8, is 9"),
        (|_, o| told(o).id = "id-8".into(), "a-1, told as 9, is 9"),
        (
            |_, o| o.sent[0].reverse(),
            "a-0 has come before what was sent earlier",
        ),
        (
            |s, _| {
                let again = Message {
                    seq: 13,
                    id: "id-13".into(),
                    reference: "given-up".into(),
                };
                s.messages.push(again);
            },
            "given-up is there twice",
        ),
    ]);
}

#[test]
fn harm_to_what_was_seen_is_found() {
    fn seen(outcome: &mut Outcome, receiver: usize) -> &mut Vec<Seen> {
        &mut outcome.seen[receiver].seen
    }
    assert_found(&[
        // Lost, doubled, out of order.
        (
            |_, o| drop(seen(o, 0).remove(1)),
            "receiver 0: saw 5 and not 4",
        ),
        (
            |_, o| drop(seen(o, 0).remove(3)),
            "receiver 0: saw 7 and not 6",
        ),
        (
            |_, o| {
                let doubled = seen(o, 0)[4].clone();
                seen(o, 0).insert(5, doubled);
            },
            "receiver 0: saw (7, \"member.left\", \"comer\") after 7",
        ),
        (
            |_, o| {
                let doubled = seen(o, 0)[1].clone();
                seen(o, 0).push(doubled);
            },
            "after 13",
        ),
        (|_, o| seen(o, 0).swap(0, 1), "receiver 0: saw 4 and not 3"),
        (
            |_, o| seen(o, 0).truncate(9),
            "receiver 0: saw nothing from 12 on, of 12",
        ),
        (
            |_, o| seen(o, 3).clear(),
            "receiver 3: saw nothing from 6 on",
        ),
        (
            |_, o| {
                seen(o, 0).insert(
                    0,
                    Seen {
                        seq: 2,
                        event: "member.joined".into(),
                        subject: ANN.into(),
                    },
                )
            },
            "after 2",
        ),
        // Another event than the log's, of another room or with another name.
        (
            |_, o| seen(o, 0)[2].subject = "foreign".into(),
            "\"foreign\") in place of (5,",
        ),
        (
            |_, o| seen(o, 0)[3].event = "receive_message".into(),
            "in place of (6, \"message.updated\"",
        ),
        (|_, o| seen(o, 0)[10].seq = 14, "which is beyond the log"),
        // Of the times of a membership.
        (
            |_, o| drop(seen(o, 1).remove(2)),
            "receiver 1: saw 11 and not 7",
        ),
        (
            |_, o| drop(seen(o, 1).pop()),
            "receiver 1: saw nothing from 12 on",
        ),
        (
            |_, o| {
                let leaked = seen(o, 0)[10].clone();
                seen(o, 1).push(leaked);
            },
            "receiver 1: saw (13, \"receive_message\", \"id-13\"), and was no member any more",
        ),
        (
            |_, o| o.seen[2].sessions.clear(),
            "receiver 2: never connected",
        ),
        (
            |_, o| o.seen[2].breaches.push("a part of the gap".into()),
            "receiver 2: a part of the gap",
        ),
    ]);
}
