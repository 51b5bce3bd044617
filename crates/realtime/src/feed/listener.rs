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

#[derive(Debug)]
pub(super) struct Listener {
    pub user_id: UserId,
    pub member_as_of: Seq,
    /// `None` when live; else the last number given.
    pub behind: Option<Seq>,
    /// It takes nothing more of what it missed for now.
    pub held: bool,
    pub ends_at: Option<Seq>,
    resuming: Option<Resuming>,
}

#[derive(Debug, Clone, Copy)]
struct Resuming {
    from: Seq,
    to: Seq,
}

impl Listener {
    pub(super) fn new(join: &Join, position: Seq) -> Self {
        let mut listener = Self {
            user_id: join.user_id,
            member_as_of: join.member_as_of,
            behind: None,
            held: false,
            ends_at: join.ends_at,
            resuming: None,
        };
        listener.start(join, position);
        listener
    }

    /// One who listens already comes again: with a newer membership, or to start anew from some number.
    pub(super) fn join_again(&mut self, join: &Join, position: Seq) {
        if join.member_as_of > self.member_as_of {
            self.member_as_of = join.member_as_of;
            let known = self.ends_at.filter(|end| *end > join.member_as_of);
            self.ends_at = join.ends_at.or(known);
        }
        if join.anew {
            self.start(join, position);
        }
    }

    /// Its membership ends with this event. False when it has had that already.
    pub(super) fn end(&mut self, at: Seq, position: Seq) -> bool {
        let is_to_come = self.reached(position) < at;
        if is_to_come {
            let earlier = self.ends_at.filter(|end| *end < at);
            self.ends_at = Some(earlier.unwrap_or(at));
        }
        is_to_come
    }

    fn start(&mut self, join: &Join, position: Seq) {
        self.behind = (join.after != position).then_some(join.after);
        self.held = false;
        self.resuming = join.resumes_to.map(|to| Resuming {
            from: join.after,
            to,
        });
    }

    /// The last number that was given to it, in a feed that stands at `position`.
    fn reached(&self, position: Seq) -> Seq {
        self.behind.unwrap_or(position)
    }

    /// That it has resumed, once it has all that it wanted to be told of, and is live or gets nothing more.
    pub(super) fn say_resumed(
        &mut self,
        id: ConnectionId,
        position: Seq,
        is_at_its_end: bool,
    ) -> Option<FeedOutput> {
        let to = self.reached(position);
        let is_level = self.behind.is_none() || is_at_its_end;
        let Resuming { from, .. } = self.resuming.take_if(|it| is_level && to >= it.to)?;
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
        if let Some(end) = self.ends_at {
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
