mod due;

use std::{sync::Arc, time::Duration};

use domain::{
    LiveStream, Room, RoomId, Seq, SessionId, StreamId, UserId,
    ports::{LiveStreams, MemberStore, RoomLog, RoomStore, SessionStore},
};
use tokio::task::JoinSet;

use self::due::{Answer, Due, answer};

/// The ports that a hub asks what it may have missed.
#[derive(Clone)]
pub(super) struct SurveyPorts {
    pub log: Arc<dyn RoomLog>,
    pub sessions: Arc<dyn SessionStore>,
    pub members: Arc<dyn MemberStore>,
    pub rooms: Arc<dyn RoomStore>,
    pub streams: Arc<dyn LiveStreams>,
}

/// What the hub asks the database when hints may have been lost: how far the logs reach, which log-ins have ended, who
/// has come into which room. Many are asked about at once, and one question of a kind is under way at a time, so that a
/// loss costs a few queries and not one for each room and socket, however often it is told.
pub(super) struct Surveys {
    ports: SurveyPorts,
    batch: usize,
    retry: Duration,
    heads: Due<RoomId>,
    sessions: Due<SessionId>,
    memberships: Due<UserId>,
    /// Users who are in rooms that their sockets do not know.
    newcomers: Due<UserId>,
    /// Rooms in which something may be being written.
    streams: Due<RoomId>,
    /// Streams whose authors are there.
    renewals: Due<StreamId>,
    under_way: JoinSet<Finding>,
}

/// What the database answered, and what it was asked. A question that failed is asked again.
pub(super) enum Finding {
    /// How far these logs reach.
    Heads(Answer<RoomId, Vec<(RoomId, Seq)>>),
    /// Which of these log-ins have ended.
    Ended(Answer<SessionId, Vec<SessionId>>),
    /// Which rooms these users are in.
    Memberships(Answer<UserId, Vec<(UserId, RoomId)>>),
    /// The rooms of one user, each as it stood while the user was in it.
    Rooms(Answer<UserId, Vec<Room>>),
    /// What is being written in these rooms.
    Streams(Answer<RoomId, Vec<LiveStream>>),
    /// Which of these streams are kept for another lease.
    Renewed(Answer<StreamId, Vec<StreamId>>),
}

impl Surveys {
    pub(super) fn new(ports: SurveyPorts, batch: usize, retry: Duration) -> Self {
        Self {
            ports,
            batch: batch.max(1),
            retry,
            heads: Due::default(),
            sessions: Due::default(),
            memberships: Due::default(),
            newcomers: Due::default(),
            streams: Due::default(),
            renewals: Due::default(),
            under_way: JoinSet::new(),
        }
    }

    /// How far the log of this room reaches is to be asked.
    pub(super) fn head_is_due(&mut self, room: RoomId) {
        self.heads.add(room);
    }

    /// Whether these log-ins stand is to be asked.
    pub(super) fn sessions_are_due(&mut self, ids: impl IntoIterator<Item = SessionId>) {
        ids.into_iter().for_each(|id| self.sessions.add(id));
    }

    /// Which rooms these users are in is to be asked.
    pub(super) fn memberships_are_due(&mut self, users: impl IntoIterator<Item = UserId>) {
        users
            .into_iter()
            .for_each(|user| self.memberships.add(user));
    }

    /// The rooms of this user are to be fetched.
    pub(super) fn rooms_are_due(&mut self, user: UserId) {
        self.newcomers.add(user);
    }

    /// What is being written in these rooms is to be asked.
    pub(super) fn streams_are_due(&mut self, rooms: impl IntoIterator<Item = RoomId>) {
        rooms.into_iter().for_each(|room| self.streams.add(room));
    }

    /// What is being written is asked just now.
    pub(super) fn asks_for_streams(&self) -> bool {
        self.streams.is_asked()
    }

    /// These streams are to be kept, because their authors are there.
    pub(super) fn renewals_are_due(&mut self, ids: impl IntoIterator<Item = StreamId>) {
        ids.into_iter().for_each(|id| self.renewals.add(id));
    }

