use std::{
    collections::{HashSet, VecDeque},
    hash::Hash,
    time::Duration,
};

use domain::{StoreError, StoreResult};

/// What was asked about, and what came of it.
pub(in crate::hub) struct Answer<K, T> {
    asked: Vec<K>,
    answer: StoreResult<T>,
}

/// What is to be asked about next, and whether an answer is awaited. The first that was due is the first that is asked,
/// so that what becomes due again and again keeps nothing else waiting for ever.
pub(super) struct Due<K> {
    waiting: HashSet<K>,
    queue: VecDeque<K>,
    is_asked: bool,
    /// The latest question failed, and that was logged: what is away is asked again and again.
    is_failing: bool,
}

impl<K> Default for Due<K> {
    fn default() -> Self {
        Self {
            waiting: HashSet::new(),
            queue: VecDeque::new(),
            is_asked: false,
            is_failing: false,
        }
    }
}

impl<K: Copy + Eq + Hash> Due<K> {
    pub fn add(&mut self, key: K) {
        if self.waiting.insert(key) {
            self.queue.push_back(key);
        }
    }

    /// A question is under way, or the wait after one that failed.
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// What to ask about now.
    pub fn next(&mut self, most: usize) -> Option<Vec<K>> {
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
    pub fn take<T>(&mut self, what: &str, answer: Answer<K, T>) -> Option<(Vec<K>, T)> {
        self.is_asked = false;
        match answer.answer {
            Ok(found) => {
                self.is_failing = false;
                Some((answer.asked, found))
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    tracing::warn!(%error, asked = answer.asked.len(), "{what} could not be asked; trying again");
                }
                answer.asked.into_iter().for_each(|key| self.add(key));
                None
            }
        }
    }
}

/// Asks in a task of its own, so that a panic is a failure; after a failure the answer comes late.
pub(super) async fn answer<K, T: Send + 'static>(
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
