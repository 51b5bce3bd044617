use crate::{RoomId, Seq};

/// How a client that was away comes back into a room of which it has the log up to some number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumption {
    /// Still a member: it goes on live.
    Stays(Missed),
    /// The membership ended with the last event that was missed: what was written after it is not shown, not even in older
    /// messages.
    Ended(Missed),
    /// There is nothing to tell: it never was a member, or knows how that ended. One answer, so that a room that is not
    /// the client's cannot be told from one that does not exist.
    Gone(RoomId),
}

/// The part of a log that a client missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// Which log.
    pub room_id: RoomId,
    /// The client has all up to here.
    pub from: Seq,
    /// What there is goes up to here.
    pub to: Seq,
    /// True when all of it is told. False when it is more than is told, or when the client claims to have what the log
    /// does not hold: then it is told nothing of it, and reads the room anew.
    pub recovered: bool,
}

impl Missed {
    /// What lies between, which is told when it is at most `most` events.
    #[must_use]
    pub fn new(room_id: RoomId, from: Seq, to: Seq, most: u64) -> Self {
        Self {
            room_id,
            from,
            to,
            recovered: to
                .0
                .checked_sub(from.0)
                .is_some_and(|missed| missed <= most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_is_told_as_a_whole_or_not_at_all() {
        let room = RoomId(uuid::Uuid::from_u128(1));
        for (from, to, recovered) in [(7, 7, true), (4, 7, true), (3, 7, false), (8, 7, false)] {
            let missed = Missed::new(room, Seq(from), Seq(to), 3);
            assert_eq!(missed.recovered, recovered, "{from} to {to}");
        }
    }
}
