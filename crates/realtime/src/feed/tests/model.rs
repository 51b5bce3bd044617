//! The promise of [`RoomFeed`] against random interleavings of all that can happen to it.
//!
//! The seeds are the same each time. `FEED_SEEDS=200000 cargo test -p realtime model` tries more of them; one that fails
//! is printed with the command that replays it, and with the smallest steps that fail in the same way.

use proptest::{prelude::*, test_runner::TestCaseError};

use super::*;
use crate::seeds::hold_for_all;
use expected::{Audience, Checked, Expected, check, check_all_done, members};
use step::{Coming, Pick, Refusals, Step, USERS, step};

mod expected;
mod step;

/// The log answers with so few events at a time that most reads are not all.
const PAGE: usize = 3;
const SEEDS: u64 = 6_000;

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
    listeners: Audience,
    sockets: u32,
}

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
            Step::AnswerRead { moment, refusals } => self.answer_read(Some(moment), refusals)?,
            Step::FailRead => {
                if let (Some(feed), Some(_)) = (&mut self.feed, self.reading.take()) {
                    feed.read_failed();
                }
            }
            Step::Join { user, coming } => {
                self.sockets += 1;
                self.join(socket(self.sockets), user, coming)?;
            }
            Step::JoinAgain { listener, coming } => {
                if let Some(id) = self.pick(listener, |_| true) {
                    self.join(id, self.number(id), coming)?;
                }
            }
            Step::End { listener, moment } => {
                if let Some(id) = self.pick(listener, |_| true) {
                    self.end_membership(id, moment)?;
                }
            }
            Step::Release(pick) => {
                if let Some(id) = self.pick(pick, |expected| expected.held) {
                    self.release(id)?;
                }
            }
            Step::Leave(pick) => {
                if let Some(id) = self.pick(pick, |_| true) {
                    self.listeners.remove(&id);
                    self.feed.as_mut().expect("it has a listener").leave(id);
                    self.drop_idle_feed();
                }
            }
            Step::Hear | Step::HearLater(_) | Step::HearAgain(_) | Step::Lose(_) => {}
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
                RoomEventKind::MemberLeft { user_id, .. } if *user_id == user(number) => {
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

    fn pick(&self, pick: Pick, of: impl Fn(&Expected) -> bool) -> Option<ConnectionId> {
        let ids = self.listeners.iter().filter(|(_, it)| of(it));
        let ids: Vec<_> = ids.map(|(id, _)| *id).collect();
        (!ids.is_empty()).then(|| ids[pick.of(ids.len())])
    }

    /// A moment at which the user was a member of the room.
    fn snapshot(&self, number: u8, pick: Pick) -> Option<usize> {
        let seq = pick.of(self.members.len());
        (self.members[seq][usize::from(number)] && !self.is_deleted_at(seq)).then_some(seq)
    }

    /// With which event the user's membership had ended at some moment.
    fn end(&self, number: u8, pick: Pick) -> Option<usize> {
        let seq = pick.of(self.members.len());
        if self.members[seq][usize::from(number)] {
            return self.is_deleted_at(seq).then_some(seq);
        }
        let who = user(number);
        let is_end = |event: &RoomEvent| match event.kind {
            RoomEventKind::MemberLeft { user_id, .. } => user_id == who,
            _ => false,
        };
        self.log[..seq].iter().rposition(is_end).map(|it| it + 1)
    }

    /// What the use case and the hub make of somebody who comes, if the database can have said so.
    fn coming(&self, number: u8, coming: Coming) -> Option<Join> {
        let live = |seq| Join::live(user(number), Seq(seq as u64));
        match coming {
            Coming::Live { snapshot } => Some(live(self.snapshot(number, snapshot)?)),
            Coming::Back {
                snapshot,
                has,
                resumes,
            } => {
                let to = self.snapshot(number, snapshot)?;
                Some(Join {
                    after: Seq(has.of(to + 1) as u64),
                    anew: true,
                    resumes_to: resumes.then_some(Seq(to as u64)),
                    ..live(to)
                })
            }
            Coming::Former { moment, has } => {
                let end = self.end(number, moment)?;
                Some(Join {
                    after: Seq(has.of(end) as u64),
                    anew: true,
                    resumes_to: Some(Seq(end as u64)),
                    ends_at: Some(Seq(end as u64)),
                    ..live(end)
                })
            }
        }
    }

    fn join(&mut self, id: ConnectionId, number: u8, coming: Coming) -> Checked {
        let Some(join) = self.coming(number, coming) else {
            return Ok(());
        };
        // A new feed is owed the head of the log, as after a loss.
        self.head_is_owed |= self.feed.is_none();
        let known = join.member_as_of.max(join.after);
        let feed = self.feed.get_or_insert_with(|| RoomFeed::new(known));
        let said = feed.join(id, join);
        let listens = self.listeners.entry(id);
        listens
            .and_modify(|expected| expected.join_again(&join))
            .or_insert_with(|| Expected::new(&join));
        self.check(said.into_iter().collect())
    }

    /// Which of the users listens.
    fn number(&self, id: ConnectionId) -> u8 {
        let who = self.listeners[&id].user();
        let number = (0..USERS).find(|number| user(*number) == who);
        number.expect("one of them")
    }

    /// The hub heard of an end that is newer than the membership it knows of.
    fn end_membership(&mut self, id: ConnectionId, moment: Pick) -> Checked {
        let feed = self.feed.as_ref().expect("it has a listener");
        let member_as_of = feed.member_as_of(id).expect("it listens");
        let Some(end) = self.end(self.number(id), moment) else {
            return Ok(());
        };
        let end = Seq(end as u64);
        if end > member_as_of {
            let is_to_come = self.feed.as_mut().expect("as before").ends(id, end);
            let expected = self.listeners.get_mut(&id).expect("it listens");
            prop_assert_eq!(is_to_come, expected.end(end.0));
        }
        Ok(())
    }

    fn release(&mut self, id: ConnectionId) -> Checked {
        let feed = self.feed.as_mut().expect("it has a listener");
        prop_assert!(feed.release(id), "{id} was held back");
        self.listeners.get_mut(&id).expect("one of them").held = false;
        Ok(())
    }

    fn hear(&mut self, event: RoomEvent) -> Checked {
        match &mut self.feed {
            Some(feed) => {
                let said = feed.heard(Arc::new(event));
                self.check(said)
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
    fn answer_read(&mut self, moment: Option<Pick>, mut refusals: Refusals) -> Checked {
        let (Some(feed), Some(read)) = (&mut self.feed, self.reading.take()) else {
            return Ok(());
        };
        let newer = self.log.len() - read.log_when_started;
        let length = read.log_when_started + moment.map_or(newer, |pick| pick.of(newer + 1));
        let events = self.log[..length].iter().skip(read.after as usize);
        let events: Vec<_> = events.take(PAGE).cloned().collect();
        let is_all = events.len() < PAGE;
        let mut refused = Vec::new();
        let said = feed.read(events, is_all, |id, _| {
            assert!(!refused.contains(&id), "{id} has refused already");
            let takes = refusals.takes();
            if !takes {
                refused.push(id);
            }
            takes
        });
        let phantoms = feed.take_phantoms();
        prop_assert_eq!(phantoms, 0, "the bus told nothing but the truth");
        self.check(said)?;
        for id in refused {
            if let Some(expected) = self.listeners.get_mut(&id) {
                prop_assert!(!expected.held, "{id} was asked though it was held back");
                expected.held = true;
            }
        }
        Ok(())
    }

    fn check(&mut self, said: Vec<FeedOutput>) -> Checked {
        check(said, &self.log, &mut self.listeners)?;
        let feed = self.feed.as_ref().expect("it has said something");
        let mut listening: Vec<_> = feed.listeners().collect();
        listening.sort_unstable();
        prop_assert_eq!(listening, members(&self.listeners));
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

    /// Once the head is told after every loss, every wish is fulfilled and nobody refuses anything, all is told.
    fn settle(mut self) -> Checked {
        if self.head_is_owed {
            self.tell_head();
        }
        while let Some(id) = self.pick(Pick::FIRST, |expected| expected.held) {
            self.release(id)?;
        }
        let most_reads = (self.log.len() + 2) * (self.listeners.len() + 2);
        for _ in 0..most_reads {
            self.answer_read(None, Refusals::NONE)?;
            match self.feed.as_ref().and_then(RoomFeed::wants) {
                Some(ReadRequest::Now(_)) => self.start_read(),
                Some(ReadRequest::Soon) => {
                    self.feed.as_mut().expect("it wants something").gap_due();
                }
                None => return check_all_done(&self.log, &self.listeners),
            }
        }
        Err(TestCaseError::fail("the feed never has enough"))
    }
}

#[test]
fn every_listener_gets_the_log_once_and_in_order() {
    let cases = || (prop::collection::vec(step(), 0..120), any::<bool>());
    hold_for_all("FEED", SEEDS, cases, |(steps, rest_is_heard)| {
        World::new().run(steps, rest_is_heard)
    });
}
