mod model;

use bytestring::ByteString;
use domain::values::MessageContent;
use serde_json::Value;
use testkit::sample;

use super::*;
use crate::Outgoing;

const PAUSE: Duration = Duration::from_millis(50);

/// A reader, with what it makes of what it is told.
struct Reader {
    id: ConnectionId,
    user_id: UserId,
    outbox: Outbox,
    texts: BTreeMap<String, String>,
    /// Something durable waits.
    is_busy: bool,
}

impl Reader {
    fn new(limit: usize) -> Self {
        Self {
            id: ConnectionId(sample::id()),
            user_id: UserId(sample::id()),
            outbox: Outbox::new(limit),
            texts: BTreeMap::new(),
            is_busy: false,
        }
    }

    fn seat(&self) -> (ConnectionId, UserId, &Outbox) {
        (self.id, self.user_id, &self.outbox)
    }

    /// Something durable comes, before which what is ephemeral makes room.
    fn is_told_something_else(&mut self) {
        if !std::mem::replace(&mut self.is_busy, true) {
            let frame = format!(
                r#"{{"event":"other","data":{{"id":"{}"}}}}"#,
                "x".repeat(250)
            );
            self.outbox.push(FrameClass::Durable, frame.into());
        }
    }

    /// Takes what waits, as a client does: the first characters stay, and the delta follows them.
    fn take(&mut self) -> Vec<Value> {
        let mut taken = Vec::new();
        while let Some(Outgoing::Frame(frame)) = self.outbox.try_next() {
            let frame: Value = serde_json::from_str(&frame).unwrap();
            let data = &frame["data"];
            let id = data["id"].as_str().unwrap().to_owned();
            match frame["event"].as_str().unwrap() {
                "stream.started" => {
                    let text = data["text"].as_str().unwrap().to_owned();
                    assert_eq!(data["index"], text.chars().count());
                    self.texts.insert(id, text);
                }
                "stream.delta" => {
                    let index = usize::try_from(data["index"].as_u64().unwrap()).unwrap();
                    let text = self.texts.get_mut(&id).expect("it was started");
                    assert!(index <= text.chars().count(), "a gap");
                    let kept: String = text.chars().take(index).collect();
                    *text = kept + data["delta"].as_str().unwrap();
                }
                "other" => self.is_busy = false,
                other => panic!("{other}"),
            }
            taken.push(frame);
        }
        taken
    }
}

/// No stream has ended since the store was asked.
fn none() -> IdSet<StreamId> {
    IdSet::default()
}

fn append(stream: &mut LiveStream, delta: &str) -> Splice {
    let splice = stream.append(stream.length(), delta).unwrap().unwrap();
    write(stream, &splice);
    splice
}

fn write(stream: &mut LiveStream, splice: &Splice) {
    stream.text = stream.spliced(splice).unwrap();
    stream.revision = splice.revision;
}

fn tell(streams: &mut RoomStreams, id: StreamId, reader: &Reader, now: Instant) {
    let seats = [reader.seat()].into_iter();
    streams.tell(id, seats, now, PAUSE, sample::now());
}

