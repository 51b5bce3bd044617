use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{RoomId, ports::Following};
use tokio::sync::Notify;

/// Which rooms this node follows, and which of their channels it is subscribed to. What differs is waiting to be put
/// right, each room once however often it changed.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    // A std Mutex: held for look-ups, never across an await.
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<RoomId, Room>,
    changed: BTreeSet<RoomId>,
    /// Those that were followed when no subscription stood any more, and do not stand since.
    fallen: HashSet<RoomId>,
}

#[derive(Debug, Default)]
struct Room {
    followers: usize,
    /// Redis was told to subscribe: it may have done so, also where that was not confirmed.
    asked: bool,
    /// Redis has confirmed the subscription.
    stands: bool,
    /// Somebody was told [`Following::Soon`].
    awaited: bool,
}

/// What to tell Redis.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) subscribe: Vec<RoomId>,
    pub(super) unsubscribe: Vec<RoomId>,
}

impl Rooms {
    pub(super) fn follow(&self, room: RoomId) -> Following {
        let mut state = self.state();
        let entry = state.rooms.entry(room).or_default();
        entry.followers += 1;
        if entry.stands {
            return Following::Now;
        }
        entry.awaited = true;
        state.changed.insert(room);
        drop(state);
        self.changed.notify_one();
        Following::Soon
    }

    /// As [`follow`](Self::follow), for somebody who follows it already.
    pub(super) fn standing_of(&self, room: RoomId) -> Following {
        match self.state().rooms.get_mut(&room) {
            Some(Room { stands: true, .. }) => Following::Now,
            Some(entry) => {
                entry.awaited = true;
                Following::Soon
            }
            None => Following::Soon,
        }
    }

    pub(super) fn unfollow(&self, room: RoomId) {
        let mut state = self.state();
        let Some(entry) = state.rooms.get_mut(&room) else {
            return;
        };
        entry.followers = entry.followers.saturating_sub(1);
        if entry.followers == 0 {
            state.changed.insert(room);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Waits until [`take`](Self::take) may have something. For one task.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What is to be done for at most `limit` rooms. Those to unsubscribe count as done.
    pub(super) fn take(&self, limit: usize) -> Orders {
        let mut state = self.state();
        let State {
            rooms,
            changed,
            fallen,
        } = &mut *state;
        let mut orders = Orders::default();
        while orders.subscribe.len() + orders.unsubscribe.len() < limit {
            let Some(room) = changed.pop_first() else {
                break;
            };
            match rooms.get_mut(&room) {
                Some(Room {
                    followers: 0,
                    asked,
                    ..
                }) => {
                    if *asked {
                        orders.unsubscribe.push(room);
                    }
                    rooms.remove(&room);
                    fallen.remove(&room);
                }
                Some(Room {
                    stands: false,
                    asked,
                    ..
                }) => {
                    *asked = true;
                    orders.subscribe.push(room);
                }
                _ => {}
            }
        }
        orders
    }

    /// These were confirmed. Answers those that somebody waits for.
    pub(super) fn stand(&self, rooms: &[RoomId]) -> Vec<RoomId> {
        let mut state = self.state();
        let State {
            rooms: all, fallen, ..
        } = &mut *state;
        let mut awaited = Vec::new();
        for room in rooms {
            if let Some(entry) = all.get_mut(room) {
                entry.stands = true;
                fallen.remove(room);
                if std::mem::take(&mut entry.awaited) {
                    awaited.push(*room);
                }
            }
        }
        awaited
    }

    /// No subscription stands any more.
    pub(super) fn fall(&self) {
        let mut state = self.state();
        let State {
            rooms,
            changed,
            fallen,
        } = &mut *state;
        *changed = rooms.keys().copied().collect();
        fallen.clear();
        for (id, room) in rooms.iter_mut() {
            // Also one that is to be left: who follows it again before it was must not take it for standing.
            room.stands = false;
            if room.followers > 0 {
                fallen.insert(*id);
            }
        }
    }

    /// Those that were followed at the last [`fall`](Self::fall) stand, or are followed no longer.
    pub(super) fn all_stand_again(&self) -> bool {
        self.state().fallen.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code between lock and unlock leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const A: RoomId = RoomId(Uuid::from_u128(1));
    const B: RoomId = RoomId(Uuid::from_u128(2));

    fn orders(subscribe: &[RoomId], unsubscribe: &[RoomId]) -> Orders {
        Orders {
            subscribe: subscribe.to_vec(),
            unsubscribe: unsubscribe.to_vec(),
        }
    }

    #[test]
    fn a_room_is_subscribed_to_once_and_left_with_its_last_follower() {
        let rooms = Rooms::default();
        assert_eq!(rooms.follow(A), Following::Soon);
        assert_eq!(rooms.follow(A), Following::Soon);
        assert_eq!(rooms.take(10), orders(&[A], &[]));
        assert_eq!(rooms.stand(&[A]), [A]);
        assert_eq!(rooms.follow(A), Following::Now);
        rooms.unfollow(A);
        rooms.unfollow(A);
        assert_eq!(rooms.take(10), orders(&[], &[]));
        rooms.unfollow(A);
        assert_eq!(rooms.take(10), orders(&[], &[A]));
        assert!(rooms.state().rooms.is_empty());
    }

    #[test]
    fn who_comes_back_before_the_channel_was_left_hears_on() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.stand(&[A]);
        rooms.unfollow(A);
        assert_eq!(rooms.follow(A), Following::Now);
        assert_eq!(rooms.take(10), orders(&[], &[]));
        rooms.unfollow(A);
        rooms.take(10);
        assert_eq!(rooms.follow(A), Following::Soon);
    }

    #[test]
    fn a_room_left_while_its_subscription_is_under_way_is_left_once_it_stands() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.unfollow(A);
        rooms.stand(&[A]);
        assert_eq!(rooms.take(10), orders(&[], &[A]));
    }

    #[test]
    fn after_a_fall_all_that_are_followed_are_subscribed_to_again_and_awaited_by_the_new_alone() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.stand(&[A]);
        rooms.fall();
        assert_eq!(rooms.follow(B), Following::Soon);
        assert!(!rooms.all_stand_again());
        assert_eq!(rooms.take(1), orders(&[A], &[]));
        assert_eq!(rooms.stand(&[A]), []);
        assert!(rooms.all_stand_again());
        assert_eq!(rooms.take(1), orders(&[B], &[]));
        assert_eq!(rooms.stand(&[B]), [B]);
    }

