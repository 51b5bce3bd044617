use std::{collections::BTreeMap, sync::Arc};

use domain::{ConnectionId, IdMap, RoomEvent, Seq, UserId};

mod listener;
mod output;
mod wanting;

use listener::Listener;

pub use listener::Join;
pub use output::{FeedOutput, ReadRequest};

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
    /// Those who are level with the feed.
    live: IdMap<ConnectionId, Listener>,
    /// Those who are not: behind it, or in front.
    late: IdMap<ConnectionId, Listener>,
    /// Heard too early: some number before is missing. Bounded by [`MAX_EARLY`].
    early: BTreeMap<Seq, Arc<RoomEvent>>,
    /// The log holds more than has been heard.
    more_in_log: bool,
    /// The wait for a missing number is over.
    gap_is_due: bool,
    /// The latest read was for those who are behind: the next one is for those who are live, if they want one.
    served_late: bool,
    /// The log was known to hold more when the read that is under way began.
    more_at_read: bool,
    /// Those of `early` that had been heard when the read that is under way began: the log holds them, or nobody does.
    early_at_read: Vec<Seq>,
    phantoms: usize,
    /// A read is under way.
    is_reading: bool,
    /// What the feed has passed since the read that is under way began, while somebody is late: so that who has all that
    /// the read holds is level with the feed, however busy the room is. Bounded by [`MAX_EARLY`].
    passed: Vec<Arc<RoomEvent>>,
}

/// How many events may wait for a missing one, or for a read that is under way. Those beyond are read from the log.
const MAX_EARLY: usize = 128;

impl RoomFeed {
    /// A feed for its first listeners, who know the room up to `position`. Events may have passed between that moment
    /// and this one: the caller asks for the room's head and [tells](Self::told_head) it.
    #[must_use]
    pub fn new(position: Seq) -> Self {
        Self {
            position,
            live: IdMap::default(),
            late: IdMap::default(),
            early: BTreeMap::new(),
            more_in_log: false,
            gap_is_due: false,
            served_late: false,
            more_at_read: false,
            early_at_read: Vec::new(),
            phantoms: 0,
            is_reading: false,
            passed: Vec::new(),
        }
    }

    /// Adds a listener. One who listens already keeps its place, unless it starts [anew](Join::anew); a newer
    /// membership of it is noted in any case.
    pub fn join(&mut self, id: ConnectionId, join: Join) -> Vec<FeedOutput> {
        let known = join.member_as_of.max(join.after);
        let mut out = Vec::new();
        let found = self.remove(id);
        let stays_live = |it: &Listener| it.behind().is_none() && !join.anew;
        let is_missed = self.is_missed_by_some(known) || found.as_ref().is_some_and(stays_live);
        if !is_missed && known > self.position {
            self.skip_to(known, &mut out);
        }
        // A snapshot that is newer than this feed: the feed catches up from the log, and the listener waits in front.
        self.more_in_log |= known > self.position || join.resumes_to > Some(self.position);
        let mut listener = match found {
            Some(mut listener) => {
                listener.join_again(&join, self.position);
                // It may have waited just where the feed goes on now.
                listener.set_behind(listener.behind().filter(|last| *last != self.position));
                listener
            }
            None => Listener::new(&join, self.position),
        };
        out.extend(listener.say_resumed(id, self.position, false));
        self.place(id, listener);
        // What was heard too early may be the next now.
        self.advance_early(&mut out);
        out
    }

    /// Goes on from a number further on, which [nobody would miss](Self::is_missed_by_some).
    fn skip_to(&mut self, position: Seq, out: &mut Vec<FeedOutput>) {
        self.position = position;
        self.early.retain(|seq, _| *seq > position);
        let level = |_: &ConnectionId, listener: &mut Listener| listener.behind() == Some(position);
        for (id, mut listener) in self.late.extract_if(level) {
            listener.set_behind(None);
            out.extend(listener.say_resumed(id, position, false));
            self.live.insert(id, listener);
        }
    }

    fn place(&mut self, id: ConnectionId, listener: Listener) {
        match listener.behind() {
            None => self.live.insert(id, listener),
            Some(_) => self.late.insert(id, listener),
        };
    }

    fn remove(&mut self, id: ConnectionId) -> Option<Listener> {
        self.live.remove(&id).or_else(|| self.late.remove(&id))
    }

    fn get(&self, id: ConnectionId) -> Option<&Listener> {
        self.live.get(&id).or_else(|| self.late.get(&id))
    }

    fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Listener> {
        match self.live.get_mut(&id) {
            None => self.late.get_mut(&id),
            found => found,
        }
    }

    /// A listener's membership was heard to end with this event, the last one that it gets. False when that
    /// is not to come: it does not listen, or has had it.
    pub(crate) fn ends(&mut self, id: ConnectionId, at: Seq) -> bool {
        let position = self.position;
        let Some(listener) = self.get_mut(id) else {
            return false;
        };
        let is_to_come = listener.end(at, position);
        self.more_in_log |= is_to_come && at > self.position;
        is_to_come
    }

    /// A listener takes nothing more of what it missed until it is [released](Self::release). False when it is not behind.
    pub(crate) fn hold(&mut self, id: ConnectionId) -> bool {
        let position = self.position;
        let is_behind = |listener: &&mut Listener| listener.behind() < Some(position);
        let listener = self.late.get_mut(&id).filter(is_behind);
        listener.map(|listener| listener.set_held(true)).is_some()
    }

    /// A listener takes more of what it missed. False when it was not [held back](Self::read).
    pub fn release(&mut self, id: ConnectionId) -> bool {
        let listener = self.late.get_mut(&id);
        let held = listener.filter(|listener| listener.is_held());
        held.map(|listener| listener.set_held(false)).is_some()
    }

