use std::{collections::BTreeSet, sync::Arc};

use domain::{
    FleetStats, Member, NodeStats, RoomId, StoreResult, TRACED, Timestamp,
    ports::{LiveStats, MemberStore, Presence},
};
use tracing::instrument;

use super::{access::Analyst, live_overview::fleet};
use crate::guests::open_room;

/// Counts what guests may know of: numbers of everything, and people in the rooms that let guests in.
pub struct GuestOverview {
    pub(crate) analyst: Arc<Analyst>,
    pub(crate) live: Arc<dyn LiveStats>,
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) presence: Arc<dyn Presence>,
}

/// What guests may know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestOverviewReport {
    /// Messages that stand, in rooms that are there.
    pub messages: u64,
    /// Those of the last minutes, the earliest first; the last minute is the one that lasts.
    pub per_minute: Vec<u64>,
    /// How the nodes do.
    pub fleet: FleetStats,
    /// Who is in a room that lets guests in, each once, the longest there first.
    pub present: Vec<Member>,
    /// When that was.
    pub at: Timestamp,
}

impl GuestOverview {
    /// How many minutes are told.
    pub const MINUTES: usize = 15;

    /// How many people are named at most.
    pub const MOST_PRESENT: usize = 100;

    /// In how many rooms at most people are looked for: first those where guests are, then those that were made last.
    pub const MOST_ROOMS: usize = 100;

    /// How many guests are asked for to find their rooms.
    const GUESTS: u32 = 500;

    /// For everybody: a door asks it only where guests are allowed. `here` is what this node counts now.
    ///
    /// # Errors
    /// The store failed.
    #[instrument(target = TRACED, name = "GuestOverview", skip_all)]
    pub async fn execute(&self, here: NodeStats) -> StoreResult<GuestOverviewReport> {
        let analyst = &self.analyst;
        analyst.count_all().await?;
        let at = analyst.clock.now();
        let (messages, _) = analyst.activity.totals(&analyst.ever(None)).await?;
        Ok(GuestOverviewReport {
            messages,
            per_minute: analyst.by_minute(at, Self::MINUTES).await?,
            fleet: fleet(&*self.live, here).await?,
            present: self.present().await?,
            at,
        })
    }

    async fn present(&self) -> StoreResult<Vec<Member>> {
        let mut present: Vec<Member> = Vec::new();
        'rooms: for room in self.rooms().await? {
            for user in self.presence.online(room).await? {
                if present.len() == Self::MOST_PRESENT {
                    break 'rooms;
                }
                if present.iter().any(|member| member.user_id == user) {
                    continue;
                }
                // One by one, because few are there of the many that a room may have.
                present.extend(self.members.get(room, user).await?);
            }
        }
        present.sort_by_key(|member| (member.joined_at, member.user_id));
        Ok(present)
    }

    /// Rooms that let guests in.
    async fn rooms(&self) -> StoreResult<Vec<RoomId>> {
        let rooms = &*self.analyst.rooms;
        let guests = self.members.guests(None, Self::GUESTS).await?;
        let with_guests: BTreeSet<_> = guests.into_iter().map(|(room, _)| room).collect();
        let mut open = Vec::new();
        for room in with_guests.into_iter().take(Self::MOST_ROOMS) {
            open.extend(open_room(rooms, room).await?.map(|room| room.id));
        }
        let newest = rooms.public(None, Self::MOST_ROOMS as u32).await?;
        for room in newest.into_iter().filter(|room| room.guests) {
            if open.len() < Self::MOST_ROOMS && !open.contains(&room.id) {
                open.push(room.id);
            }
        }
        Ok(open)
    }
}

#[cfg(test)]
mod tests;
