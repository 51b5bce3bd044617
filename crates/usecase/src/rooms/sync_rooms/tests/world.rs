//! Rooms, numbered from 10, in which Ann is or was, and their logs.

use super::*;

pub struct World {
    /// Hers: the number of the room, and of its latest event.
    mine: Vec<(u64, u64)>,
    /// In which she was: the room, its last event for her, what that was and by whom.
    pub ended: Vec<(u64, u64, RoomEventKind, UserId)>,
    /// Up to where the logs go, whatever the snapshots say.
    pub logs_reach: u64,
    pub resume_max_events: u64,
    pub max_events: u64,
    /// See [`bytes_of`].
    pub max_bytes: u64,
    pub max_rooms: usize,
}

/// Where Ann stands in a room.
pub fn at(room: u64, last_seq: u64) -> RoomSnapshot {
    RoomSnapshot {
        room_id: id(room),
        last_seq: Seq(last_seq),
        last_read_seq: Seq(1),
        unread: 3,
    }
}

/// What a client keeps of its rooms.
pub fn kept(positions: &[(u64, u64)]) -> Positions {
    let positions = positions.iter();
    positions
        .map(|(room, seq)| (id(*room), Seq(*seq)))
        .collect()
}

pub fn seqs(events: &[RoomEvent]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

/// The weight of so many events of [`World::log`].
pub fn bytes_of(events: u64) -> u64 {
    let message_id: MessageId = id(1);
    let deleted = RoomEventKind::MessageDeleted { message_id };
    events * crate::rooms::weight::weight(&event(deleted))
}

impl World {
    pub fn of(mine: &[(u64, u64)]) -> Self {
        Self {
            mine: mine.to_vec(),
            ended: Vec::new(),
            logs_reach: 1_000,
            resume_max_events: 100,
            max_events: 100,
            max_bytes: bytes_of(100),
            max_rooms: 100,
        }
    }

    pub async fn sync(&self, known: &[(u64, u64)]) -> Result<Changes, SyncRoomsError> {
        self.sync_from(kept(known)).await
    }

    pub async fn sync_from(&self, known: Positions) -> Result<Changes, SyncRoomsError> {
        self.usecase(self.rooms(), self.members(), self.log())
            .execute(caller(), known)
            .await
    }

    /// With these stores, and limits that are not met.
    pub async fn ask(
        rooms: MockRoomStore,
        members: MockMemberStore,
        log: MockRoomLog,
        known: &[(u64, u64)],
    ) -> Result<Changes, SyncRoomsError> {
        Self::of(&[])
            .usecase(rooms, members, log)
            .execute(caller(), kept(known))
            .await
    }

    fn usecase(
        &self,
        rooms: MockRoomStore,
        members: MockMemberStore,
        log: MockRoomLog,
    ) -> SyncRooms {
        let rooms: Arc<dyn RoomStore> = Arc::new(rooms);
        SyncRooms {
            standing: Standing {
                rooms: rooms.clone(),
                members: Arc::new(members),
                most: self.resume_max_events,
            },
            rooms,
            log: Arc::new(log),
            max_events: self.max_events,
            max_bytes: self.max_bytes,
            max_rooms: self.max_rooms,
        }
    }

    fn rooms(&self) -> MockRoomStore {
        let mine = self.mine.clone();
        let snapshots: Vec<_> = mine.iter().map(|(room, last)| at(*room, *last)).collect();
        let entities = mine.into_iter().map(|(number, _)| Room {
            id: id(number),
            ..room()
        });
        let mut rooms = MockRoomStore::new();
        rooms.expect_snapshots().returning(move |user, only| {
            assert_eq!(user, ann().id);
            let mut found = snapshots.clone();
            found.retain(|it| only.as_ref().is_none_or(|only| only.contains(&it.room_id)));
            Ok(found)
        });
        rooms
            .expect_of_user()
            .withf(|user, name, limit| (*user, *name, *limit) == (ann().id, None, u32::MAX))
            .return_const(Ok(entities.collect::<Vec<_>>()));
        rooms
    }

    fn members(&self) -> MockMemberStore {
        let ended = self.ended.iter();
        let departure = |room, end| Departure {
            room_id: id(room),
            seq: Seq(end),
        };
        let ended: Vec<_> = ended.map(|it| departure(it.0, it.1)).collect();
        let mut members = MockMemberStore::new();
        members.expect_departures().returning(move |user, rooms| {
            assert_eq!(user, ann().id);
            let mut found = ended.clone();
            found.retain(|it| rooms.contains(&it.room_id));
            Ok(found)
        });
        members
    }

    /// Bob deletes a message at every number, but for the ends.
    pub fn log(&self) -> MockRoomLog {
        let (ended, reach) = (self.ended.clone(), self.logs_reach);
        let mut log = MockRoomLog::new();
        log.expect_read().returning(move |room_id, after, limit| {
            let numbers = after.0 + 1..=reach.min(after.0 + u64::from(limit));
            let event = |seq| {
                let end = ended
                    .iter()
                    .find(|(room, end, ..)| (id::<RoomId>(*room), *end) == (room_id, seq));
                let message_id: MessageId = id(seq);
                let (kind, actor_id) = match end {
                    Some((_, _, kind, by)) => (kind.clone(), *by),
                    None => (RoomEventKind::MessageDeleted { message_id }, bob().id),
                };
                RoomEvent {
                    room_id,
                    seq: Seq(seq),
                    actor_id,
                    at: now(),
                    members: None,
                    kind,
                }
            };
            Ok(numbers.map(event).collect())
        });
        log
    }
}
