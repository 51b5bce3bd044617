//! The promise of [`RoomFeed`] against random interleavings of all that can happen to it.
//!
//! `PROPTEST_CASES=100000 cargo test -p realtime model` searches for longer. A case that fails is printed in its
//! smallest form; its seed is kept in `proptest-regressions/feed/`, and is tried first from then on.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError},
};

use super::*;
use step::{Pick, Step, USERS, step};

mod step;

/// The log answers with so few events at a time that most reads are not all.
const PAGE: usize = 3;
const LEAST_CASES: u32 = 4_000;

/// What a listener must see.
#[derive(Debug)]
struct Expected {
    user: UserId,
    last: u64,
    member_as_of: u64,
}

#[derive(Debug)]
struct Read {
    after: u64,
    log_when_started: usize,
}

/// The room, the bus and the hub around the feed.
#[derive(Default)]
struct World {
    log: Vec<RoomEvent>,
    /// Who was a member after each event; first of all, before the first one.
    members: Vec<[bool; USERS as usize]>,
    on_the_bus: Vec<RoomEvent>,
    head_is_owed: bool,
    feed: Option<RoomFeed>,
    reading: Option<Read>,
    listeners: BTreeMap<ConnectionId, Expected>,
    sockets: u32,
}

type Checked = Result<(), TestCaseError>;

impl World {
    fn new() -> Self {
        Self {
            members: vec![[true; USERS as usize]],
            ..Self::default()
        }
    }

    fn run(mut self, steps: Vec<Step>, rest_is_heard: bool) -> Checked {
        for step in steps {
            self.take(step)?;
        }
        for event in std::mem::take(&mut self.on_the_bus) {
            if rest_is_heard {
                self.hear(event)?;
            } else {
                self.head_is_owed = true;
            }
        }
        self.settle()
    }

    fn take(&mut self, step: Step) -> Checked {
        match step {
            Step::Commit => self.commit(told(0).kind),
            Step::CommitLeftOrJoined(number) => {
                let is_member = self.members[self.log.len()][usize::from(number)];
                let who = user(number);
                self.commit(if is_member {
                    left(0, who).kind
                } else {
                    joined(0, who).kind
                });
            }
            Step::CommitRoomDeleted => self.commit(RoomEventKind::RoomDeleted),
            Step::Hear if !self.on_the_bus.is_empty() => {
                let event = self.on_the_bus.remove(0);
                self.hear(event)?;
            }
            Step::HearLater(pick) if !self.on_the_bus.is_empty() => {
                let event = self.on_the_bus.remove(pick.of(self.on_the_bus.len()));
                self.hear(event)?;
            }
            Step::HearAgain(pick) if !self.log.is_empty() => {
                let event = self.log[pick.of(self.log.len())].clone();
                self.hear(event)?;
            }
            Step::Lose(pick) if !self.on_the_bus.is_empty() => {
                self.on_the_bus.remove(pick.of(self.on_the_bus.len()));
                self.head_is_owed = true;
            }
            Step::TellHead => self.tell_head(),
            Step::GapDue => {
                if let Some(feed) = &mut self.feed {
                    feed.gap_due();
                }
            }
            Step::StartRead => self.start_read(),
            Step::AnswerRead(pick) => self.answer_read(Some(pick))?,
            Step::FailRead => {
                if let (Some(feed), Some(_)) = (&mut self.feed, self.reading.take()) {
                    feed.read_failed();
                }
            }
            Step::Join {
                user,
                snapshot,
                has,
            } => self.join(user, snapshot, has),
            Step::JoinAgain { listener, snapshot } => self.join_again(listener, snapshot),
            Step::Leave(pick) if !self.listeners.is_empty() => {
                let nth = pick.of(self.listeners.len());
                let id = *self.listeners.keys().nth(nth).expect("one of them");
                self.listeners.remove(&id);
                self.feed.as_mut().expect("it has a listener").leave(id);
                self.drop_idle_feed();
            }
            Step::Hear | Step::HearLater(_) | Step::HearAgain(_) | Step::Lose(_) => {}
            Step::Leave(_) => {}
        }
        Ok(())
    }

    fn commit(&mut self, kind: RoomEventKind) {
        if self.is_deleted_at(self.log.len()) {
            return;
        }
        let mut members = self.members[self.log.len()];
        for number in 0..USERS {
            match &kind {
                RoomEventKind::MemberLeft { user_id } if *user_id == user(number) => {
                    members[usize::from(number)] = false;
                }
                RoomEventKind::MemberJoined(member) if member.user_id == user(number) => {
                    members[usize::from(number)] = true;
                }
                _ => {}
            }
        }
        let event = event(self.log.len() as u64 + 1, kind);
        self.log.push(event.clone());
        self.members.push(members);
        self.on_the_bus.push(event);
    }

    fn is_deleted_at(&self, seq: usize) -> bool {
        let last = seq.checked_sub(1).map(|index| &self.log[index].kind);
        matches!(last, Some(RoomEventKind::RoomDeleted))
    }

    /// A moment at which the user was a member of the room.
    fn snapshot(&self, number: u8, pick: Pick) -> Option<usize> {
        let seq = pick.of(self.members.len());
        (self.members[seq][usize::from(number)] && !self.is_deleted_at(seq)).then_some(seq)
    }

