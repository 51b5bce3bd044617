#![cfg(test)]

mod harm;

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
