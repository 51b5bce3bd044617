//! Each harm that is done to a good outcome is found.

use super::*;

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
