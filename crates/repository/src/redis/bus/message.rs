use std::borrow::Cow;

use domain::{BusEvent, RoomId, TraceParent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// What the other nodes did not hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Missed {
    /// Anything.
    All,
    /// Something of each of these.
    Rooms(Vec<RoomId>),
}

/// What one node says to the others, as JSON: `{"node", "event" | "beat" | "missed"}`, beside an event perhaps
/// the `trace` of who told it. The beat is what the node's own clock said, in milliseconds. What a newer node adds is passed over; a message that
/// has none of what is known counts as something that was missed.
#[derive(Serialize)]
struct Written<'a> {
    node: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a BusEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<TraceParent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<&'a Missed>,
}

#[derive(Deserialize)]
struct Read<'a> {
    node: Uuid,
    // Not taken apart when it is the reader's own.
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    trace: Option<Cow<'a, str>>,
    beat: Option<u64>,
    #[serde(borrow)]
    missed: Option<&'a RawValue>,
}

pub(super) fn event(
    node: Uuid,
    event: &BusEvent,
    trace: Option<TraceParent>,
) -> serde_json::Result<String> {
    serde_json::to_string(&Written {
        event: Some(event),
        trace,
        ..of(node)
    })
}

pub(super) fn beat(node: Uuid, at: u64) -> serde_json::Result<String> {
    serde_json::to_string(&Written {
        beat: Some(at),
        ..of(node)
    })
}

pub(super) fn missed(node: Uuid, missed: &Missed) -> serde_json::Result<String> {
    serde_json::to_string(&Written {
        missed: Some(missed),
        ..of(node)
    })
}

fn of<'a>(node: Uuid) -> Written<'a> {
    Written {
        node,
        event: None,
        trace: None,
        beat: None,
        missed: None,
    }
}

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The reader's own heartbeat.
    OwnBeat(u64),
    /// Nothing new: another's heartbeat, or what the reader itself said.
    Nothing,
    /// Another node said it, and where that stands in its trace.
    Event(Box<BusEvent>, Option<TraceParent>),
    /// Another node could not say something.
    Missed(Missed),
    /// It is not understood.
    Unknown,
}

pub(super) fn read(text: &[u8], node: Uuid) -> Heard {
    let Ok(read) = serde_json::from_slice::<Read<'_>>(text) else {
        return Heard::Unknown;
    };
    let own = read.node == node;
    match read {
        Read { beat: Some(at), .. } if own => Heard::OwnBeat(at),
        _ if own => Heard::Nothing,
        Read { beat: Some(_), .. } => Heard::Nothing,
        Read {
            event: Some(event),
            trace,
            ..
        } => {
            // A trace that is not understood is one that is not gone on with.
            let trace = trace.and_then(|text| text.parse().ok());
            serde_json::from_str(event.get())
                .map_or(Heard::Unknown, |event| Heard::Event(event, trace))
        }
        Read {
            missed: Some(missed),
            ..
        } => serde_json::from_str(missed.get()).map_or(Heard::Unknown, Heard::Missed),
        _ => Heard::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn revoked() -> BusEvent {
        BusEvent::UserChanged {
            user_id: domain::UserId(Uuid::from_u128(7)),
        }
    }

    #[test]
    fn what_one_node_writes_another_reads() {
        for trace in [None, TraceParent::new(3, 4)] {
            let text = event(OTHER, &revoked(), trace).unwrap();
            let expected = Heard::Event(revoked().into(), trace);
            assert_eq!(read(text.as_bytes(), NODE), expected);
        }
        for what in [Missed::All, Missed::Rooms(vec![RoomId(Uuid::from_u128(9))])] {
            let text = missed(OTHER, &what).unwrap();
            assert_eq!(read(text.as_bytes(), NODE), Heard::Missed(what));
        }
    }

    #[test]
    fn of_its_own_a_node_hears_its_heartbeat_alone() {
        let text = beat(NODE, 5).unwrap();
        assert_eq!(read(text.as_bytes(), NODE), Heard::OwnBeat(5));
        assert_eq!(read(text.as_bytes(), OTHER), Heard::Nothing);
        for text in [event(NODE, &revoked(), None), missed(NODE, &Missed::All)] {
            assert_eq!(read(text.unwrap().as_bytes(), NODE), Heard::Nothing);
        }
    }

    #[test]
    fn what_a_newer_node_adds_is_passed_over_and_what_it_alone_knows_is_noticed() {
        let newer = event(OTHER, &revoked(), None).unwrap().replacen(
            '{',
            r#"{"hops":1,"trace":"02/x","#,
            1,
        );
        let expected = Heard::Event(revoked().into(), None);
        assert_eq!(read(newer.as_bytes(), NODE), expected);
        let unknown = [
            format!(r#"{{"node":"{OTHER}","event":{{"Moon":{{"phase":1}}}}}}"#),
            format!(r#"{{"node":"{OTHER}","gossip":1}}"#),
            format!(r#"{{"node":"{OTHER}","missed":"some"}}"#),
            r#"{"event":{}}"#.into(),
            "hello".into(),
            String::new(),
        ];
        for text in unknown {
            assert_eq!(read(text.as_bytes(), NODE), Heard::Unknown, "{text}");
        }
    }
}
