use crate::fleet::Fleet;

/// What the database has of a room, as psql tells it.
pub struct Stored {
    pub log: Vec<Event>,
    pub messages: Vec<Message>,
    /// The reactions that stand.
    pub reactions: Vec<Reaction>,
    pub counts: Vec<Count>,
    pub last_seq: u64,
}

/// A row of the log.
pub struct Event {
    pub seq: u64,
    pub kind: String,
    pub subject: String,
    /// Of a reaction alone.
    pub reacted: Option<Reacted>,
}

/// By which emoji somebody reacted, and how many then did.
pub struct Reacted {
    pub user: String,
    pub emoji: String,
    pub count: u64,
}

/// A row of the reactions.
#[derive(Debug, PartialEq, Eq)]
pub struct Reaction {
    pub message: String,
    pub emoji: String,
    pub user: String,
    pub seq: u64,
}

/// A row of the counts of reactions.
#[derive(Debug, PartialEq, Eq)]
pub struct Count {
    pub message: String,
    pub emoji: String,
    pub count: u64,
    pub first_seq: u64,
    pub last_seq: u64,
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
            "SELECT seq, kind, subject_id, actor_id, emoji, count
             FROM room_events WHERE room_id = '{room}' ORDER BY seq"
        ));
        let messages = rows(format!(
            "SELECT seq, id, client_msg_id FROM messages WHERE room_id = '{room}' ORDER BY seq"
        ));
        let of_room = format!("message_id IN (SELECT id FROM messages WHERE room_id = '{room}')");
        let reactions = rows(format!(
            "SELECT message_id, emoji, user_id, seq FROM reactions WHERE {of_room}"
        ));
        let counts = rows(format!(
            "SELECT message_id, emoji, count, first_seq, last_seq FROM reaction_counts WHERE {of_room}"
        ));
        let rooms = rows(format!("SELECT last_seq FROM rooms WHERE id = '{room}'"));
        Self {
            log: events
                .into_iter()
                .map(|row| Event {
                    seq: row[0].parse().unwrap(),
                    kind: row[1].clone(),
                    subject: row[2].clone(),
                    reacted: (!row[4].is_empty()).then(|| Reacted {
                        user: row[3].clone(),
                        emoji: row[4].clone(),
                        count: row[5].parse().unwrap(),
                    }),
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
            reactions: reactions
                .into_iter()
                .map(|row| Reaction {
                    message: row[0].clone(),
                    emoji: row[1].clone(),
                    user: row[2].clone(),
                    seq: row[3].parse().unwrap(),
                })
                .collect(),
            counts: counts
                .into_iter()
                .map(|row| Count {
                    message: row[0].clone(),
                    emoji: row[1].clone(),
                    count: row[2].parse().unwrap(),
                    first_seq: row[3].parse().unwrap(),
                    last_seq: row[4].parse().unwrap(),
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

impl Event {
    /// What a client is told that it is about.
    pub fn told(&self) -> String {
        match &self.reacted {
            Some(Reacted { user, emoji, count }) => {
                format!("{} {user} {emoji} {count}", self.subject)
            }
            None => self.subject.clone(),
        }
    }
}
