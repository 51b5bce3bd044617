use std::{
    collections::{HashSet, VecDeque},
    hash::Hash,
    sync::Arc,
    time::Duration,
};

use domain::{
    Room, RoomId, Seq, SessionId, StoreError, StoreResult, UserId,
    ports::{MemberStore, RoomLog, RoomStore, SessionStore},
};
use tokio::task::JoinSet;

/// The ports that a hub asks what it may have missed.
#[derive(Clone)]
pub(super) struct SurveyPorts {
    pub log: Arc<dyn RoomLog>,
    pub sessions: Arc<dyn SessionStore>,
    pub members: Arc<dyn MemberStore>,
    pub rooms: Arc<dyn RoomStore>,
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
}

pub(super) struct Answer<K, T> {
    asked: Vec<K>,
    answer: StoreResult<T>,
}

/// What is to be asked about next, and whether an answer is awaited. The first that was due is the first that is asked,
/// so that what becomes due again and again keeps nothing else waiting for ever.
struct Due<K> {
    waiting: HashSet<K>,
    queue: VecDeque<K>,
    is_asked: bool,
}

impl<K> Default for Due<K> {
    fn default() -> Self {
        Self {
            waiting: HashSet::new(),
            queue: VecDeque::new(),
            is_asked: false,
        }
    }
}

impl<K: Copy + Eq + Hash> Due<K> {
    fn add(&mut self, key: K) {
        if self.waiting.insert(key) {
            self.queue.push_back(key);
        }
    }

    /// What to ask about now.
    fn next(&mut self, most: usize) -> Option<Vec<K>> {
        if self.is_asked || self.waiting.is_empty() {
            return None;
        }
        self.is_asked = true;
        let keys: Vec<K> = self.queue.drain(..most.min(self.queue.len())).collect();
        for key in &keys {
            self.waiting.remove(key);
        }
        Some(keys)
    }

    /// The answer has come; what was asked in vain is due again.
    fn take<T>(&mut self, what: &str, answer: Answer<K, T>) -> Option<(Vec<K>, T)> {
        self.is_asked = false;
        match answer.answer {
            Ok(found) => Some((answer.asked, found)),
            Err(error) => {
                tracing::warn!(%error, asked = answer.asked.len(), "{what} could not be asked; trying again");
                answer.asked.into_iter().for_each(|key| self.add(key));
                None
            }
        }
    }
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
}

/// Asks in a task of its own, so that a panic is a failure; after a failure the answer comes late.
async fn answer<K, T: Send + 'static>(
    asked: Vec<K>,
    query: impl Future<Output = StoreResult<T>> + Send + 'static,
    retry: Duration,
) -> Answer<K, T> {
    let answer = match tokio::spawn(query).await {
        Ok(answer) => answer,
        Err(error) => Err(StoreError::Other(error.to_string())),
    };
    if answer.is_err() {
        tokio::time::sleep(retry).await;
    }
    Answer { asked, answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_again_and_again_keeps_nothing_else_waiting() {
        let mut due = Due::default();
        let all = 1..=5;
        all.clone().for_each(|key| due.add(key));
        let mut asked = Vec::new();
        for _ in 0..3 {
            let keys = due.next(2).unwrap();
            assert_eq!(due.next(2), None, "one question at a time");
            // Another loss, before the answer.
            all.clone().for_each(|key| due.add(key));
            asked.extend(keys.clone());
            let answer = Answer {
                asked: keys,
                answer: Ok(()),
            };
            due.take("numbers", answer);
        }
        assert_eq!(asked, [1, 2, 3, 4, 5, 1]);
    }
}