    /// Asks what is due and not under way.
    pub(super) fn ask(&mut self) {
        let retry = self.retry;
        if let Some(asked) = self.heads.next(self.batch) {
            let (log, rooms) = (self.ports.log.clone(), asked.clone());
            let query = async move { log.heads(rooms).await };
            self.under_way
                .spawn(async move { Finding::Heads(answer(asked, query, retry).await) });
        }
        if let Some(asked) = self.sessions.next(self.batch) {
            let (sessions, ids) = (self.ports.sessions.clone(), asked.clone());
            let query = async move { sessions.ended_among(ids).await };
            self.under_way
                .spawn(async move { Finding::Ended(answer(asked, query, retry).await) });
        }
        if let Some(asked) = self.memberships.next(self.batch) {
            let (members, users) = (self.ports.members.clone(), asked.clone());
            let query = async move { members.rooms_of(users).await };
            self.under_way
                .spawn(async move { Finding::Memberships(answer(asked, query, retry).await) });
        }
        if let Some(asked) = self.newcomers.next(1) {
            let (rooms, user) = (self.ports.rooms.clone(), asked[0]);
            let query = async move { rooms.of_user(user, None, u32::MAX).await };
            self.under_way
                .spawn(async move { Finding::Rooms(answer(asked, query, retry).await) });
        }
        if let Some(asked) = self.streams.next(self.batch) {
            let (streams, rooms) = (self.ports.streams.clone(), asked.clone());
            let query = async move { streams.of_rooms(rooms).await };
            self.under_way
                .spawn(async move { Finding::Streams(answer(asked, query, retry).await) });
        }
        if let Some(asked) = self.renewals.next(self.batch) {
            let (streams, ids) = (self.ports.streams.clone(), asked.clone());
            let query = async move { streams.renew(ids).await };
            self.under_way
                .spawn(async move { Finding::Renewed(answer(asked, query, retry).await) });
        }
    }

    /// The next answer; never while nothing is asked. Cancel-safe.
    pub(super) async fn next(&mut self) -> Finding {
        loop {
            match self.under_way.join_next().await {
                Some(Ok(finding)) => return finding,
                // A question runs in a task of its own, so that this one cannot panic; it is not cancelled either.
                Some(Err(error)) => tracing::error!(%error, "a survey was lost"),
                None => std::future::pending().await,
            }
        }
    }

    pub(super) fn heads(
        &mut self,
        answer: Answer<RoomId, Vec<(RoomId, Seq)>>,
    ) -> Vec<(RoomId, Seq)> {
        let found = self.heads.take("how far the logs reach", answer);
        found.map(|(_, heads)| heads).unwrap_or_default()
    }

    pub(super) fn ended(&mut self, answer: Answer<SessionId, Vec<SessionId>>) -> Vec<SessionId> {
        let found = self.sessions.take("which log-ins stand", answer);
        found.map(|(_, ended)| ended).unwrap_or_default()
    }

    pub(super) fn memberships(
        &mut self,
        answer: Answer<UserId, Vec<(UserId, RoomId)>>,
    ) -> Vec<(UserId, RoomId)> {
        let found = self.memberships.take("who is in which room", answer);
        found
            .map(|(_, memberships)| memberships)
            .unwrap_or_default()
    }

    pub(super) fn rooms(
        &mut self,
        answer: Answer<UserId, Vec<Room>>,
    ) -> Option<(UserId, Vec<Room>)> {
        let (asked, rooms) = self.newcomers.take("the rooms of a user", answer)?;
        Some((*asked.first()?, rooms))
    }

    /// The rooms that were asked about, and what is being written there.
    pub(super) fn streams(
        &mut self,
        answer: Answer<RoomId, Vec<LiveStream>>,
    ) -> (Vec<RoomId>, Vec<LiveStream>) {
        let found = self.streams.take("what is being written", answer);
        found.unwrap_or_default()
    }

    /// The streams that were to be kept, and those that are.
    pub(super) fn renewed(
        &mut self,
        answer: Answer<StreamId, Vec<StreamId>>,
    ) -> (Vec<StreamId>, Vec<StreamId>) {
        let found = self.renewals.take("which streams are kept", answer);
        found.unwrap_or_default()
    }
}
