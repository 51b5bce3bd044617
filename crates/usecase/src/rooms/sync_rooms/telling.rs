//! The events of one answer.

use domain::{Missed, RoomEvent, Seq, StoreResult, ports::RoomLog};

use crate::rooms::weight::{PAGE, weight};

/// Reads what is told, room after room, until the answer is full.
pub(super) struct Telling<'a> {
    log: &'a dyn RoomLog,
    /// The bytes of events that the answer holds, by estimate.
    most: u64,
    spent: u64,
    is_full: bool,
}

/// What is told of a room.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// All that was missed.
    All(Vec<RoomEvent>),
    /// Nothing, now or later: it is more than is told.
    TooMuch,
    /// Nothing yet: the answer is full.
    Later,
}

impl<'a> Telling<'a> {
    pub(super) fn new(log: &'a dyn RoomLog, most: u64) -> Self {
        Self {
            log,
            most,
            spent: 0,
            is_full: false,
        }
    }

    /// Reads all that was missed, if it is told and there is room for it. What is read and not told is at most a page
    /// more than the room that was left. After the membership's `end`, if it ended, nothing is shown.
    pub(super) async fn tell(&mut self, missed: Missed, end: Option<Seq>) -> StoreResult<Told> {
        let Missed { from, to, .. } = missed;
        if !missed.recovered {
            return Ok(Told::TooMuch);
        }
        if self.is_full {
            return Ok(Told::Later);
        }
        let (mut events, mut spent) = (Vec::new(), self.spent);
        let mut after = from;
        while after < to {
            let limit = page(after, to);
            let read = self.log.read(missed.room_id, after, limit).await?;
            after = Seq(after.0 + u64::from(limit));
            // Never a part of the gap, whatever became of the log.
            let is_whole = read.last().is_some_and(|last| last.seq == after);
            if !is_whole || read.len() != limit as usize {
                return Ok(Told::TooMuch);
            }
            for event in read {
                let shown = end.and_then(|end| event.as_of(end));
                let event = shown.unwrap_or(event);
                spent = spent.saturating_add(weight(&event));
                events.push(event);
            }
            if spent > self.most {
                // The first one has the answer to itself: no later answer has more room for it.
                let is_first = self.spent == 0;
                self.is_full = !is_first;
                return Ok(if is_first { Told::TooMuch } else { Told::Later });
            }
        }
        self.spent = spent;
        Ok(Told::All(events))
    }
}

fn page(after: Seq, to: Seq) -> u32 {
    u32::try_from(to.0 - after.0).map_or(PAGE, |left| left.min(PAGE))
}

#[cfg(test)]
mod tests;
