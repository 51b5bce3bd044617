use crate::fleet::Fleet;

/// What the database has of a room, as psql tells it.
pub struct Stored {
    pub log: Vec<Event>,
    pub messages: Vec<Message>,
    pub last_seq: u64,
}

/// A row of the log.
pub struct Event {
    pub seq: u64,
    pub kind: String,
    pub subject: String,
}

/// A row of the messages.
pub struct Message {
    pub seq: u64,
    pub id: String,
    pub reference: String,
}

impl Stored {
    pub fn read(fleet: &Fleet, room: &str) -> Self {
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

    /// The log counts from one without a gap, the room's counter stands at its end, and it says of each message once
    /// that it was sent.
    pub fn numbered(&self, faults: &mut Vec<String>) {
        for (event, expected) in self.log.iter().zip(1..) {
            if event.seq != expected {
                return faults.push(format!("the log has {} in place of {expected}", event.seq));
            }
        }
        if self.last_seq != self.log.len() as u64 {
            let (counted, there) = (self.last_seq, self.log.len());
            faults.push(format!("the room counts {counted} of {there}"));
        }
        let rows = self.messages.iter().map(|row| (row.seq, row.id.as_str()));
        let sent = self.log.iter().filter(|event| event.kind == "message_sent");
        if !rows.eq(sent.map(|event| (event.seq, event.subject.as_str()))) {
            faults.push("the messages are not those that the log says were sent".to_owned());
        }
    }
}
