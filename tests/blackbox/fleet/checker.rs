//! Holds what clients saw against what the database says.

mod tests;

use std::collections::HashMap;

use super::{
    rig::Fleet,
    traffic::{Acknowledged, Outcome, Record, Session},
};

/// What the database has of a room, as psql tells it.
struct Stored {
    log: Vec<Event>,
    messages: Vec<Message>,
    last_seq: u64,
}

/// A row of the log.
struct Event {
    seq: u64,
    kind: String,
    subject: String,
}

/// A row of the messages.
struct Message {
    seq: u64,
    id: String,
    reference: String,
}

/// Every acknowledged message is in the database exactly once, under the number and id that were told; the log has no
/// gap; and every member saw every event of the time when they were connected exactly once and in order, and every
/// message, also of the times in between.
pub fn assert_nothing_lost(fleet: &Fleet, outcome: &Outcome) {
    let mut faults = Stored::read(fleet, &outcome.room).faults(outcome);
    let count = faults.len();
    faults.truncate(20);
    assert_eq!(count, 0, "the first of {count} faults: {faults:#?}");
}

/// No receiver lost its socket.
pub fn assert_sockets_stayed_open(outcome: &Outcome) {
    for (receiver, record) in outcome.heard.iter().enumerate() {
        let ends: Vec<_> = record
            .sessions
            .iter()
            .map(|session| session.ended)
            .collect();
        assert_eq!(ends, [None], "receiver {receiver} lost its socket");
    }
}

impl Stored {
    fn read(fleet: &Fleet, room: &str) -> Self {
        let rows = |sql: String| -> Vec<Vec<String>> {
            let split = |line: &str| line.split('|').map(str::to_owned).collect();
            fleet.query(&sql).lines().map(split).collect()
        };
        let events = rows(format!(
            "SELECT seq, kind, subject_id FROM room_events WHERE room_id = '{room}' ORDER BY seq"
        ));
        let messages = rows(format!(
            "SELECT seq, id, client_msg_id FROM messages WHERE room_id = '{room}' ORDER BY seq"
        ));
        let rooms = rows(format!("SELECT last_seq FROM rooms WHERE id = '{room}'"));
        Self {
            log: events
                .into_iter()
                .map(|row| Event {
                    seq: row[0].parse().unwrap(),
                    kind: row[1].clone(),
                    subject: row[2].clone(),
                })
                .collect(),
            messages: messages
                .into_iter()
                .map(|row| Message {
                    seq: row[0].parse().unwrap(),
                    id: row[1].clone(),
                    reference: row[2].clone(),
                })
                .collect(),
            last_seq: rooms[0][0].parse().unwrap(),
        }
    }

    /// All that is wrong, in words.
    fn faults(&self, outcome: &Outcome) -> Vec<String> {
        let mut faults = Vec::new();
        self.numbered(&mut faults);
        self.kept(outcome, &mut faults);
        for (receiver, record) in outcome.heard.iter().enumerate() {
            let mut own = Vec::new();
            for session in &record.sessions {
                self.complete(session, &mut own);
            }
            self.all_seen(record, &mut own);
            faults.extend(
                own.into_iter()
                    .map(|fault| format!("receiver {receiver}: {fault}")),
            );
        }
        faults
    }

    /// The log counts from one without a gap, the room's counter stands at its end, and it says of each message once
    /// that it was sent.
    fn numbered(&self, faults: &mut Vec<String>) {
        for (event, expected) in self.log.iter().zip(1..) {
            if event.seq != expected {
                return faults.push(format!("the log has {} in place of {expected}", event.seq));
            }
        }
        if self.last_seq != self.log.len() as u64 {
            faults.push(format!(
                "the room counts {} of {}",
                self.last_seq,
                self.log.len()
            ));
        }
        let rows = self.messages.iter().map(|row| (row.seq, row.id.as_str()));
        if !rows.eq(self.sent()) {
            faults.push("the messages are not those that the log says were sent".to_owned());
        }
    }

