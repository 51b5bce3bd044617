use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, test_runner::TestCaseError};

use super::super::*;

pub(super) type Checked = Result<(), TestCaseError>;

/// What a listener must see.
#[derive(Debug)]
pub(super) struct Expected {
    user: UserId,
    /// The last number that it was given, or came with.
    pub last: u64,
    member_as_of: u64,
    ends_at: Option<u64>,
    /// It came back from the one number, and wants to have all up to the other.
    wish: Option<(u64, u64)>,
    /// It refused what it was offered last.
    pub held: bool,
}

impl Expected {
    pub(super) fn new(join: &Join) -> Self {
        let mut expected = Self {
            user: join.user_id,
            last: 0,
            member_as_of: join.member_as_of.0,
            ends_at: join.ends_at.map(|seq| seq.0),
            wish: None,
            held: false,
        };
        expected.start(join);
        expected
    }

    pub(super) fn join_again(&mut self, join: &Join) {
        if join.member_as_of.0 > self.member_as_of {
            self.member_as_of = join.member_as_of.0;
            // An end that is known to come after the newer membership is still one.
            let known = self.ends_at.filter(|end| *end > self.member_as_of);
            self.ends_at = join.ends_at.map(|seq| seq.0).or(known);
        }
        if join.anew {
            self.start(join);
        }
    }

    /// The membership ends with this event, which is to come or not.
    pub(super) fn end(&mut self, at: u64) -> bool {
        if self.last < at {
            self.ends_at = Some(self.ends_at.map_or(at, |end| end.min(at)));
        }
        self.last < at
    }

    fn start(&mut self, join: &Join) {
        self.last = join.after.0;
        self.wish = join.resumes_to.map(|to| (join.after.0, to.0));
        self.held = false;
    }

    pub(super) fn user(&self) -> UserId {
        self.user
    }

    fn is_taken_out_by(&self, event: &RoomEvent) -> bool {
        if let Some(end) = self.ends_at {
            return event.seq.0 == end;
        }
        match &event.kind {
            RoomEventKind::RoomDeleted => true,
            RoomEventKind::MemberLeft { user_id, .. } => {
                *user_id == self.user && event.seq.0 > self.member_as_of
            }
            _ => false,
        }
    }
}

/// Those who listen, by what they must see.
pub(super) type Audience = BTreeMap<ConnectionId, Expected>;

/// Each listener gets the very next event of the log, is told once and in the right place that it has resumed, and is
/// taken out by those events alone that end its membership.
pub(super) fn check(said: Vec<FeedOutput>, log: &[RoomEvent], listeners: &mut Audience) -> Checked {
    let mut leaving = BTreeSet::new();
    for output in said {
        match output {
            FeedOutput::Event { event, to } => {
                prop_assert!(leaving.is_empty(), "not taken out at once: {leaving:?}");
                prop_assert_eq!(&*event, &log[event.seq.0 as usize - 1]);
                prop_assert!(!to.is_empty());
                for id in to {
                    let expected = listening(listeners, id)?;
                    prop_assert_eq!(event.seq.0, expected.last + 1, "{}", id);
                    prop_assert!(!expected.held, "{id} is held back");
                    expected.last += 1;
                    if expected.is_taken_out_by(&event) {
                        leaving.insert(id);
                    }
                }
            }
            FeedOutput::Resumed { id, from, to } => {
                let expected = listening(listeners, id)?;
                let Some((wished_from, wished_to)) = expected.wish.take() else {
                    return Err(TestCaseError::fail(format!("{id} wished for nothing")));
                };
                prop_assert_eq!(from.0, wished_from);
                prop_assert!(to.0 >= wished_to);
                prop_assert_eq!(to.0, expected.last, "between what came before and after");
            }
            FeedOutput::Ends { id, event } => {
                let expected = listening(listeners, id)?;
                prop_assert_eq!(expected.ends_at, None, "{} is known to end", id);
                prop_assert!(event.seq.0 > expected.last && expected.is_taken_out_by(&event));
                expected.ends_at = Some(event.seq.0);
            }
            FeedOutput::Dropped { id, event } => {
                prop_assert!(leaving.remove(&id), "{id} is not taken out by this event");
                let expected = listening(listeners, id)?;
                prop_assert_eq!(event.seq.0, expected.last);
                prop_assert_eq!(expected.wish, None, "taken out before it had resumed");
                listeners.remove(&id);
            }
        }
    }
    prop_assert!(leaving.is_empty(), "not taken out: {leaving:?}");
    Ok(())
}

/// Everybody who still listens has the whole log, and was told so.
pub(super) fn check_all_done(log: &[RoomEvent], listeners: &Audience) -> Checked {
    for (id, expected) in listeners {
        prop_assert_eq!(expected.last, log.len() as u64, "{}", id);
        prop_assert_eq!(expected.wish, None, "{} was never told to have resumed", id);
        prop_assert_eq!(expected.ends_at, None, "{} was never taken out", id);
    }
    Ok(())
}

/// Those whose membership has not ended.
pub(super) fn members(listeners: &Audience) -> Vec<(ConnectionId, UserId)> {
    let members = listeners.iter().filter(|(_, it)| it.ends_at.is_none());
    members.map(|(id, it)| (*id, it.user)).collect()
}

fn listening(listeners: &mut Audience, id: ConnectionId) -> Result<&mut Expected, TestCaseError> {
    let gone = || TestCaseError::fail(format!("{id} listens no longer"));
    listeners.get_mut(&id).ok_or_else(gone)
}