    #[test]
    fn who_asks_again_while_a_room_is_fallen_is_told_when_it_stands() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.stand(&[A]);
        assert_eq!(rooms.standing_of(A), Following::Now);
        rooms.fall();
        assert_eq!(rooms.standing_of(A), Following::Soon);
        rooms.take(10);
        assert_eq!(rooms.stand(&[A]), [A]);
    }

    #[test]
    fn a_room_that_is_to_be_left_is_left_after_a_fall_too() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.stand(&[A]);
        rooms.unfollow(A);
        rooms.fall();
        assert!(rooms.all_stand_again());
        assert_eq!(rooms.take(10), orders(&[], &[A]));
    }

    #[test]
    fn a_room_that_fell_while_its_subscription_was_under_way_is_left_too() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.unfollow(A);
        // The order may have gone out on the new connection, and be confirmed there.
        rooms.fall();
        assert_eq!(rooms.take(10), orders(&[], &[A]));
    }

    #[test]
    fn a_fallen_room_that_is_followed_again_before_it_was_left_is_subscribed_to() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.take(10);
        rooms.stand(&[A]);
        rooms.unfollow(A);
        rooms.fall();
        assert_eq!(rooms.follow(A), Following::Soon);
        assert_eq!(rooms.take(10), orders(&[A], &[]));
        assert_eq!(rooms.stand(&[A]), [A]);
    }

    #[test]
    fn a_fallen_room_that_is_to_be_left_is_not_waited_for_after_the_next_fall() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.fall();
        rooms.unfollow(A);
        rooms.fall();
        assert_eq!(rooms.take(10), orders(&[], &[]));
        assert!(rooms.all_stand_again());
        rooms.follow(B);
        rooms.fall();
        assert!(!rooms.all_stand_again());
    }

    #[test]
    fn a_fallen_room_that_nobody_follows_any_more_is_not_waited_for() {
        let rooms = Rooms::default();
        rooms.follow(A);
        rooms.fall();
        rooms.unfollow(A);
        assert_eq!(rooms.take(10), orders(&[], &[]));
        assert!(rooms.all_stand_again());
    }
}
