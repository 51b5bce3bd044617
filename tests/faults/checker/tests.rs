#![cfg(test)]

use super::stored::{Count, Event, Message, Reacted as Logged, Reaction, Stored};
use crate::traffic::{Change, EMOJI, Outcome, Reacted, Record, Seen, Sent, Session, Told};

const ANN: &str = "ann";
const BOB: &str = "bob";
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
        reacted: None,
    }
}

fn reaction(seq: u64, kind: &str, message: &str, user: &str, count: u64) -> Event {
    Event {
        seq,
        kind: kind.into(),
        subject: message.into(),
        reacted: Some(Logged {
            user: user.into(),
            emoji: EMOJI.into(),
            count,
        }),
    }
}

/// A room with four messages, in which somebody came, went and came again. To one of them is reacted, and to one that
/// is deleted then.
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
        reaction(14, "reaction_added", "id-5", ANN, 1),
        reaction(15, "reaction_added", "id-5", BOB, 2),
        reaction(16, "reaction_removed", "id-5", ANN, 1),
        reaction(17, "reaction_added", "id-9", BOB, 1),
        event(18, "message_deleted"),
    ];
    log[1].subject = ANN.into();
    log[17].subject = "id-9".into();
    Stored {
        log,
        messages: vec![
            sent(3, "a-0"),
            sent(5, "b-0"),
            sent(9, "a-1"),
            sent(13, "given-up"),
        ],
        reactions: vec![Reaction {
            message: "id-5".into(),
            emoji: EMOJI.into(),
            user: BOB.into(),
            seq: 15,
        }],
        counts: vec![Count {
            message: "id-5".into(),
            emoji: EMOJI.into(),
            count: 1,
            first_seq: 14,
            last_seq: 16,
        }],
        last_seq: 18,
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
            "reaction_added" => "reaction.added",
            "reaction_removed" => "reaction.removed",
            "member_joined" => "member.joined",
            _ => "member.left",
        };
        Seen {
            seq,
            event: name.into(),
            subject: event.told(),
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
        changed: None,
        reference: reference.into(),
        attempts: 1,
        acknowledged: seq.map(|seq| Told {
            id: format!("id-{seq}"),
            seq,
        }),
    };
    let reacted = |user: &str, message: &str, is_added, is_removed| Reacted {
        user: user.into(),
        message: message.into(),
        is_added,
        is_removed,
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
        reacted: vec![
            reacted(ANN, "id-5", true, Some(true)),
            reacted(BOB, "id-5", true, None),
            // It was done, and not answered; and not done, nor answered.
            reacted(BOB, "id-9", false, None),
            reacted(ANN, "id-9", false, None),
        ],
        seen: vec![
            saw(ANN, 2, 3..=13),
            // Before it first came, and after it went for good, it is no member; in between it may see all.
            saw(COMER, 0, [5, 6, 7, 11, 12]),
            Record {
                rounds: vec![1, 1, 1, 1, 1, 2, 2, 2, 2, 2],
                admitted: vec![4; 10],
                taken_in: 2,
                put_out: 1,
                ..saw(COMER, 0, 3..=12)
            },
            // The last event may be too late.
            saw(ANN, 5, 6..=12),
            saw(BOB, 13, 14..=18),
        ],
        last: 12,
        growth: Default::default(),
    }
}

#[test]
fn a_good_outcome_has_no_fault() {
    assert_eq!(stored().faults(&outcome()), Vec::<String>::new());
}

/// A request to take them in that was given up may be done long after, before the next one is begun.
#[test]
fn who_was_let_in_late_may_see_what_happened_meanwhile() {
    let mut outcome = outcome();
    outcome.seen[2].rounds[5..].fill(1);
    outcome.seen[2].admitted[5..].fill(11);
    assert_eq!(stored().faults(&outcome), Vec::<String>::new());
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
        (|s, _| s.last_seq = 12, "the room counts 12 of 18"),
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
        (
            |_, o| o.sent[0][0].changed = Some(Change::Deleted),
            "a-0 was answered to be Deleted, which is lost",
        ),
    ]);
}

#[test]
fn harm_to_a_reaction_is_found() {
    fn logged(stored: &mut Stored, seq: usize) -> &mut Logged {
        stored.log[seq - 1].reacted.as_mut().unwrap()
    }
    assert_found(&[
        // What stands, and what is counted.
        (
            |s, _| s.reactions.clear(),
            "by the log there is Reaction { message: \"id-5\"",
        ),
        (
            |s, _| s.reactions[0].user = ANN.into(),
            "the log knows nothing of Reaction",
        ),
        (
            |s, _| s.reactions[0].seq = 14,
            "the log knows nothing of Reaction",
        ),
        (
            |s, _| s.counts.clear(),
            "by the log there is Count { message: \"id-5\"",
        ),
        (
            |s, _| s.counts[0].count = 2,
            "the log knows nothing of Count",
        ),
        (
            |s, _| s.counts[0].last_seq = 15,
            "the log knows nothing of Count",
        ),
        // One that its message did not take away.
        (
            |s, _| s.log[17].subject = "id-3".into(),
            "by the log there is Reaction { message: \"id-9\"",
        ),
        // The log.
        (
            |s, _| logged(s, 15).user = ANN.into(),
            "15 adds what stands there since 14",
        ),
        (
            |s, _| logged(s, 16).user = COMER.into(),
            "16 removes what does not stand there",
        ),
        (|s, _| logged(s, 15).count = 1, "15 counts 1 of 2"),
        // What was answered.
        (
            |s, _| s.log[14] = event(15, "message_edited"),
            "(\"bob\", \"id-5\") was answered as added, and is so 0 times",
        ),
        (
            |s, _| s.log[15] = event(16, "message_edited"),
            "(\"ann\", \"id-5\") was answered as removed, and is so 0 times",
        ),
        (
            |s, _| s.log[17] = reaction(18, "reaction_added", "id-9", BOB, 1),
            "(\"bob\", \"id-9\") was not answered as added, and is so 2 times",
        ),
        (
            |_, o| o.reacted[0].is_removed = None,
            "(\"ann\", \"id-5\") was removed unasked",
        ),
        (
            |_, o| drop(o.reacted.remove(1)),
            "(\"bob\", \"id-5\") is in the log and nobody asked for it",
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
        (|_, o| seen(o, 0)[10].seq = 19, "which is beyond the log"),
        (
            |_, o| seen(o, 4)[1].subject = format!("id-5 {BOB} {EMOJI} 1"),
            "in place of (15, \"reaction.added\"",
        ),
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
            |_, o| o.seen[2].rounds[5] = 1,
            "receiver 2: saw 8 message.deleted while it was out, before it was let in again",
        ),
        (
            |_, o| o.seen[2].taken_in = 3,
            "receiver 2: member_joined was answered 3 times and is there 2 times",
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
