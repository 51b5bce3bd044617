use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use domain::{ConnectionId, RoomEvent, Seq, UserId};

mod listener;

use listener::Listener;

pub use listener::Join;

/// The order of one room on this node: a state machine without I/O.
///
/// It is told what the bus said ([`heard`](Self::heard)), what the log holds ([`read`](Self::read)) and who listens, and
/// answers who gets what. Its promise: each listener gets every event after the number it started from, each once, in
/// the order of their numbers, whatever the bus loses, repeats or reorders, as long as the log is read when
/// [`wants`](Self::wants) asks for it. One that comes back takes the same path as one that is new: it starts from an
/// older number, is told what it missed as fast as it takes it, and is live once it is level with the feed.
#[derive(Debug)]
pub struct RoomFeed {
    /// All up to here was given to every listener that is live.
    position: Seq,
    listeners: HashMap<ConnectionId, Listener>,
    /// Heard too early: some number before is missing. Bounded by [`MAX_EARLY`].
    early: BTreeMap<Seq, Arc<RoomEvent>>,
    /// The log holds more than has been heard.
    more_in_log: bool,
    /// The wait for a missing number is over.
    gap_is_due: bool,
    /// Those of `early` that had been heard when the read that is under way began: the log holds them, or nobody does.
    early_at_read: Vec<Seq>,
    phantoms: usize,
}

/// How many events may wait for a missing one. Those beyond are read from the log.
const MAX_EARLY: usize = 128;

/// What a feed says, in the order in which it is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedOutput {
    /// An event, and who gets it.
    Event {
        /// What.
        event: Arc<RoomEvent>,
        /// To whom: at least one.
        to: Vec<ConnectionId>,
    },
    /// A listener that was away has all that it missed.
    Resumed {
        /// Which one.
        id: ConnectionId,
        /// It had all up to here.
        from: Seq,
        /// It has all up to here.
        to: Seq,
    },
    /// The event, the last one it got, took a listener out of the room: it listens no longer.
    Dropped {
        /// Which one.
        id: ConnectionId,
        /// By what.
        event: Arc<RoomEvent>,
    },
}

/// What the feed wants to be read from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadRequest {
    /// The events after this number, now.
    Now(Seq),
    /// A number is missing, but is probably on its way: read after a short wait, unless it came.
    Soon,
}

impl RoomFeed {
    /// A feed for its first listeners, who know the room up to `position`. Events may have passed between that moment
    /// and this one: the caller asks for the room's head and [tells](Self::told_head) it.
    #[must_use]
    pub fn new(position: Seq) -> Self {
        Self {
            position,
            listeners: HashMap::new(),
            early: BTreeMap::new(),
            more_in_log: false,
            gap_is_due: false,
            early_at_read: Vec::new(),
            phantoms: 0,
        }
    }

    /// Adds a listener. One who listens already keeps its place, unless it starts [anew](Join::anew); a newer
    /// membership of it is noted in any case.
    pub fn join(&mut self, id: ConnectionId, join: Join) -> Option<FeedOutput> {
        // A snapshot that is newer than this feed: the feed catches up from the log, and the listener waits in front.
        self.more_in_log |= join.after > self.position || join.resumes_to > Some(self.position);
        let listener = match self.listeners.entry(id) {
            Entry::Occupied(listener) => {
                let listener = listener.into_mut();
                listener.join_again(&join, self.position);
                listener
            }
            Entry::Vacant(vacant) => vacant.insert(Listener::new(&join, self.position)),
        };
        let (from, to) = listener.resumed(self.position, false)?;
        Some(FeedOutput::Resumed { id, from, to })
    }

