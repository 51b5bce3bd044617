use super::*;
use crate::fleet::traffic::Heard;

fn event(seq: u64, kind: &str) -> Event {
    Event {
        seq,
        kind: kind.into(),
        subject: format!("id-{seq}"),
    }
}

fn heard(seq: u64, event: &str) -> Heard {
    Heard {
        seq,
        event: event.into(),
        subject: format!("id-{seq}"),
    }
}

/// A room with three messages, of which one receiver heard all, and another one after a pause.
fn stored() -> Stored {
    let sent = |seq, reference: &str| Message {
        seq,
        id: format!("id-{seq}"),
        reference: reference.into(),
    };
    Stored {
        log: vec![
            event(1, "room_created"),
            event(2, "message_sent"),
            event(3, "message_sent"),
            event(4, "message_edited"),
            event(5, "message_sent"),
        ],
        messages: vec![sent(2, "a-0"), sent(3, "b-0"), sent(5, "a-1")],
        last_seq: 5,
    }
}

fn outcome() -> Outcome {
    let told = |reference: &str, seq| Acknowledged {
        reference: reference.into(),
        id: format!("id-{seq}"),
        seq,
    };
    let session = |from, heard, ended| Session { from, heard, ended };
    let all = vec![
        heard(2, "receive_message"),
        heard(3, "receive_message"),
        heard(4, "message.updated"),
        heard(5, "receive_message"),
    ];
    let steady = Record {
        sessions: vec![session(1, all, None)],
        filled: Vec::new(),
    };
    let interrupted = Record {
        sessions: vec![
            session(1, vec![heard(2, "receive_message")], Some(1006)),
            session(4, vec![heard(5, "receive_message")], None),
        ],
        filled: vec![(3, "id-3".into())],
    };
    Outcome {
        room: String::new(),
        acknowledged: vec![vec![told("a-0", 2), told("a-1", 5)], vec![told("b-0", 3)]],
        heard: vec![steady, interrupted],
    }
}

#[test]
fn a_good_outcome_has_no_fault() {
    assert_eq!(stored().faults(&outcome()), Vec::<String>::new());
}

/// What is done to a good outcome, and what must be said of it.
type Harm = (fn(&mut Stored, &mut Outcome), &'static str);

#[test]
fn every_harm_is_found() {
    let harms: [Harm; 11] = [
        (|s, _| drop(s.log.remove(3)), "the log has 5 in place of 4"),
        (|s, _| s.last_seq = 4, "the room counts 4 of 5"),
        (
            |s, _| drop(s.messages.remove(1)),
            "b-0 was acknowledged and is lost",
        ),
        (
            |s, _| s.messages[2].reference = "a-0".into(),
            "a-0 is there twice",
        ),
        (|_, o| o.acknowledged[0][1].seq = 6, "a-1, told as 6, is 5"),
        (|_, o| o.acknowledged[0].reverse(), "has come behind"),
        (
            |_, o| o.acknowledged[1].clear(),
            "b-0 is there without an acknowledgement",
        ),
        (
            |_, o| drop(o.heard[0].sessions[0].heard.remove(1)),
            "receiver 0: heard (4,",
        ),
        (
            |_, o| o.heard[0].sessions[0].heard.swap(0, 1),
            "receiver 0: heard (3,",
        ),
        (
            |_, o| drop(o.heard[0].sessions[0].heard.pop()),
            "receiver 0: connected at 1, heard 3 of 4",
        ),
        (
            |_, o| o.heard[1].filled.clear(),
            "receiver 1: saw other messages",
        ),
    ];
    for (harm, expected) in harms {
        let (mut stored, mut outcome) = (stored(), outcome());
        harm(&mut stored, &mut outcome);
        let faults = stored.faults(&outcome);
        let is_found = faults.iter().any(|fault| fault.contains(expected));
        assert!(is_found, "{expected:?} is not among {faults:#?}");
    }
}