    /// Removes a listener; true when it was the last.
    pub fn leave(&mut self, id: ConnectionId) -> bool {
        self.remove(id);
        self.live.is_empty() && self.late.is_empty()
    }

    /// The latest event at which the listener is known to have been a member.
    pub(crate) fn member_as_of(&self, id: ConnectionId) -> Option<Seq> {
        Some(self.get(id)?.member_as_of)
    }

    /// It listens, and its membership is not known to have ended.
    pub(crate) fn is_member(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|it| it.ends_at().is_none())
    }

    /// The listener was a member after this event, and is not known to be one no longer.
    pub(crate) fn is_member_since(&self, id: ConnectionId, end: Seq) -> bool {
        self.is_member(id) && self.member_as_of(id) > Some(end)
    }

    /// All up to here was given to every listener that is live.
    pub(crate) fn position(&self) -> Seq {
        self.position
    }

    /// Every member who listens, caught up or not, with their users: not those who are told how their membership ended.
    pub fn listeners(&self) -> impl Iterator<Item = (ConnectionId, UserId)> {
        self.live
            .iter()
            .chain(&self.late)
            .filter(|(_, listener)| listener.ends_at().is_none())
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
        self.served_late = matches!(self.wants(), Some(ReadRequest::Now(at)) if at < self.position);
        self.more_at_read = self.knows_of_more();
        self.more_in_log = false;
        self.gap_is_due = false;
        self.is_reading = true;
        self.passed.clear();
        self.early_at_read = self.early.keys().copied().collect();
    }

    /// The read failed; it will be wanted again.
    pub fn read_failed(&mut self) {
        self.more_in_log = true;
        self.is_reading = false;
        self.passed = Vec::new();
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
        // A page that ends before the feed does says nothing of what lies beyond.
        let more = self.more_at_read || events.last().is_none_or(|last| last.seq >= self.position);
        for event in events {
            let event = Arc::new(event);
            if event.seq == self.position.next() {
                self.advance(&event, &mut out);
            } else if event.seq <= self.position {
                self.catch_up(&event, &mut takes, &mut out);
            }
        }
        self.advance_early(&mut out);
        for event in std::mem::take(&mut self.passed) {
            self.catch_up(&event, &mut takes, &mut out);
        }
        self.is_reading = false;
        if is_all {
            // An event is told once it is committed, so a log that was read to its end later holds it.
            for seq in std::mem::take(&mut self.early_at_read) {
                self.phantoms += usize::from(self.early.remove(&seq).is_some());
            }
        } else {
            self.more_in_log |= more;
        }
        out
    }

    /// How many events were told that the log does not hold, since this was last asked. They are forgotten: a log that
    /// was set back to an older state gives their numbers to others.
    pub(crate) fn take_phantoms(&mut self) -> usize {
        std::mem::take(&mut self.phantoms)
    }

    /// Moves the feed itself one event forward.
    fn advance(&mut self, event: &Arc<RoomEvent>, out: &mut Vec<FeedOutput>) {
        self.position = event.seq;
        if self.is_reading && !self.late.is_empty() && self.passed.len() < MAX_EARLY {
            self.passed.push(event.clone());
        }
        let position = self.position;
        let to: Vec<_> = self.live.keys().copied().collect();
        let mut afterwards = Vec::new();
        self.live.retain(|id, listener| {
            let is_dropped = listener.is_taken_out_by(event);
            listener.say_rest(*id, event, position, is_dropped, &mut afterwards);
            !is_dropped
        });
        let is_level = |_: &ConnectionId, listener: &mut Listener| {
            if listener.behind() == Some(position) {
                // The listener was in front of the feed, which has come level with it now.
                listener.set_behind(None);
            }
            listener.behind().is_none()
        };
        for (id, mut listener) in self.late.extract_if(is_level) {
            listener.say_rest(id, event, position, false, &mut afterwards);
            self.live.insert(id, listener);
        }
        for (id, listener) in &mut self.late {
            let is_behind = listener.behind() < Some(position) && listener.ends_at().is_none();
            if is_behind && listener.is_taken_out_by(event) {
                listener.set_ends_at(Some(position));
                let (id, event) = (*id, event.clone());
                afterwards.push(FeedOutput::Ends { id, event });
            }
        }
        if !to.is_empty() {
            let event = event.clone();
            out.push(FeedOutput::Event { event, to });
        }
        out.append(&mut afterwards);
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
        let position = self.position;
        let (mut to, mut afterwards, mut level) = (Vec::new(), Vec::new(), Vec::new());
        self.late.retain(|id, listener| {
            let id = *id;
            let is_next = listener
                .behind()
                .is_some_and(|last| last.next() == event.seq);
            if !is_next || listener.is_held() {
                return true;
            }
            if !takes(id, event) {
                listener.set_held(true);
                return true;
            }
            to.push(id);
            listener.set_behind((event.seq != position).then_some(event.seq));
            let is_dropped = listener.is_taken_out_by(event);
            listener.say_rest(id, event, position, is_dropped, &mut afterwards);
            if listener.behind().is_none() && !is_dropped {
                level.push(id);
            }
            !is_dropped
        });
        for id in level {
            if let Some(listener) = self.late.remove(&id) {
                self.live.insert(id, listener);
            }
        }
        if !to.is_empty() {
            let event = event.clone();
            out.push(FeedOutput::Event { event, to });
        }
        out.append(&mut afterwards);
    }
}

#[cfg(test)]
mod tests;
