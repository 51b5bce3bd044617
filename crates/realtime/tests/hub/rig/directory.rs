use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::{
    Member, RefreshTokenHash, Role, Room, RoomEvent, RoomId, RoomSnapshot, Session, SessionId,
    StoreResult, Timestamp, UserId,
    ports::{
        Arrival, Departure, MemberStore, NewMember, NewRoom, NewSession, OpenedRoom, RoomStore,
        Rotation, SessionStore,
    },
    values::{RoomName, Username},
};
use testkit::sample;

use super::ports::ScriptedLog;

/// Who is in which room and which log-ins have ended, as the test says.
pub struct Directory {
    log: Arc<ScriptedLog>,
    members: Mutex<BTreeSet<(UserId, RoomId)>>,
    ended: Mutex<HashSet<SessionId>>,
}

impl Directory {
    pub fn new(log: Arc<ScriptedLog>) -> Self {
        Self {
            log,
            members: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    pub fn let_in(&self, user: UserId, room: RoomId) {
        self.members.lock().unwrap().insert((user, room));
    }

    pub fn take_out(&self, user: UserId, room: RoomId) {
        self.members.lock().unwrap().remove(&(user, room));
    }

    pub fn end(&self, session: SessionId) {
        self.ended.lock().unwrap().insert(session);
    }
}

#[async_trait]
impl MemberStore for Directory {
    async fn rooms_of(&self, users: Vec<UserId>) -> StoreResult<Vec<(UserId, RoomId)>> {
        let members = self.members.lock().unwrap();
        let of_users = members.iter().filter(|(user, _)| users.contains(user));
        Ok(of_users.copied().collect())
    }

    async fn departures(&self, _: UserId, _: Vec<RoomId>) -> StoreResult<Vec<Departure>> {
        unreachable!("the hub does not ask")
    }

    async fn list(&self, _: RoomId) -> StoreResult<Vec<Member>> {
        unreachable!("the hub does not ask")
    }

    async fn get(&self, _: RoomId, _: UserId) -> StoreResult<Option<Member>> {
        unreachable!("the hub does not ask")
    }

    async fn add(&self, _: &NewMember) -> StoreResult<RoomEvent> {
        unreachable!("the hub changes nothing")
    }

    async fn rename(
        &self,
        _: RoomId,
        _: UserId,
        _: &Username,
        _: Timestamp,
    ) -> StoreResult<RoomEvent> {
        unreachable!("the hub changes nothing")
    }

    async fn guests(
        &self,
        _: Option<(RoomId, UserId)>,
        _: u32,
    ) -> StoreResult<Vec<(RoomId, UserId)>> {
        unreachable!("the hub does not ask")
    }

    async fn remove(
        &self,
        _: RoomId,
        _: UserId,
        _: UserId,
        _: Timestamp,
    ) -> StoreResult<RoomEvent> {
        unreachable!("the hub changes nothing")
    }
}

#[async_trait]
impl RoomStore for Directory {
    async fn of_user<'a>(
        &self,
        user: UserId,
        _: Option<&'a str>,
        _: u32,
    ) -> StoreResult<Vec<Room>> {
        let members = self.members.lock().unwrap();
        let rooms = members.iter().filter(|(member, _)| *member == user);
        Ok(rooms
            .map(|(_, room_id)| {
                let mut room = sample::room(user);
                room.id = *room_id;
                room.last_seq = self.log.last_seq(*room_id);
                room
            })
            .collect())
    }

    async fn create(&self, _: &NewRoom) -> StoreResult<OpenedRoom> {
        unreachable!("the hub changes nothing")
    }

    async fn open_direct(&self, _: &NewRoom) -> StoreResult<OpenedRoom> {
        unreachable!("the hub changes nothing")
    }

    async fn open_public(&self, _: &NewRoom) -> StoreResult<OpenedRoom> {
        unreachable!("the hub changes nothing")
    }

    async fn of_guests(&self, _: &RoomName) -> StoreResult<Option<Room>> {
        unreachable!("the hub does not ask")
    }

    async fn by_id(&self, _: RoomId) -> StoreResult<Option<Room>> {
        unreachable!("the hub does not ask")
    }

    async fn with_role(&self, _: RoomId, _: UserId) -> StoreResult<Option<(Room, Option<Role>)>> {
        unreachable!("the hub does not ask")
    }

    async fn public<'a>(&self, _: Option<&'a str>, _: u32) -> StoreResult<Vec<Room>> {
        unreachable!("the hub does not ask")
    }

    async fn snapshots(&self, _: UserId, _: Option<Vec<RoomId>>) -> StoreResult<Vec<RoomSnapshot>> {
        unreachable!("the hub does not ask")
    }

    async fn delete(
        &self,
        _: RoomId,
        _: UserId,
        _: Timestamp,
    ) -> StoreResult<(RoomEvent, Vec<Member>)> {
        unreachable!("the hub changes nothing")
    }
}

#[async_trait]
impl SessionStore for Directory {
    async fn ended_among(&self, ids: Vec<SessionId>) -> StoreResult<Vec<SessionId>> {
        let ended = self.ended.lock().unwrap();
        Ok(ids.into_iter().filter(|id| ended.contains(id)).collect())
    }

    async fn open(&self, _: &NewSession) -> StoreResult<()> {
        unreachable!("the hub changes nothing")
    }

    async fn rotate(
        &self,
        _: RefreshTokenHash,
        _: RefreshTokenHash,
        _: Timestamp,
        _: Timestamp,
    ) -> StoreResult<Rotation> {
        unreachable!("the hub changes nothing")
    }

    async fn by_refresh_token(&self, _: RefreshTokenHash) -> StoreResult<Option<Session>> {
        unreachable!("the hub does not ask")
    }

    async fn is_live(&self, _: SessionId) -> StoreResult<bool> {
        unreachable!("the hub does not ask")
    }

    async fn arrival(
        &self,
        _: SessionId,
        _: UserId,
        _: Option<Vec<RoomId>>,
    ) -> StoreResult<Option<Arrival>> {
        unreachable!("the hub does not ask")
    }

    async fn revoke(&self, _: UserId, _: SessionId, _: Timestamp) -> StoreResult<bool> {
        unreachable!("the hub changes nothing")
    }
}
