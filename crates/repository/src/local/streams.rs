use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Conflict, IdMap, LiveStream, RoomId, Splice, StoreError, StoreResult, StreamId, StreamState,
    UserId, ports::LiveStreams,
};
use tokio::time::Instant;

/// The streams of one node, in memory. They end with its process.
#[derive(Debug)]
pub struct LocalStreams {
    // A std Mutex and not a Tokio one, because it is held for a few look-ups and never across an await.
    shelf: Mutex<Shelf>,
    lease: Duration,
}

#[derive(Debug, Default)]
struct Shelf {
    // In the order of the ids, as the port's lists are.
    kept: BTreeMap<StreamId, Kept>,
    of_rooms: IdMap<RoomId, BTreeSet<StreamId>>,
    of_authors: IdMap<UserId, BTreeSet<StreamId>>,
    /// Every author is about to be lost, whoever is heard of.
    is_ending: bool,
}

#[derive(Debug)]
struct Kept {
    stream: LiveStream,
    until: Instant,
}

impl LocalStreams {
    /// None is being written yet. Each is kept for `lease` after its author was last heard of.
    #[must_use]
    pub fn new(lease: Duration) -> Self {
        Self {
            shelf: Mutex::default(),
            lease,
        }
    }

    /// All leases are over, and so is each that is begun or renewed from now on: the process is about to end, and every author
    /// with it.
    pub fn lose_all(&self) {
        let now = Instant::now();
        let mut shelf = self.shelf();
        shelf.is_ending = true;
        for kept in shelf.kept.values_mut() {
            kept.until = now;
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // No code between lock and unlock leaves the shelf half changed.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when a stream is kept whose author was heard of now.
    fn next_lease(&self, shelf: &Shelf) -> Instant {
        let now = Instant::now();
        if shelf.is_ending {
            now
        } else {
            now + self.lease
        }
    }
}

impl Shelf {
    fn all_of<'a>(&'a self, ids: Option<&'a BTreeSet<StreamId>>) -> Vec<LiveStream> {
        let ids = ids.into_iter().flatten();
        ids.filter_map(|id| Some(self.kept.get(id)?.stream.clone()))
            .collect()
    }

    fn put(&mut self, stream: LiveStream, until: Instant) {
        let (id, room, author) = (stream.id, stream.room_id, stream.user_id);
        self.of_rooms.entry(room).or_default().insert(id);
        self.of_authors.entry(author).or_default().insert(id);
        self.kept.insert(id, Kept { stream, until });
    }

    fn remove(&mut self, id: StreamId, is_meant: impl Fn(&LiveStream) -> bool) -> bool {
        let found = self.kept.get(&id);
        if !found.is_some_and(|kept| is_meant(&kept.stream)) {
            return false;
        }
        let Some(Kept { stream, .. }) = self.kept.remove(&id) else {
            return false;
        };
        forget(&mut self.of_rooms, stream.room_id, id);
        forget(&mut self.of_authors, stream.user_id, id);
        true
    }
}

/// A room or an author without a stream costs no memory.
fn forget<K: std::hash::Hash + Eq>(sets: &mut IdMap<K, BTreeSet<StreamId>>, key: K, id: StreamId) {
    if let Some(set) = sets.get_mut(&key) {
        set.remove(&id);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

#[async_trait]
impl LiveStreams for LocalStreams {
    async fn start(&self, stream: &LiveStream, most: usize) -> StoreResult<()> {
        let mut shelf = self.shelf();
        let has = shelf.of_authors.get(&stream.user_id);
        if has.map_or(0, BTreeSet::len) >= most {
            return Err(StoreError::Conflict(Conflict::TooManyStreams));
        }
        let until = self.next_lease(&shelf);
        shelf.put(stream.clone(), until);
        Ok(())
    }

    async fn by_id(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        Ok(self.shelf().kept.get(&id).map(|kept| kept.stream.clone()))
    }

    async fn of_rooms(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<LiveStream>> {
        let shelf = self.shelf();
        let of_room = |room| shelf.all_of(shelf.of_rooms.get(room));
        Ok(rooms.iter().flat_map(of_room).collect())
    }

    async fn of_author(&self, author: UserId) -> StoreResult<Vec<LiveStream>> {
        let shelf = self.shelf();
        Ok(shelf.all_of(shelf.of_authors.get(&author)))
    }

    async fn write(&self, id: StreamId, splice: &Splice) -> StoreResult<()> {
        let mut shelf = self.shelf();
        let until = self.next_lease(&shelf);
        let kept = shelf.kept.get_mut(&id).ok_or(StoreError::NotFound)?;
        let stream = &mut kept.stream;
        if stream.state != StreamState::Open || stream.revision + 1 != splice.revision {
            return Err(StoreError::Conflict(Conflict::StreamChanged));
        }
        let text = stream.spliced(splice);
        stream.text = text.map_err(|error| StoreError::Other(error.to_string()))?;
        stream.revision = splice.revision;
        kept.until = until;
        Ok(())
    }

    async fn hide(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        let mut shelf = self.shelf();
        Ok(shelf.kept.get_mut(&id).map(|kept| {
            kept.stream.is_hidden = true;
            kept.stream.clone()
        }))
    }

    async fn renew(&self, mut ids: Vec<StreamId>) -> StoreResult<Vec<StreamId>> {
        let mut shelf = self.shelf();
        let until = self.next_lease(&shelf);
        ids.retain(|id| {
            let kept = shelf.kept.get_mut(id);
            let Some(kept) = kept else {
                return false;
            };
            if kept.stream.state == StreamState::Open {
                kept.until = until;
            }
            true
        });
        Ok(ids)
    }

    async fn finish(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        let mut shelf = self.shelf();
        let until = self.next_lease(&shelf);
        Ok(shelf.kept.get_mut(&id).map(|kept| {
            kept.stream.state = StreamState::Finished;
            kept.until = until;
            kept.stream.clone()
        }))
    }

    async fn remove(&self, id: StreamId) -> StoreResult<bool> {
        Ok(self.shelf().remove(id, |_| true))
    }

    async fn remove_if(&self, id: StreamId, state: StreamState) -> StoreResult<bool> {
        Ok(self.shelf().remove(id, |stream| stream.state == state))
    }

    async fn take_lost(&self, most: usize) -> StoreResult<Vec<LiveStream>> {
        let now = Instant::now();
        // Whoever takes one is there to end it.
        let until = now + self.lease;
        let mut shelf = self.shelf();
        let lost = shelf.kept.values_mut().filter(|kept| kept.until <= now);
        let taken = lost.take(most).map(|kept| {
            let state = &mut kept.stream.state;
            if *state == StreamState::Open {
                *state = StreamState::Lost;
            }
            kept.until = until;
            kept.stream.clone()
        });
        Ok(taken.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::sample;

    #[tokio::test]
    async fn what_has_ended_costs_no_memory() {
        let streams = LocalStreams::new(Duration::from_secs(30));
        let stream = sample::live_stream();
        streams.start(&stream, 1).await.unwrap();
        assert!(streams.remove(stream.id).await.unwrap());
        let shelf = streams.shelf();
        assert!(shelf.kept.is_empty() && shelf.of_rooms.is_empty() && shelf.of_authors.is_empty());
    }

    #[tokio::test]
    async fn all_are_lost_when_the_process_says_that_it_ends() {
        let streams = LocalStreams::new(Duration::from_secs(30));
        streams.start(&sample::live_stream(), 1).await.unwrap();
        streams.start(&sample::live_stream(), 1).await.unwrap();
        streams.lose_all();
        assert_eq!(streams.take_lost(9).await.unwrap().len(), 2);
    }

    /// What comes late must not outlive the process's last look.
    #[tokio::test]
    async fn nothing_is_kept_on_once_the_process_says_that_it_ends() {
        let streams = LocalStreams::new(Duration::from_secs(30));
        let (renewed, written) = (sample::live_stream(), sample::live_stream());
        let (finished, late) = (sample::live_stream(), sample::live_stream());
        for stream in [&renewed, &written, &finished] {
            streams.start(stream, 1).await.unwrap();
        }
        streams.lose_all();
        streams.renew(vec![renewed.id]).await.unwrap();
        let splice = written.append(0, "a").unwrap().unwrap();
        streams.write(written.id, &splice).await.unwrap();
        streams.finish(finished.id).await.unwrap();
        streams.start(&late, 1).await.unwrap();
        assert_eq!(streams.take_lost(9).await.unwrap().len(), 4);
        // Who ends them has a lease for it.
        assert_eq!(streams.take_lost(9).await.unwrap(), []);
    }

    /// Paused time: a lease is over to the moment.
    #[tokio::test(start_paused = true)]
    async fn a_stream_is_lost_at_the_end_of_its_lease_and_not_before() {
        let lease = Duration::from_secs(30);
        let streams = LocalStreams::new(lease);
        let stream = sample::live_stream();
        streams.start(&stream, 1).await.unwrap();
        tokio::time::advance(lease - Duration::from_millis(1)).await;
        assert_eq!(streams.take_lost(9).await.unwrap(), []);
        assert_eq!(streams.renew(vec![stream.id]).await.unwrap(), [stream.id]);
        tokio::time::advance(lease - Duration::from_millis(1)).await;
        assert_eq!(streams.take_lost(9).await.unwrap(), []);
        tokio::time::advance(Duration::from_millis(1)).await;
        let lost = streams.take_lost(9).await.unwrap();
        assert_eq!(lost.len(), 1);
        assert_eq!(lost[0].state, StreamState::Lost);
        assert_eq!(streams.take_lost(9).await.unwrap(), []);
    }
}
