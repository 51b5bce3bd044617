use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::RoomId;

use super::message::Missed;

/// What the other nodes may not have heard of, until they are told to look for themselves.
#[derive(Debug)]
pub(super) struct Owed {
    // A std Mutex: held for a few look-ups, never across an await.
    state: Mutex<State>,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    owed: Debt,
    /// Published and answered for, since the last heartbeat was heard and since the one before: whether it went
    /// anywhere is known when the next one is heard.
    recent: Debt,
    before: Debt,
}

#[derive(Debug, Default)]
struct Debt {
    all: bool,
    rooms: HashSet<RoomId>,
}

impl Owed {
    /// Remembers at most `limit` rooms one by one.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            limit,
        }
    }

    /// Something of this room was not published, or of no room.
    pub(super) fn owe(&self, room: Option<RoomId>) {
        self.state().owed.add(room, self.limit);
    }

    /// Something was published, and Redis answered.
    pub(super) fn published(&self, room: Option<RoomId>) {
        self.state().recent.add(room, self.limit);
    }

    /// What was published some time ago has arrived.
    pub(super) fn proven(&self) {
        let mut state = self.state();
        state.before = std::mem::take(&mut state.recent);
    }

    /// What was published lately may have gone nowhere.
    pub(super) fn doubt(&self) {
        let mut state = self.state();
        let State {
            owed,
            recent,
            before,
        } = &mut *state;
        for doubtful in [std::mem::take(recent), std::mem::take(before)] {
            owed.merge(doubtful, self.limit);
        }
    }

    pub(super) fn is_clear(&self) -> bool {
        let state = self.state();
        !state.owed.all && state.owed.rooms.is_empty()
    }

    /// What to tell the others, if anything. Whoever fails to gives it [back](Self::put_back).
    pub(super) fn take(&self) -> Option<Missed> {
        let debt = std::mem::take(&mut self.state().owed);
        if debt.all {
            return Some(Missed::All);
        }
        (!debt.rooms.is_empty()).then(|| Missed::Rooms(debt.rooms.into_iter().collect()))
    }

    pub(super) fn put_back(&self, missed: Missed) {
        self.state().owed.merge(missed.into(), self.limit);
    }

    /// The others were told, and Redis answered: as [`published`](Self::published).
    pub(super) fn told(&self, missed: Missed) {
        self.state().recent.merge(missed.into(), self.limit);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code between lock and unlock leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Missed> for Debt {
    fn from(missed: Missed) -> Self {
        match missed {
            Missed::All => Self {
                all: true,
                rooms: HashSet::new(),
            },
            Missed::Rooms(rooms) => Self {
                all: false,
                rooms: rooms.into_iter().collect(),
            },
        }
    }
}

impl Debt {
    fn add(&mut self, room: Option<RoomId>, limit: usize) {
        match room {
            _ if self.all => {}
            Some(room) if self.rooms.len() < limit || self.rooms.contains(&room) => {
                self.rooms.insert(room);
            }
            _ => self.everything(),
        }
    }

    fn merge(&mut self, other: Self, limit: usize) {
        if other.all {
            self.everything();
        }
        for room in other.rooms {
            self.add(Some(room), limit);
        }
    }

    fn everything(&mut self) {
        self.all = true;
        self.rooms = HashSet::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn room(number: u128) -> RoomId {
        RoomId(Uuid::from_u128(number))
    }

    #[test]
    fn rooms_are_named_up_to_the_limit_and_then_it_is_all() {
        let owed = Owed::new(2);
        assert_eq!(owed.take(), None);
        for number in [1, 1, 2, 1] {
            owed.owe(Some(room(number)));
        }
        match owed.take() {
            Some(Missed::Rooms(mut rooms)) => {
                rooms.sort();
                assert_eq!(rooms, [room(1), room(2)]);
            }
            other => panic!("{other:?}"),
        }
        assert!(owed.is_clear());
        for number in 1..=3 {
            owed.owe(Some(room(number)));
        }
        assert_eq!(owed.take(), Some(Missed::All));
    }

    #[test]
    fn what_concerns_no_room_is_owed_to_all() {
        let owed = Owed::new(2);
        owed.owe(None);
        assert_eq!(owed.take(), Some(Missed::All));
    }

    #[test]
    fn what_was_put_back_is_owed_still() {
        let owed = Owed::new(2);
        owed.put_back(Missed::Rooms(vec![room(1)]));
        assert_eq!(owed.take(), Some(Missed::Rooms(vec![room(1)])));
        owed.put_back(Missed::All);
        owed.owe(Some(room(1)));
        assert_eq!(owed.take(), Some(Missed::All));
    }

    #[test]
    fn what_was_published_before_the_last_heartbeat_but_one_is_not_doubted() {
        let owed = Owed::new(2);
        owed.published(Some(room(1)));
        owed.proven();
        owed.proven();
        owed.published(Some(room(2)));
        owed.proven();
        assert!(owed.is_clear());
        owed.doubt();
        assert_eq!(owed.take(), Some(Missed::Rooms(vec![room(2)])));
    }
}
