//! Random interleavings of writes, lost, repeated and reordered hints, answers of the store that are old by the time they
//! come, readers who come, go and read slowly. In the end each reader has the text of the store, and no answer has brought
//! back what had ended.

use std::collections::VecDeque;

use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};

use super::*;
use crate::seeds::hold_for_all;

/// How many seeds a run tries; STREAM_SEEDS says otherwise, and STREAM_SEED tries one alone.
const SEEDS: u64 = 3_000;

enum Hint {
    Started(LiveStream),
    Written(StreamId, Splice),
    Ended(StreamId),
}

struct Model {
    /// What is decided, one number after the other.
    draws: VecDeque<u16>,
    now: Instant,
    store: BTreeMap<StreamId, LiveStream>,
    hints: Vec<Hint>,
    /// What the store answered, and has not come yet.
    answer: Option<Vec<LiveStream>>,
    /// What was heard to have ended since the store was asked.
    ended: IdSet<StreamId>,
    /// What an answer began though it had ended.
    brought_back: Vec<StreamId>,
    is_asked: bool,
    streams: RoomStreams,
    due: Vec<(Instant, StreamId)>,
    readers: Vec<Reader>,
}

fn ids(streams: &RoomStreams) -> IdSet<StreamId> {
    streams.streams.keys().copied().collect()
}

impl Model {
    fn new(draws: Vec<u16>) -> Self {
        Self {
            draws: draws.into(),
            now: Instant::now(),
            store: BTreeMap::new(),
            hints: Vec::new(),
            answer: None,
            ended: IdSet::default(),
            brought_back: Vec::new(),
            is_asked: false,
            streams: RoomStreams::default(),
            due: Vec::new(),
            readers: Vec::new(),
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.draws.pop_front().unwrap_or(0)) % bound
    }

    fn one_of_the_store(&mut self) -> Option<StreamId> {
        let count = self.store.len();
        let turn = self.below(count.max(1));
        self.store.keys().nth(turn).copied()
    }

    fn step(&mut self) {
        match self.below(17) {
            0 => {
                let stream = sample::live_stream();
                self.store.insert(stream.id, stream.clone());
                self.hints.push(Hint::Started(stream));
            }
            1..=4 => self.write(),
            5 if self.below(3) == 0 => self.finish(),
            6..=9 => self.hear(),
            10 => self.ask(),
            11 => self.listen(),
            12 => {
                let reader = Reader::new(if self.below(2) == 0 { 400 } else { 100_000 });
                self.streams
                    .tell_all(reader.id, reader.user_id, &reader.outbox, sample::now());
                self.readers.push(reader);
            }
            13 if !self.readers.is_empty() => {
                let turn = self.below(self.readers.len());
                let reader = self.readers.swap_remove(turn);
                self.streams.forget(reader.id);
            }
            14 => {
                if let Some(reader) = self.readers.first_mut() {
                    reader.is_told_something_else();
                }
            }
            15 => self.readers.iter_mut().for_each(|reader| {
                reader.take();
            }),
            _ => self.wait(),
        }
    }

    /// A stream is given up, or its message is in the log; then the store forgets it a moment later.
    fn finish(&mut self) {
        let Some(id) = self.one_of_the_store() else {
            return;
        };
        let is_sent = self.below(2) == 0;
        let stream = self.store.get_mut(&id).unwrap();
        let was_open = std::mem::replace(&mut stream.state, StreamState::Finished);
        if was_open == StreamState::Open {
            self.hints.push(Hint::Ended(id));
        }
        if !is_sent || was_open != StreamState::Open {
            self.store.remove(&id);
        }
    }

    fn write(&mut self) {
        let Some(id) = self.one_of_the_store() else {
            return;
        };
        if self.store[&id].state != StreamState::Open {
            return;
        }
        let letters = ["a", "ë", "👋", "\n"];
        let (letter, replaces) = (letters[self.below(letters.len())], self.below(4) == 0);
        let kept = self.below(4);
        let stream = self.store.get_mut(&id).unwrap();
        let change = if replaces {
            let kept: String = stream.text.as_str().chars().take(kept).collect();
            stream.replace(&(kept + letter))
        } else {
            stream.append(stream.length(), letter)
        };
        if let Some(splice) = change.unwrap() {
            write(stream, &splice);
            self.hints.push(Hint::Written(id, splice));
        }
    }

