use std::{
    future::Future,
    hash::{BuildHasher, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use domain::{RoomId, StoreResult, UserId};
use moka::future::Cache;
use tokio::time::Instant;

use super::CacheOptions;

/// How many numbers the users share. Who shares one is forgotten with the other.
const GENERATIONS: usize = 4_096;

/// Values by key, of which all of one user can be forgotten at once.
///
/// Each value carries the generation of its user from before it was read, and counts only while that stands. So a value
/// that was read before a change, and comes in after it was to be forgotten, is never told.
pub(super) struct Remembered<K, V> {
    values: Cache<K, Known<V>>,
    ttl: Duration,
    generations: Box<[AtomicU64]>,
    of_all: AtomicU64,
    hasher: RandomState,
}

#[derive(Clone)]
struct Known<V> {
    value: V,
    generation: u64,
    /// When its reading began: a value is as old as that, however long the answer took.
    asked: Instant,
}

/// Whose a key is.
pub(super) trait Owned {
    fn owner(&self) -> UserId;
}

impl Owned for UserId {
    fn owner(&self) -> UserId {
        *self
    }
}

impl Owned for (RoomId, UserId) {
    fn owner(&self) -> UserId {
        self.1
    }
}

impl<K, V> Remembered<K, V>
where
    K: Owned + Copy + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub fn new(options: CacheOptions) -> Self {
        Self {
            values: Cache::builder()
                .max_capacity(options.entries)
                .time_to_live(options.ttl)
                .build(),
            ttl: options.ttl,
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            of_all: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }

    /// What is remembered, or what `read` answers, which is remembered if it is there.
    ///
    /// Two who ask at once both read: who joined the reading of another could be told what was so before their own
    /// write.
    pub async fn get_or_read(
        &self,
        key: K,
        read: impl Future<Output = StoreResult<Option<V>>>,
    ) -> StoreResult<Option<V>> {
        let (generation, asked) = (self.generation(key.owner()), Instant::now());
        if let Some(known) = self.values.get(&key).await
            && known.generation == generation
            && asked - known.asked < self.ttl
        {
            return Ok(Some(known.value));
        }
        let value = read.await?;
        if let Some(value) = value.clone() {
            let known = Known {
                value,
                generation,
                asked,
            };
            self.values.insert(key, known).await;
        }
        Ok(value)
    }

    pub fn forget(&self, owner: UserId) {
        self.of(owner).fetch_add(1, Ordering::SeqCst);
    }

    pub fn forget_all(&self) {
        self.of_all.fetch_add(1, Ordering::SeqCst);
    }

    /// Both numbers only grow, so their sum is another after either has grown.
    fn generation(&self, owner: UserId) -> u64 {
        self.of(owner).load(Ordering::SeqCst) + self.of_all.load(Ordering::SeqCst)
    }

    fn of(&self, owner: UserId) -> &AtomicU64 {
        // The remainder is less than 4,096.
        &self.generations[(self.hasher.hash_one(owner) % GENERATIONS as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::StoreError;
    use testkit::sample;
    use tokio::sync::oneshot;

    fn remembered() -> Remembered<UserId, &'static str> {
        Remembered::new(CacheOptions {
            ttl: Duration::from_secs(3_600),
            ..CacheOptions::default()
        })
    }

    fn ann() -> UserId {
        UserId(sample::id())
    }

    async fn get(
        of: &Remembered<UserId, &'static str>,
        key: UserId,
        stored: Option<&'static str>,
    ) -> Option<&'static str> {
        of.get_or_read(key, async { Ok(stored) }).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_there_is_remembered_and_what_is_not_is_asked_again() {
        let (names, ann) = (remembered(), ann());
        assert_eq!(get(&names, ann, None).await, None);
        let away = StoreError::Unavailable("away".into());
        let answer = names.get_or_read(ann, async { Err(away.clone()) }).await;
        assert_eq!(answer, Err(away));
        assert_eq!(get(&names, ann, Some("old")).await, Some("old"));
        assert_eq!(get(&names, ann, Some("new")).await, Some("old"));
    }

    #[tokio::test]
    async fn what_is_forgotten_is_read_again() {
        let (names, ann) = (remembered(), ann());
        get(&names, ann, Some("old")).await;
        names.forget(ann);
        assert_eq!(get(&names, ann, Some("new")).await, Some("new"));
        names.forget_all();
        assert_eq!(get(&names, ann, Some("newer")).await, Some("newer"));
    }

    #[tokio::test]
    async fn what_was_read_before_it_changed_is_not_remembered_after_it() {
        for all in [false, true] {
            let (names, ann) = (remembered(), ann());
            let (answer, answered) = oneshot::channel();
            let slow = names.get_or_read(ann, async { Ok(answered.await.unwrap()) });
            let changing = async {
                if all {
                    names.forget_all();
                } else {
                    names.forget(ann);
                }
                // Meanwhile somebody reads and remembers the new name, which the slow one then overwrites.
                assert_eq!(get(&names, ann, Some("new")).await, Some("new"));
                answer.send(Some("old")).unwrap();
            };
            let (old, ()) = tokio::join!(slow, changing);
            assert_eq!(old, Ok(Some("old")));
            assert_eq!(get(&names, ann, Some("new")).await, Some("new"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_is_as_old_as_the_question_for_it() {
        let (names, ann) = (remembered(), ann());
        let slow = names.get_or_read(ann, async {
            tokio::time::advance(Duration::from_secs(3_000)).await;
            Ok(Some("old"))
        });
        assert_eq!(slow.await, Ok(Some("old")));
        tokio::time::advance(Duration::from_secs(599)).await;
        assert_eq!(get(&names, ann, Some("new")).await, Some("old"));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(get(&names, ann, Some("new")).await, Some("new"));
    }

    #[tokio::test]
    async fn as_many_as_are_allowed_are_remembered() {
        let names = Remembered::new(CacheOptions {
            entries: 10,
            ..CacheOptions::default()
        });
        for _ in 0..1_000 {
            get(&names, ann(), Some("a name")).await;
        }
        names.values.run_pending_tasks().await;
        assert!(names.values.entry_count() <= 10);
    }
}