    /// A listener's membership was heard to end with this event, the last one that it gets. False when that
    /// is not to come: it does not listen, or has had it.
    pub(crate) fn ends(&mut self, id: ConnectionId, at: Seq) -> bool {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return false;
        };
        let is_to_come = listener.end(at, self.position);
        self.more_in_log |= is_to_come && at > self.position;
        is_to_come
    }

    /// A listener takes more of what it missed. False when it was not [held back](Self::read).
    pub fn release(&mut self, id: ConnectionId) -> bool {
        let listener = self.listeners.get_mut(&id);
        listener.is_some_and(|listener| std::mem::take(&mut listener.held))
    }

    /// Removes a listener; true when it was the last.
    pub fn leave(&mut self, id: ConnectionId) -> bool {
        self.listeners.remove(&id);
        self.listeners.is_empty()
    }

    /// The latest event at which the listener is known to have been a member.
    pub(crate) fn member_as_of(&self, id: ConnectionId) -> Option<Seq> {
        Some(self.listeners.get(&id)?.member_as_of)
    }

    /// The listener was a member after this event, and is not known to be one no longer.
    pub(crate) fn is_member_since(&self, id: ConnectionId, end: Seq) -> bool {
        let listener = self.listeners.get(&id);
        listener.is_some_and(|it| it.ends_at.is_none() && it.member_as_of > end)
    }

    /// All up to here was given to every listener that is live.
    pub(crate) fn position(&self) -> Seq {
        self.position
    }

    /// Every member who listens, caught up or not, with their users: not those who are told how their membership ended.
    pub fn listeners(&self) -> impl Iterator<Item = (ConnectionId, UserId)> {
        self.listeners
            .iter()
            .filter(|(_, listener)| listener.ends_at.is_none())
            .map(|(id, listener)| (*id, listener.user_id))
    }

    /// The bus told of an event.
    pub fn heard(&mut self, event: Arc<RoomEvent>) -> Vec<FeedOutput> {
        let mut out = Vec::new();
        if event.seq == self.position.next() {
            self.advance(&event, &mut out);
            self.advance_early(&mut out);
        } else if event.seq > self.position {
            if self.early.len() < MAX_EARLY {
                self.early.insert(event.seq, event);
            } else {
                self.more_in_log = true;
            }
        }
        out
    }

    /// The log was seen to reach up to `head`: to be told at the start, and whenever the bus may have lost something.
    pub fn told_head(&mut self, head: Seq) {
        self.more_in_log |= head > self.position;
    }

    /// The wait that [`ReadRequest::Soon`] asked for is over.
    pub fn gap_due(&mut self) {
        // A wait whose gap was closed in time says nothing about the next one.
        self.gap_is_due = !self.early.is_empty();
    }

    /// A read of the log starts. What is heard or told from now on need not be part of what it answers.
    pub fn read_starts(&mut self) {
        self.more_in_log = false;
        self.gap_is_due = false;
        self.early_at_read = self.early.keys().copied().collect();
    }

    /// The read failed; it will be wanted again.
    pub fn read_failed(&mut self) {
        self.more_in_log = true;
    }

    /// The log answered a [`ReadRequest::Now`]: `events` are those after the number that was asked for, in order, and
    /// there were no more when `is_all`. A listener that is behind gets what `takes` lets it have; at the first refusal
    /// it is held back until it is [released](Self::release), and nothing is lost.
    pub fn read(
        &mut self,
        events: Vec<RoomEvent>,
        is_all: bool,
        mut takes: impl FnMut(ConnectionId, &RoomEvent) -> bool,
    ) -> Vec<FeedOutput> {
        let mut out = Vec::new();
        for event in events {
            let event = Arc::new(event);
            if event.seq == self.position.next() {
                self.advance(&event, &mut out);
            } else if event.seq <= self.position {
                self.catch_up(&event, &mut takes, &mut out);
            }
        }
        self.advance_early(&mut out);
        if is_all {
            // An event is told once it is committed, so a log that was read to its end later holds it.
            for seq in std::mem::take(&mut self.early_at_read) {
                self.phantoms += usize::from(self.early.remove(&seq).is_some());
            }
        } else {
            self.more_in_log = true;
        }
        out
    }

    /// How many events were told that the log does not hold, since this was last asked. They are forgotten: a log that
    /// was set back to an older state gives their numbers to others.
    pub(crate) fn take_phantoms(&mut self) -> usize {
        std::mem::take(&mut self.phantoms)
    }

    /// What should be read from the log now, if anything. At most one read is under way at a time: the caller asks
    /// again after each answer.
    #[must_use]
    pub fn wants(&self) -> Option<ReadRequest> {
        if self.listeners.is_empty() {
            return None;
        }
        let furthest_behind = self
            .listeners
            .values()
            .filter(|listener| !listener.held)
            .filter_map(|listener| listener.behind)
            .filter(|seq| *seq < self.position)
            .min();
        if let Some(after) = furthest_behind {
            return Some(ReadRequest::Now(after));
        }
        if self.more_in_log || (self.gap_is_due && !self.early.is_empty()) {
            return Some(ReadRequest::Now(self.position));
        }
        (!self.early.is_empty()).then_some(ReadRequest::Soon)
    }

    /// Moves the feed itself one event forward.
    fn advance(&mut self, event: &Arc<RoomEvent>, out: &mut Vec<FeedOutput>) {
        self.position = event.seq;
        self.give(event, out, |_, listener, position| match listener.behind {
            None => true,
            Some(last) if last == position => {
                // The listener was in front of the feed, which has come level with it now.
                listener.behind = None;
                false
            }
            Some(_) => false,
        });
    }

    fn advance_early(&mut self, out: &mut Vec<FeedOutput>) {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > self.position.next() {
                break;
            }
            let event = entry.remove();
            if event.seq > self.position {
                self.advance(&event, out);
            }
        }
    }

    /// Gives an event that the feed has passed to those who are behind by just this one.
    fn catch_up(
        &mut self,
        event: &Arc<RoomEvent>,
        takes: &mut impl FnMut(ConnectionId, &RoomEvent) -> bool,
        out: &mut Vec<FeedOutput>,
    ) {
        self.give(event, out, |id, listener, position| {
            let is_next = listener.behind.is_some_and(|last| last.next() == event.seq);
            if !is_next || listener.held {
                return false;
            }
            listener.held = !takes(id, event);
            if !listener.held {
                listener.behind = (event.seq != position).then_some(event.seq);
            }
            !listener.held
        });
    }

    fn give(
        &mut self,
        event: &Arc<RoomEvent>,
        out: &mut Vec<FeedOutput>,
        mut takes: impl FnMut(ConnectionId, &mut Listener, Seq) -> bool,
    ) {
        let position = self.position;
        let mut to = Vec::new();
        let mut afterwards = Vec::new();
        self.listeners.retain(|id, listener| {
            let id = *id;
            let is_given = takes(id, listener, position);
            if is_given {
                to.push(id);
            }
            let is_dropped = is_given && listener.is_taken_out_by(event);
            if let Some((from, to)) = listener.resumed(position, is_dropped) {
                afterwards.push(FeedOutput::Resumed { id, from, to });
            }
            if is_dropped {
                let event = event.clone();
                afterwards.push(FeedOutput::Dropped { id, event });
            }
            !is_dropped
        });
        if !to.is_empty() {
            let event = event.clone();
            out.push(FeedOutput::Event { event, to });
        }
        out.append(&mut afterwards);
    }
}

#[cfg(test)]
mod tests;
