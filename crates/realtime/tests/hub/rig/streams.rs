use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use domain::{
    BusEvent, LiveStream, RoomId, Splice, StoreResult, StreamId, StreamState, User, UserId,
    ports::LiveStreams,
};
use testkit::sample;

/// What is being written, as a test says.
#[derive(Default)]
pub struct ScriptedStreams {
    kept: Mutex<BTreeMap<StreamId, LiveStream>>,
    renewed: Mutex<Vec<StreamId>>,
    delay: Mutex<Duration>,
}

impl ScriptedStreams {
    /// Begins a stream without a word on the bus.
    pub fn begin(&self, room: RoomId, author: &User) -> LiveStream {
        let stream = LiveStream {
            room_id: room,
            user_id: author.id,
            username: author.username.clone(),
            ..sample::live_stream()
        };
        let mut kept = self.kept.lock().unwrap();
        kept.insert(stream.id, stream.clone());
        stream
    }

    /// Writes without a word on the bus, and gives back what would be said.
    pub fn append(&self, id: StreamId, delta: &str) -> BusEvent {
        let mut kept = self.kept.lock().unwrap();
        let stream = kept.get_mut(&id).expect("a stream");
        let splice = stream.append(stream.length(), delta).unwrap().unwrap();
        stream.text = stream.spliced(&splice).unwrap();
        stream.revision = splice.revision;
        BusEvent::StreamWritten {
            room_id: stream.room_id,
            id,
            splice,
        }
    }

    /// Forgets a stream without a word on the bus.
    pub fn forget(&self, id: StreamId) {
        self.kept.lock().unwrap().remove(&id);
    }

    /// Takes no more writes.
    pub fn finish_writing(&self, id: StreamId) {
        let mut kept = self.kept.lock().unwrap();
        kept.get_mut(&id).expect("a stream").state = StreamState::Finished;
    }

    /// From now on what it holds is answered so long after it was looked for.
    pub fn set_delay(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    /// Which streams were renewed since it was last asked.
    pub fn renewed(&self) -> Vec<StreamId> {
        std::mem::take(&mut self.renewed.lock().unwrap())
    }
}

#[async_trait]
impl LiveStreams for ScriptedStreams {
    async fn of_rooms(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<LiveStream>> {
        let mut of_rooms: Vec<_> = self.kept.lock().unwrap().values().cloned().collect();
        of_rooms.retain(|it| rooms.contains(&it.room_id));
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        Ok(of_rooms)
    }

    async fn renew(&self, mut ids: Vec<StreamId>) -> StoreResult<Vec<StreamId>> {
        let kept = self.kept.lock().unwrap();
        ids.retain(|id| kept.contains_key(id));
        self.renewed.lock().unwrap().extend(&ids);
        Ok(ids)
    }

    async fn start(&self, _: &LiveStream, _: usize) -> StoreResult<()> {
        unreachable!("the hub writes no streams")
    }

    async fn by_id(&self, _: StreamId) -> StoreResult<Option<LiveStream>> {
        unreachable!("the hub asks for rooms")
    }

    async fn of_author(&self, _: UserId) -> StoreResult<Vec<LiveStream>> {
        unreachable!("the hub asks for rooms")
    }

    async fn write(&self, _: StreamId, _: &Splice) -> StoreResult<()> {
        unreachable!("the hub writes no streams")
    }

    async fn hide(&self, _: StreamId) -> StoreResult<Option<LiveStream>> {
        unreachable!("the hub writes no streams")
    }

    async fn finish(&self, _: StreamId) -> StoreResult<Option<LiveStream>> {
        unreachable!("the hub ends no streams")
    }

    async fn remove(&self, _: StreamId) -> StoreResult<bool> {
        unreachable!("the hub ends no streams")
    }

    async fn remove_if(&self, _: StreamId, _: StreamState) -> StoreResult<bool> {
        unreachable!("the hub ends no streams")
    }

    async fn take_lost(&self, _: usize) -> StoreResult<Vec<LiveStream>> {
        unreachable!("the hub ends no streams")
    }
}