    /// Number and id of each message, as the log has them.
    fn sent(&self) -> impl Iterator<Item = (u64, &str)> {
        let sent = self.log.iter().filter(|event| event.kind == "message_sent");
        sent.map(|event| (event.seq, event.subject.as_str()))
    }

    /// What was acknowledged is there, in the order of each sender; nothing is there twice, or unasked.
    fn kept(&self, outcome: &Outcome, faults: &mut Vec<String>) {
        let mut by_reference = HashMap::new();
        for row in &self.messages {
            if by_reference.insert(row.reference.as_str(), row).is_some() {
                faults.push(format!("{} is there twice", row.reference));
            }
        }
        for acknowledged in &outcome.acknowledged {
            for Acknowledged { reference, id, seq } in acknowledged {
                match by_reference.remove(reference.as_str()) {
                    Some(row) if row.id == *id && row.seq == *seq => {}
                    Some(row) => faults.push(format!("{reference}, told as {seq}, is {}", row.seq)),
                    None => faults.push(format!("{reference} was acknowledged and is lost")),
                }
            }
            let is_behind = |pair: &[Acknowledged]| pair[0].seq >= pair[1].seq;
            for pair in acknowledged.windows(2).filter(|pair| is_behind(pair)) {
                faults.push(format!(
                    "{} has come behind what was sent later",
                    pair[0].reference
                ));
            }
        }
        // A sender goes on, and ends, only once its message is acknowledged.
        for reference in by_reference.keys() {
            faults.push(format!("{reference} is there without an acknowledgement"));
        }
    }

    /// From where it began, a socket heard the log, event by event; one that is open, to the end.
    fn complete(&self, session: &Session, faults: &mut Vec<String>) {
        let from = usize::try_from(session.from).unwrap();
        let Some(log) = self.log.get(from..) else {
            return faults.push(format!("connected at {from}, which is beyond the log"));
        };
        for (heard, event) in session.heard.iter().zip(log) {
            let told = (heard.seq, heard.event.as_str(), heard.subject.as_str());
            let expected = (event.seq, name_of(&event.kind), event.subject.as_str());
            if told != expected {
                return faults.push(format!("heard {told:?} in place of {expected:?}"));
            }
        }
        let (heard, all) = (session.heard.len(), log.len());
        if heard > all || (heard < all && session.ended.is_none()) {
            faults.push(format!("connected at {from}, heard {heard} of {all}"));
        }
    }

    /// Every message since the first connection, heard or asked for, was seen once.
    fn all_seen(&self, record: &Record, faults: &mut Vec<String>) {
        let Some(first) = record.sessions.first() else {
            return faults.push("never connected".to_owned());
        };
        let heard = record.sessions.iter().flat_map(|session| &session.heard);
        let messages = heard.filter(|frame| frame.event == "receive_message");
        let messages = messages.map(|frame| (frame.seq, frame.subject.as_str()));
        let filled = record.filled.iter().map(|(seq, id)| (*seq, id.as_str()));
        let mut seen: Vec<_> = messages.chain(filled).collect();
        seen.sort_unstable();
        let expected = self.sent().filter(|(seq, _)| *seq > first.from);
        let expected: Vec<_> = expected.collect();
        if seen != expected {
            let (seen, expected) = (seen.len(), expected.len());
            faults.push(format!(
                "saw other messages than were sent: {seen} of {expected}"
            ));
        }
    }
}

/// What an event of the log is called on a socket.
fn name_of(kind: &str) -> &'static str {
    match kind {
        "message_sent" => "receive_message",
        "message_edited" => "message.updated",
        "message_deleted" => "message.deleted",
        "member_joined" => "member.joined",
        "member_left" => "member.left",
        "room_created" => "room.created",
        "room_deleted" => "room.deleted",
        other => panic!("an event of an unknown kind: {other}"),
    }
}
