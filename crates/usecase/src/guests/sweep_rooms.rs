use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    RoomId, StoreResult, TRACED, UserId,
    ports::{MemberStore, Presence},
};
use futures_util::future::join_all;
use tracing::instrument;

use super::LeaveRoom;

/// Finds guests who are members of a room and hold no socket there: what a crash has left behind. Nobody asks for it: each
/// node does it again and again.
pub struct SweepRooms {
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) presence: Arc<dyn Presence>,
    pub(crate) leave: LeaveRoom,
    /// Who was away at the last look.
    pub(crate) absent: Mutex<HashSet<(RoomId, UserId)>>,
}

impl SweepRooms {
    /// How many guests one query asks for.
    pub const BATCH: u32 = 500;

    /// Takes out those who were away at the last look too: one who is just coming in is a member before their socket is
    /// there. Nobody, while it is not known of all nodes who is there.
    ///
    /// # Errors
    /// Who could not be looked for, or not taken out, is found the next time.
    #[instrument(target = TRACED, name = "SweepRooms", skip_all)]
    pub async fn execute(&self) -> StoreResult<()> {
        let before = self.replace_absent(HashSet::new());
        if !self.presence.is_settled() {
            // Who seems to be away may only not be known yet: nobody is, until two looks from now.
            return Ok(());
        }
        let mut absent = HashSet::new();
        let mut after = None;
        loop {
            let page = self.members.guests(after, Self::BATCH).await?;
            after = page.last().copied();
            let is_last = page.len() < Self::BATCH as usize;
            absent.extend(self.absent_among(page).await?);
            if is_last {
                break;
            }
        }
        self.replace_absent(absent.clone());
        for (room, guest) in absent.intersection(&before) {
            self.see_out(*room, *guest).await;
        }
        Ok(())
    }

    /// Takes out all who hold no socket, at this one look: for a node without others, before it lets anybody in. Nobody can be
    /// just coming in then, and whoever is a member is so since an earlier start.
    ///
    /// # Errors
    /// Who could not be looked for, or not taken out, is found by [`execute`](Self::execute).
    #[instrument(target = TRACED, name = "SweepRooms.at_start", skip_all)]
    pub async fn at_start(&self) -> StoreResult<()> {
        let mut after = None;
        loop {
            let page = self.members.guests(after, Self::BATCH).await?;
            after = page.last().copied();
            let is_last = page.len() < Self::BATCH as usize;
            let leaving = page
                .into_iter()
                .map(|(room, guest)| self.see_out(room, guest));
            // Their commits share a turn of the store.
            join_all(leaving).await;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn see_out(&self, room: RoomId, guest: UserId) {
        if let Err(error) = self.leave.execute(room, guest).await {
            tracing::warn!(%error, %room, %guest, "a guest who is gone is still a member");
        }
    }

    fn replace_absent(&self, absent: HashSet<(RoomId, UserId)>) -> HashSet<(RoomId, UserId)> {
        let mut known = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *known, absent)
    }

    async fn absent_among(
        &self,
        guests: Vec<(RoomId, UserId)>,
    ) -> StoreResult<Vec<(RoomId, UserId)>> {
        let mut rooms: HashMap<RoomId, Vec<UserId>> = HashMap::new();
        for (room, guest) in guests {
            rooms.entry(room).or_default().push(guest);
        }
        let mut absent = Vec::new();
        for (room, guests) in rooms {
            let online = self.presence.online_everywhere(room).await?;
            let away = guests.into_iter().filter(|it| !online.contains(it));
            absent.extend(away.map(|guest| (room, guest)));
        }
        Ok(absent)
    }
}

#[cfg(test)]
mod tests;
