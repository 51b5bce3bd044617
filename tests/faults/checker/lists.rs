use super::stored::{Event, Stored};
use crate::traffic::Record;

impl Stored {
    /// What a client saw rises, is the log's, and lacks nothing from where it began to the last event that it had time
    /// to see, as long as its user was a member.
    pub fn all_seen(&self, record: &Record, last: u64, faults: &mut Vec<String>) {
        if record.sessions.is_empty() {
            return faults.push("never connected".to_owned());
        }
        let mut expected = self.of_member(&record.user).filter(|event| {
            let seq = event.seq;
            record.first < seq && seq <= last
        });
        let mut before = record.first;
        let mut next = expected.next();
        for seen in &record.seen {
            let told = (seen.seq, seen.event.as_str(), seen.subject.as_str());
            if seen.seq <= before {
                return faults.push(format!("saw {told:?} after {before}"));
            }
            before = seen.seq;
            let Some(event) = self.at(seen.seq) else {
                return faults.push(format!("saw {told:?}, which is beyond the log"));
            };
            let subject = event.told();
            let stored = (event.seq, name_of(&event.kind), subject.as_str());
            if told != stored {
                return faults.push(format!("saw {told:?} in place of {stored:?}"));
            }
            match next {
                Some(due) if due.seq < seen.seq => {
                    return faults.push(format!("saw {} and not {}", seen.seq, due.seq));
                }
                Some(due) if due.seq == seen.seq => next = expected.next(),
                Some(_) | None => {}
            }
            if self.is_after_end(&record.user, seen.seq) {
                return faults.push(format!("saw {told:?}, and was no member any more"));
            }
        }
        if let Some(due) = next {
            faults.push(format!("saw nothing from {} on, of {last}", due.seq));
        }
    }

    /// Nothing was told of the time in which the user was out before they were taken in again: who is a member again may read
    /// what happened meanwhile. They are so when it was begun to take them in, or when a node said that they are in, and
    /// the log says so too: a request that nobody waits for any more may do it late.
    pub fn none_leaked(&self, record: &Record, faults: &mut Vec<String>) {
        let known = record.rounds.iter().zip(&record.admitted);
        for (seen, (round, admitted)) in record.seen.iter().zip(known) {
            let moves = |kind: &str| {
                let before = self.log.iter().filter(|event| event.seq < seen.seq);
                before
                    .filter(|event| event.kind == kind && event.subject == record.user)
                    .count()
            };
            let (joined, left) = (moves("member_joined"), moves("member_left"));
            let is_let_in = self.log.iter().any(|event| {
                event.kind == "member_joined"
                    && event.subject == record.user
                    && (seen.seq..=*admitted).contains(&event.seq)
            });
            if joined == left && *round <= left && !is_let_in {
                let (seq, event) = (seen.seq, &seen.event);
                faults.push(format!(
                    "saw {seq} {event} while it was out, before it was let in again"
                ));
            }
        }
    }

    fn at(&self, seq: u64) -> Option<&Event> {
        let at = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.log.get(at)
    }

    /// The events of the times in which the user was a member: after they had come, and with their going.
    fn of_member(&self, user: &str) -> impl Iterator<Item = &Event> {
        let mut is_member = false;
        self.log.iter().filter(move |event| {
            let was_member = is_member;
            if event.subject == user {
                is_member = match event.kind.as_str() {
                    "member_joined" => true,
                    "member_left" => false,
                    _ => is_member,
                };
            }
            was_member
        })
    }

    /// Whether the user had left for good before this event.
    fn is_after_end(&self, user: &str, seq: u64) -> bool {
        let mut moves = self.log.iter().filter(|event| {
            event.subject == user && matches!(event.kind.as_str(), "member_joined" | "member_left")
        });
        let last = moves.next_back();
        last.is_some_and(|event| event.kind == "member_left" && event.seq < seq)
    }
}

/// What an event of the log is called on a socket.
fn name_of(kind: &str) -> &'static str {
    match kind {
        "message_sent" => "receive_message",
        "message_edited" => "message.updated",
        "message_deleted" => "message.deleted",
        "reaction_added" => "reaction.added",
        "reaction_removed" => "reaction.removed",
        "member_joined" => "member.joined",
        "member_left" => "member.left",
        "room_created" => "room.created",
        "room_deleted" => "room.deleted",
        other => panic!("an event of an unknown kind: {other}"),
    }
}
