use std::fmt;

use super::{
    reactor::Reacted,
    record::{Record, Resumed},
    sender::Sent,
};
use crate::rig::Growth;

/// What all of them saw.
pub struct Outcome {
    /// Where.
    pub room: String,
    /// Of each sender, in the order of sending.
    pub sent: Vec<Vec<Sent>>,
    /// Of all senders.
    pub reacted: Vec<Reacted>,
    /// Of each receiver.
    pub seen: Vec<Record>,
    /// The number of the last event that all of them had time to see.
    pub last: u64,
    /// What the nodes held more of afterwards than before.
    pub growth: Growth,
}

impl Outcome {
    /// The codes that sockets were closed with, of all receivers.
    pub fn ends(&self) -> Vec<u16> {
        let mut ends: Vec<_> = self.seen.iter().flat_map(Record::ends).collect();
        ends.sort_unstable();
        ends
    }

    /// How often a receiver took up so.
    pub fn resumed(&self, how: Resumed) -> usize {
        let sessions = self.seen.iter().flat_map(|record| &record.sessions);
        sessions
            .filter(|session| session.resumed == Some(how))
            .count()
    }
}

/// The numbers, in one line.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = || self.sent.iter().flatten();
        let acknowledged = sent().filter(|sent| sent.acknowledged.is_some()).count();
        let again = sent().filter(|sent| sent.attempts > 1).count();
        let events: usize = self.seen.iter().map(|record| record.seen.len()).sum();
        let sockets: usize = self.seen.iter().map(|record| record.sessions.len()).sum();
        let taken_back = self.reacted.iter().filter(|it| it.is_removed == Some(true));
        write!(
            f,
            "{} sent, {acknowledged} acknowledged ({again} sent again), {} given up; \
             {} reactions acknowledged, {} taken back; {} events in the log, {events} seen by {} receivers over {sockets} sockets \
             ({} replayed, {} read anew); {}",
            sent().count(),
            sent().count() - acknowledged,
            self.reacted.iter().filter(|it| it.is_added).count(),
            taken_back.count(),
            self.last,
            self.seen.len(),
            self.resumed(Resumed::Replayed),
            self.resumed(Resumed::ReadAnew),
            self.growth,
        )
    }
}
