use std::sync::Arc;

use domain::{BusEvent, IdSet, Room, RoomId, SessionId, UserId};

use super::{Stage, State};
use crate::{
    CloseReason,
    hub::{log_reads::Done, survey::Finding},
};

/// What the database says.
pub(in crate::hub) enum DatabaseAnswer {
    /// Of one log.
    Read(Done),
    /// Of many things at once.
    Survey(Finding),
}

/// What the bus may have lost, and how the database mends it.
impl State {
    /// The bus lost something: the logs are compared, log-ins and memberships are asked for.
    pub(in crate::hub) fn lost(&mut self) {
        for room_id in self.feeds.keys() {
            self.surveys.head_is_due(*room_id);
        }
        let sessions = self.sockets.values().map(|socket| socket.session_id);
        self.surveys
            .sessions_are_due(sessions.filter(|id| *id != SessionId::NONE));
        let mut following_all = IdSet::default();
        for socket in self.sockets.values_mut() {
            match &mut socket.stage {
                // Whether it follows all is known once it starts.
                Stage::Starting { lost, .. } => *lost = true,
                Stage::Started { follows_all, .. } if *follows_all => {
                    following_all.insert(socket.user_id);
                }
                Stage::Started { .. } => {}
            }
        }
        self.surveys.memberships_are_due(following_all);
        self.streams_may_differ();
    }

    /// The bus lost something of this room.
    pub(in crate::hub) fn lost_in(&mut self, room_id: RoomId) {
        if self.feeds.contains_key(&room_id) {
            self.surveys.head_is_due(room_id);
            self.surveys.streams_are_due([room_id]);
        }
    }

    /// Asks the database what is due.
    pub(in crate::hub) fn ask(&mut self) {
        self.surveys.ask();
    }

    /// The next answer of the database, or wait before a question, that is done. Cancel-safe.
    pub(in crate::hub) async fn next_answer(&mut self) -> DatabaseAnswer {
        tokio::select! {
            done = self.reads.next() => DatabaseAnswer::Read(done),
            finding = self.surveys.next() => DatabaseAnswer::Survey(finding),
        }
    }

    pub(in crate::hub) fn answered(&mut self, answer: DatabaseAnswer) {
        match answer {
            DatabaseAnswer::Read(done) => self.done(done),
            DatabaseAnswer::Survey(finding) => self.found(finding),
        }
    }

    fn found(&mut self, finding: Finding) {
        match finding {
            Finding::Heads(answer) => {
                for (room_id, head) in self.surveys.heads(answer) {
                    if let Some(slot) = self.feeds.get_mut(&room_id) {
                        slot.feed.told_head(head);
                        if head > slot.feed.position() {
                            slot.gap.suspect();
                        }
                        self.pursue(room_id);
                    }
                }
            }
            Finding::Ended(answer) => {
                let ended: IdSet<_> = self.surveys.ended(answer).into_iter().collect();
                for socket in self.sockets.values() {
                    if ended.contains(&socket.session_id) {
                        socket.outbox.close(CloseReason::SessionEnded);
                    }
                }
            }
            Finding::Streams(answer) => {
                let (asked, list) = self.surveys.streams(answer);
                self.streams_listed(&asked, list);
            }
            Finding::Renewed(answer) => {
                let (asked, renewed) = self.surveys.renewed(answer);
                self.streams_renewed(&asked, &renewed);
            }
            Finding::Memberships(answer) => {
                for (user_id, room_id) in self.surveys.memberships(answer) {
                    if self.is_unknown_to(user_id, room_id) {
                        self.surveys.rooms_are_due(user_id);
                    }
                }
            }
            Finding::Rooms(answer) => {
                if let Some((user_id, rooms)) = self.surveys.rooms(answer) {
                    self.tell_missed(user_id, rooms);
                }
            }
        }
    }

    /// True when a socket that follows every room of the user does not follow this one.
    fn is_unknown_to(&self, user_id: UserId, room_id: RoomId) -> bool {
        let ids = self.by_user.get(&user_id).into_iter().flatten();
        ids.filter_map(|id| self.sockets.get(id))
            .any(|socket| socket.misses(room_id))
    }

    /// Tells the user's sockets the rooms that nobody told them of. One that the user has left since is followed up to
    /// there: its log says so.
    fn tell_missed(&mut self, user_id: UserId, rooms: Vec<Room>) {
        for room in rooms {
            let room_id = room.id;
            if !self.is_unknown_to(user_id, room_id) {
                continue;
            }
            let event = Arc::new(BusEvent::RoomAdded { user_id, room });
            let ids = self.by_user.get(&user_id).cloned().unwrap_or_default();
            for id in ids {
                if let Some(socket) = self.sockets.get(&id)
                    && socket.misses(room_id)
                {
                    self.tell_socket(id, &event);
                }
            }
        }
    }
}