    /// One of the hints that are on their way comes, is lost, or comes and will come again.
    fn hear(&mut self) {
        if self.hints.is_empty() {
            return;
        }
        let turn = self.below(self.hints.len().min(3));
        match self.below(8) {
            0 => drop(self.hints.remove(turn)),
            1 => {
                let hint = match &self.hints[turn] {
                    Hint::Started(stream) => Hint::Started(stream.clone()),
                    Hint::Written(id, splice) => Hint::Written(*id, splice.clone()),
                    Hint::Ended(id) => Hint::Ended(*id),
                };
                self.heard(hint);
            }
            _ => {
                let hint = self.hints.remove(turn);
                self.heard(hint);
            }
        }
    }

    fn heard(&mut self, hint: Hint) {
        let (id, heard) = match hint {
            Hint::Started(stream) => (stream.id, self.streams.started(stream, self.now)),
            Hint::Written(id, splice) => (id, self.streams.written(id, &splice)),
            Hint::Ended(id) => {
                self.ended.insert(id);
                return self.end(id);
            }
        };
        match heard {
            Heard::Known => {}
            Heard::Due(at) => self.due.push((at, id)),
            Heard::Missed => self.is_asked = true,
        }
    }

    fn end(&mut self, id: StreamId) {
        let told = self.streams.ended(id).map(|(_, told)| told);
        for socket in told.into_iter().flatten() {
            let mut told = self.readers.iter_mut().filter(|it| it.id == socket);
            let reader = told.next().expect("who was told listens");
            reader.take();
            reader.texts.remove(&id.to_string());
        }
    }

    fn ask(&mut self) {
        if std::mem::take(&mut self.is_asked) || self.below(4) == 0 {
            self.answer = Some(self.store.values().cloned().collect());
            self.ended.clear();
        }
    }

    fn listen(&mut self) {
        let Some(list) = self.answer.take() else {
            return;
        };
        let was_over = |id: &StreamId| {
            let sent = |stream: &LiveStream| stream.state != StreamState::Open;
            self.ended.contains(id) || list.iter().any(|it| it.id == *id && sent(it))
        };
        let over: Vec<_> = list.iter().map(|it| it.id).filter(was_over).collect();
        let told = ids(&self.streams);
        let listed = self.streams.listed(list, &self.ended, self.now);
        for id in over {
            let is_begun = !told.contains(&id) && ids(&self.streams).contains(&id);
            self.brought_back.extend(is_begun.then_some(id));
        }
        self.is_asked |= listed.is_unsure;
        self.due
            .extend(listed.due.into_iter().map(|(id, at)| (at, id)));
        for id in listed.gone {
            self.end(id);
        }
    }

    /// Time passes, and what is due is told.
    fn wait(&mut self) {
        self.now += PAUSE / 2;
        let now = self.now;
        for (_, id) in self.due.extract_if(.., |(at, _)| *at <= now) {
            let seats = self.readers.iter().map(Reader::seat);
            self.streams.tell(id, seats, now, PAUSE, sample::now());
        }
    }

    /// Nothing is on its way any more, and everybody reads.
    fn settle(&mut self) {
        self.hints.clear();
        self.answer = None;
        self.ended.clear();
        self.store.retain(|_, it| it.state == StreamState::Open);
        for _ in 0..3 {
            self.answer = Some(self.store.values().cloned().collect());
            self.listen();
            self.wait();
            self.wait();
            self.readers.iter_mut().for_each(|reader| {
                reader.take();
            });
        }
        // Whoever lost a frame is told all with the next change.
        for id in self.store.keys().copied().collect::<Vec<_>>() {
            let stream = self.store.get_mut(&id).unwrap();
            let splice = append(stream, "!");
            self.heard(Hint::Written(id, splice));
            for _ in 0..3 {
                self.wait();
            }
            self.readers.iter_mut().for_each(|reader| {
                reader.take();
            });
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        prop_assert!(
            self.brought_back.is_empty(),
            "an old answer brings back what ended"
        );
        let of_store = self.store.values();
        let texts: BTreeMap<_, _> = of_store
            .map(|stream| (stream.id.to_string(), stream.text.as_str().to_owned()))
            .collect();
        for reader in &self.readers {
            prop_assert_eq!(&reader.texts, &texts);
        }
        Ok(())
    }
}

#[test]
fn whoever_reads_has_the_text_of_the_store_in_the_end() {
    let draws = || vec(any::<u16>(), 40..600);
    hold_for_all("STREAM", SEEDS, draws, |draws| {
        let mut model = Model::new(draws);
        while !model.draws.is_empty() {
            model.step();
        }
        model.settle();
        model.check()
    });
}