#[tokio::test(start_paused = true)]
async fn the_first_change_is_told_at_once_and_the_next_ones_together() {
    let (mut streams, mut reader) = (RoomStreams::default(), Reader::new(9_000));
    let mut stream = sample::live_stream();
    let (id, now) = (stream.id, Instant::now());
    assert_eq!(streams.started(stream.clone(), now), Heard::Due(now));
    tell(&mut streams, id, &reader, now);
    let written = append(&mut stream, "Zoë");
    assert_eq!(streams.written(id, &written), Heard::Due(now));
    tell(&mut streams, id, &reader, now);
    for word in [" says", " hi"] {
        let written = append(&mut stream, word);
        assert_eq!(streams.written(id, &written), Heard::Due(now + PAUSE));
    }
    tell(&mut streams, id, &reader, now + PAUSE);
    let told = reader.take();
    let told: Vec<_> = told
        .iter()
        .map(|frame| (frame["event"].as_str().unwrap(), &frame["data"]["delta"]))
        .collect();
    let delta = |text: &'static str| Value::from(text);
    assert_eq!(
        told,
        [
            ("stream.started", &Value::Null),
            ("stream.delta", &delta("Zoë")),
            ("stream.delta", &delta(" says hi")),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn who_comes_in_the_middle_is_told_the_text_so_far_and_goes_on_from_there() {
    let (mut streams, mut reader) = (RoomStreams::default(), Reader::new(9_000));
    let mut stream = sample::live_stream();
    let (id, now) = (stream.id, Instant::now());
    append(&mut stream, "so far");
    streams.started(stream.clone(), now);
    streams.tell_all(reader.id, reader.user_id, &reader.outbox, sample::now());
    assert_eq!(reader.take()[0]["data"]["index"], 6);
    let written = append(&mut stream, ", and on");
    streams.written(id, &written);
    tell(&mut streams, id, &reader, now);
    assert_eq!(reader.take()[0]["data"]["index"], 6);
    assert_eq!(reader.texts[&id.to_string()], "so far, and on");
}

#[tokio::test(start_paused = true)]
async fn an_author_is_told_nothing_of_their_own() {
    let (mut streams, mut author) = (RoomStreams::default(), Reader::new(9_000));
    let stream = sample::live_stream();
    author.user_id = stream.user_id;
    streams.started(stream.clone(), Instant::now());
    tell(&mut streams, stream.id, &author, Instant::now());
    streams.tell_all(author.id, author.user_id, &author.outbox, sample::now());
    assert!(author.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_lost_a_frame_is_told_the_whole_text_again() {
    let (mut streams, mut reader) = (RoomStreams::default(), Reader::new(700));
    let mut stream = sample::live_stream();
    let (id, now) = (stream.id, Instant::now());
    streams.started(stream.clone(), now);
    tell(&mut streams, id, &reader, now);
    reader.take();
    // Its queue is full when the next one comes.
    let frame = ByteString::from("x".repeat(600));
    reader.outbox.push(FrameClass::Durable, frame);
    let lost = append(&mut stream, "lost");
    streams.written(id, &lost);
    tell(&mut streams, id, &reader, now);
    assert_eq!(reader.outbox.dropped(), 1);
    reader.outbox.try_next();
    let next = append(&mut stream, ", and found");
    streams.written(id, &next);
    tell(&mut streams, id, &reader, now);
    assert_eq!(reader.take()[0]["event"], "stream.started");
    assert_eq!(reader.texts[&id.to_string()], "lost, and found");
}

#[test]
fn what_was_missed_asks_for_the_store() {
    let mut streams = RoomStreams::default();
    let mut stream = sample::live_stream();
    let (id, now) = (stream.id, Instant::now());
    let first = append(&mut stream, "a");
    assert_eq!(streams.written(id, &first), Heard::Missed, "unknown");
    streams.started(sample::live_stream(), now);
    streams.started(stream.clone(), now);
    assert_eq!(streams.written(id, &first), Heard::Known, "older");
    append(&mut stream, "b");
    let third = append(&mut stream, "c");
    assert_eq!(streams.written(id, &third), Heard::Missed, "newer");
}

#[test]
fn what_the_store_does_not_hold_is_gone_at_its_second_answer() {
    let mut streams = RoomStreams::default();
    let (kept, gone) = (sample::live_stream(), sample::live_stream());
    let now = Instant::now();
    streams.started(kept.clone(), now);
    streams.started(gone.clone(), now);
    let list = || vec![kept.clone()];
    let unsure = Listed {
        is_unsure: true,
        ..Listed::default()
    };
    assert_eq!(streams.listed(list(), &none(), now), unsure);
    let listed = streams.listed(list(), &none(), now);
    assert_eq!(listed.gone, [gone.id]);
    assert!(!listed.is_unsure);
    streams.ended(gone.id);
    assert_eq!(streams.listed(list(), &none(), now), Listed::default());
}

#[test]
fn an_answer_that_is_old_brings_back_nothing_that_ended() {
    let mut streams = RoomStreams::default();
    let (stream, now) = (sample::live_stream(), Instant::now());
    let list = || vec![stream.clone()];
    streams.started(stream.clone(), now);
    streams.ended(stream.id);
    let ended = IdSet::from_iter([stream.id]);
    assert_eq!(streams.listed(list(), &ended, now), Listed::default());
    assert!(streams.is_empty());
    // One that is held by an answer to a later question is there.
    assert_eq!(streams.listed(list(), &none(), now).due, [(stream.id, now)]);
}

/// It is told by its message, which may have come already.
#[test]
fn what_is_being_sent_is_not_begun_and_goes_on_where_it_was() {
    for state in [StreamState::Finished, StreamState::Lost] {
        let mut streams = RoomStreams::default();
        let now = Instant::now();
        let mut stream = LiveStream {
            state,
            ..sample::live_stream()
        };
        let list = vec![stream.clone()];
        assert_eq!(streams.listed(list, &none(), now), Listed::default());
        assert!(streams.is_empty());

        let open = LiveStream {
            state: StreamState::Open,
            ..stream.clone()
        };
        streams.started(open, now);
        append(&mut stream, "the rest");
        let listed = streams.listed(vec![stream.clone()], &none(), now);
        assert_eq!(listed.due, [(stream.id, now)]);
    }
}

#[test]
fn what_is_hidden_is_gone_at_once() {
    let mut streams = RoomStreams::default();
    let mut stream = sample::live_stream();
    let now = Instant::now();
    streams.started(stream.clone(), now);
    stream.is_hidden = true;
    assert_eq!(
        streams.listed(vec![stream.clone()], &none(), now).gone,
        [stream.id]
    );
    streams.ended(stream.id);
    assert_eq!(
        streams.listed(vec![stream], &none(), now),
        Listed::default()
    );
    assert!(streams.is_empty());
}

#[test]
fn the_end_is_told_to_those_who_were_told_of_it() {
    let mut streams = RoomStreams::default();
    let (stays, leaves, late) = (Reader::new(999), Reader::new(999), Reader::new(999));
    let stream = LiveStream {
        state: StreamState::Finished,
        text: MessageContent::parse("hi").unwrap(),
        ..sample::live_stream()
    };
    let now = Instant::now();
    streams.started(stream.clone(), now);
    let seats = [stays.seat(), leaves.seat()];
    streams.tell(stream.id, seats.into_iter(), now, PAUSE, sample::now());
    streams.forget(leaves.id);
    assert_eq!(streams.of_author(stream.user_id), [stream.id]);
    assert_eq!(streams.of_author(late.user_id), []);
    let as_it_was = stream.clone();
    assert_eq!(streams.ended(stream.id), Some((as_it_was, vec![stays.id])));
    assert_eq!(streams.ended(stream.id), None);
}
