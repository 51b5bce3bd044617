use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Member, RoomEvent, RoomId, StoreResult, Timestamp, UserId,
    ports::{Departure, MemberStore, NewMember},
    values::Username,
};

use super::{Afterwards, Cache};

/// Memberships, of which those looked up one by one are remembered.
pub struct CachedMembers {
    pub(super) store: Arc<dyn MemberStore>,
    pub(super) cache: Arc<Cache>,
}

#[async_trait]
impl MemberStore for CachedMembers {
    async fn list(&self, room: RoomId) -> StoreResult<Vec<Member>> {
        self.store.list(room).await
    }

    async fn get(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>> {
        if !self.cache.is_good() {
            return self.store.get(room, user).await;
        }
        let members = &self.cache.members;
        members
            .get_or_read((room, user), self.store.get(room, user))
            .await
    }

    async fn rooms_of(&self, users: Vec<UserId>) -> StoreResult<Vec<(UserId, RoomId)>> {
        self.store.rooms_of(users).await
    }

    async fn departures(&self, user: UserId, rooms: Vec<RoomId>) -> StoreResult<Vec<Departure>> {
        self.store.departures(user, rooms).await
    }

    async fn add(&self, new: &NewMember) -> StoreResult<RoomEvent> {
        let _forgotten = Afterwards(|| self.cache.forget_rooms_of(new.user_id));
        self.store.add(new).await
    }

    async fn rename(
        &self,
        room: RoomId,
        guest: UserId,
        name: &Username,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        let _forgotten = Afterwards(|| {
            self.cache.forget_user(guest);
            self.cache.forget_rooms_of(guest);
        });
        self.store.rename(room, guest, name, at).await
    }

    async fn guests(
        &self,
        after: Option<(RoomId, UserId)>,
        limit: u32,
    ) -> StoreResult<Vec<(RoomId, UserId)>> {
        self.store.guests(after, limit).await
    }

    async fn remove(
        &self,
        room: RoomId,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        let _forgotten = Afterwards(|| self.cache.forget_rooms_of(user));
        self.store.remove(room, user, by, at).await
    }
}
