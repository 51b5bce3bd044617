use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Member, Role, Room, RoomEvent, RoomId, RoomSnapshot, StoreResult, Timestamp, UserId,
    ports::{NewRoom, OpenedRoom, RoomStore},
    values::RoomName,
};

use super::{Afterwards, Cache};

/// Rooms, of which the roles of members are remembered, with the room as it was then.
pub struct CachedRooms {
    pub(super) store: Arc<dyn RoomStore>,
    pub(super) cache: Arc<Cache>,
}

#[async_trait]
impl RoomStore for CachedRooms {
    async fn create(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        self.store.create(new).await
    }

    async fn open_direct(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        self.store.open_direct(new).await
    }

    async fn open_public(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        self.store.open_public(new).await
    }

    async fn of_guests(&self, name: &RoomName) -> StoreResult<Option<Room>> {
        self.store.of_guests(name).await
    }

    async fn by_id(&self, id: RoomId) -> StoreResult<Option<Room>> {
        self.store.by_id(id).await
    }

    async fn with_role(
        &self,
        id: RoomId,
        user: UserId,
    ) -> StoreResult<Option<(Room, Option<Role>)>> {
        if !self.cache.is_good() {
            return self.store.with_role(id, user).await;
        }
        // What a stranger sees goes by it.
        let mut of_stranger = None;
        let roles = &self.cache.roles;
        let of_member = roles
            .get_or_read((id, user), async {
                Ok(match self.store.with_role(id, user).await? {
                    Some((room, Some(role))) => Some((room, role)),
                    other => {
                        of_stranger = other;
                        None
                    }
                })
            })
            .await?;
        Ok(of_member
            .map(|(room, role)| (room, Some(role)))
            .or(of_stranger))
    }

    async fn of_user<'a>(
        &self,
        user: UserId,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>> {
        self.store.of_user(user, name_contains, limit).await
    }

    async fn public<'a>(
        &self,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>> {
        self.store.public(name_contains, limit).await
    }

    async fn snapshots(
        &self,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Vec<RoomSnapshot>> {
        self.store.snapshots(user, only).await
    }

    async fn delete(
        &self,
        id: RoomId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<(RoomEvent, Vec<Member>)> {
        // When it fails, nobody says who was in it; then the bus does, or time.
        let _forgotten = Afterwards(|| self.cache.forget_rooms_of(by));
        let (event, members) = self.store.delete(id, by, at).await?;
        for member in &members {
            self.cache.forget_rooms_of(member.user_id);
        }
        Ok((event, members))
    }
}
