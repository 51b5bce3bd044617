use std::sync::Arc;

use domain::{ConnectionId, RoomEvent, RoomEventKind, Seq, UserId};

use super::FeedOutput;

/// How somebody comes to a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    /// Who.
    pub user_id: UserId,
    /// They have all up to here.
    pub after: Seq,
    /// They were a member then, so that an older `MemberLeft` of theirs is history.
    pub member_as_of: Seq,
    /// Who listens already starts again at `after`, instead of keeping its place.
    pub anew: bool,
    /// They were away, and want to be told once they have all up to here: [`FeedOutput::Resumed`](super::FeedOutput).
    pub resumes_to: Option<Seq>,
    /// Their membership ended with this event, the last one that they get.
    pub ends_at: Option<Seq>,
}

impl Join {
    /// A member who has all up to a snapshot, and goes on from there.
    #[must_use]
    pub fn live(user_id: UserId, snapshot: Seq) -> Self {
        Self {
            user_id,
            after: snapshot,
            member_as_of: snapshot,
            anew: false,
            resumes_to: None,
            ends_at: None,
        }
    }
}

/// There is one for each socket in each room, and most are live and stay so: they take little.
#[derive(Debug)]
pub(super) struct Listener {
    pub user_id: UserId,
    pub member_as_of: Seq,
    /// None of who is live, goes on being a member as far as is known, and was told to have resumed.
    apart: Option<Box<Apart>>,
}

/// What is so of few.
#[derive(Debug, Default, PartialEq, Eq)]
struct Apart {
    /// The last number given, of who is not live.
    behind: Option<Seq>,
    /// It takes nothing more of what it missed for now.
    held: bool,
    ends_at: Option<Seq>,
    resuming: Option<Resuming>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Resuming {
    from: Seq,
    to: Seq,
}

impl Listener {
    pub(super) fn new(join: &Join, position: Seq) -> Self {
        let mut listener = Self {
            user_id: join.user_id,
            member_as_of: join.member_as_of,
            apart: None,
        };
        listener.set_ends_at(join.ends_at);
        listener.start(join, position);
        listener
    }

    /// `None` when live; else the last number given.
    pub(super) fn behind(&self) -> Option<Seq> {
        self.apart.as_ref()?.behind
    }

    pub(super) fn set_behind(&mut self, behind: Option<Seq>) {
        if behind != self.behind() {
            self.change(|apart| apart.behind = behind);
        }
    }

    /// It takes nothing more of what it missed for now.
    pub(super) fn is_held(&self) -> bool {
        self.apart.as_ref().is_some_and(|apart| apart.held)
    }

    pub(super) fn set_held(&mut self, held: bool) {
        if held != self.is_held() {
            self.change(|apart| apart.held = held);
        }
    }

    /// Its membership ended with this event, the last one that it gets.
    pub(super) fn ends_at(&self) -> Option<Seq> {
        self.apart.as_ref()?.ends_at
    }

    pub(super) fn set_ends_at(&mut self, at: Option<Seq>) {
        if at != self.ends_at() {
            self.change(|apart| apart.ends_at = at);
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Apart)) {
        let mut apart = self.apart.take().unwrap_or_default();
        change(&mut apart);
        self.apart = Some(apart).filter(|apart| **apart != Apart::default());
    }

    /// One who listens already comes again: with a newer membership, or to start anew from some number.
    pub(super) fn join_again(&mut self, join: &Join, position: Seq) {
        if join.member_as_of > self.member_as_of {
            self.member_as_of = join.member_as_of;
            let known = self.ends_at().filter(|end| *end > join.member_as_of);
            self.set_ends_at(join.ends_at.or(known));
        }
        if join.anew {
            self.start(join, position);
        }
    }

    /// Its membership ends with this event. False when it has had that already.
    pub(super) fn end(&mut self, at: Seq, position: Seq) -> bool {
        let is_to_come = self.reached(position) < at;
        if is_to_come {
            let earlier = self.ends_at().filter(|end| *end < at);
            self.set_ends_at(Some(earlier.unwrap_or(at)));
        }
        is_to_come
    }

    fn start(&mut self, join: &Join, position: Seq) {
        let behind = (join.after != position).then_some(join.after);
        let resuming = join.resumes_to.map(|to| Resuming {
            from: join.after,
            to,
        });
        if self.apart.is_some() || behind.is_some() || resuming.is_some() {
            self.change(|apart| {
                apart.behind = behind;
                apart.held = false;
                apart.resuming = resuming;
            });
        }
    }

    /// The last number that was given to it, in a feed that stands at `position`.
    fn reached(&self, position: Seq) -> Seq {
        self.behind().unwrap_or(position)
    }

    /// That it has resumed, once it has all that it wanted to be told of, and is live or gets nothing more.
    pub(super) fn say_resumed(
        &mut self,
        id: ConnectionId,
        position: Seq,
        is_at_its_end: bool,
    ) -> Option<FeedOutput> {
        let Resuming { from, to: goal } = self.apart.as_ref()?.resuming?;
        let to = self.reached(position);
        let is_level = self.behind().is_none() || is_at_its_end;
        if !is_level || to < goal {
            return None;
        }
        self.change(|apart| apart.resuming = None);
        Some(FeedOutput::Resumed { id, from, to })
    }

    /// What is to be said to it behind the event, if anything.
    pub(super) fn say_rest(
        &mut self,
        id: ConnectionId,
        event: &Arc<RoomEvent>,
        position: Seq,
        is_dropped: bool,
        out: &mut Vec<FeedOutput>,
    ) {
        out.extend(self.say_resumed(id, position, is_dropped));
        if is_dropped {
            let event = event.clone();
            out.push(FeedOutput::Dropped { id, event });
        }
    }

    /// The event ends its membership: it is the last that it gets.
    pub(super) fn is_taken_out_by(&self, event: &RoomEvent) -> bool {
        if let Some(end) = self.ends_at() {
            return event.seq >= end;
        }
        match &event.kind {
            RoomEventKind::RoomDeleted => true,
            RoomEventKind::MemberLeft { user_id, .. } => {
                *user_id == self.user_id && event.seq > self.member_as_of
            }
            _ => false,
        }
    }
}