    fn join(&mut self, number: u8, snapshot: Pick, has: Option<Pick>) {
        let Some(member_as_of) = self.snapshot(number, snapshot) else {
            return;
        };
        let after = has.map_or(member_as_of, |pick| pick.of(member_as_of + 1));
        self.sockets += 1;
        let (id, user) = (socket(self.sockets), user(number));
        let (after, member_as_of) = (after as u64, member_as_of as u64);
        // A new feed is owed the head of the log, as after a loss.
        self.head_is_owed |= self.feed.is_none();
        let feed = self.feed.get_or_insert_with(|| RoomFeed::new(Seq(after)));
        feed.join(id, user, Seq(after), Seq(member_as_of));
        let expected = Expected {
            user,
            last: after,
            member_as_of,
        };
        self.listeners.insert(id, expected);
    }

    fn join_again(&mut self, listener: Pick, snapshot: Pick) {
        if self.listeners.is_empty() {
            return;
        }
        let nth = listener.of(self.listeners.len());
        let (id, expected) = self.listeners.iter().nth(nth).expect("one of them");
        let (id, who) = (*id, expected.user);
        let number = (0..USERS).find(|number| user(*number) == who);
        let Some(seq) = self.snapshot(number.expect("one of them"), snapshot) else {
            return;
        };
        let feed = self.feed.as_mut().expect("it has a listener");
        feed.join(id, who, Seq(seq as u64), Seq(seq as u64));
        let expected = self.listeners.get_mut(&id).expect("it listens");
        expected.member_as_of = expected.member_as_of.max(seq as u64);
    }

    fn hear(&mut self, event: RoomEvent) -> Checked {
        match &mut self.feed {
            Some(feed) => {
                let delivered = feed.heard(Arc::new(event));
                self.check(delivered)
            }
            None => Ok(()),
        }
    }

    fn tell_head(&mut self) {
        self.head_is_owed = false;
        if let Some(feed) = &mut self.feed {
            feed.told_head(Seq(self.log.len() as u64));
        }
    }

    fn start_read(&mut self) {
        if let (Some(feed), None) = (&mut self.feed, &self.reading)
            && let Some(ReadRequest::Now(after)) = feed.wants()
        {
            feed.read_starts();
            self.reading = Some(Read {
                after: after.0,
                log_when_started: self.log.len(),
            });
        }
    }

    /// Answers with the log as it was at a moment since the read began: without one, as it is now.
    fn answer_read(&mut self, moment: Option<Pick>) -> Checked {
        let (Some(feed), Some(read)) = (&mut self.feed, self.reading.take()) else {
            return Ok(());
        };
        let newer = self.log.len() - read.log_when_started;
        let length = read.log_when_started + moment.map_or(newer, |pick| pick.of(newer + 1));
        let events = self.log[..length].iter().skip(read.after as usize);
        let events: Vec<_> = events.take(PAGE).cloned().collect();
        let is_all = events.len() < PAGE;
        let delivered = feed.read(events, is_all);
        self.check(delivered)
    }

    /// Each listener gets the very next event of the log, and is taken out by those alone that end its membership.
    fn check(&mut self, delivered: Vec<Delivered>) -> Checked {
        for Delivered { event, to, dropped } in delivered {
            prop_assert_eq!(&*event, &self.log[event.seq.0 as usize - 1]);
            prop_assert!(!to.is_empty());
            prop_assert!(dropped.iter().all(|id| to.contains(id)));
            for id in to {
                let Some(expected) = self.listeners.get_mut(&id) else {
                    return Err(TestCaseError::fail(format!("{id} listens no longer")));
                };
                prop_assert_eq!(event.seq.0, expected.last + 1);
                expected.last += 1;
                let is_out = expected.is_taken_out_by(&event);
                prop_assert_eq!(is_out, dropped.contains(&id));
                if is_out {
                    self.listeners.remove(&id);
                }
            }
        }
        let feed = self.feed.as_ref().expect("it delivered");
        let listening: BTreeMap<_, _> = feed.listeners().collect();
        prop_assert!(listening.keys().eq(self.listeners.keys()));
        self.drop_idle_feed();
        Ok(())
    }

    /// As the hub does: a feed lives as long as somebody listens, and what it was reading is of no use to the next.
    fn drop_idle_feed(&mut self) {
        if self.listeners.is_empty() {
            self.feed = None;
            self.reading = None;
        }
    }

    /// Once the head is told after every loss, and every wish is fulfilled, everybody who still listens has the whole log.
    fn settle(mut self) -> Checked {
        if self.head_is_owed {
            self.tell_head();
        }
        let most_reads = (self.log.len() + 2) * (self.listeners.len() + 2);
        for _ in 0..most_reads {
            self.answer_read(None)?;
            match self.feed.as_ref().and_then(RoomFeed::wants) {
                Some(ReadRequest::Now(_)) => self.start_read(),
                Some(ReadRequest::Soon) => {
                    self.feed.as_mut().expect("it wants something").gap_due();
                }
                None => {
                    for (id, expected) in &self.listeners {
                        prop_assert_eq!(expected.last, self.log.len() as u64, "{}", id);
                    }
                    return Ok(());
                }
            }
        }
        Err(TestCaseError::fail("the feed never has enough"))
    }
}

impl Expected {
    fn is_taken_out_by(&self, event: &RoomEvent) -> bool {
        match &event.kind {
            RoomEventKind::RoomDeleted => true,
            RoomEventKind::MemberLeft { user_id } => {
                *user_id == self.user && event.seq.0 > self.member_as_of
            }
            _ => false,
        }
    }
}

fn config() -> Config {
    let default = Config::default();
    Config {
        cases: default.cases.max(LEAST_CASES),
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_listener_gets_the_log_once_and_in_order(
        steps in prop::collection::vec(step(), 0..120),
        rest_is_heard: bool,
    ) {
        World::new().run(steps, rest_is_heard)?;
    }
}
