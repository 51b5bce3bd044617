//! [`LiveStreams`].

use std::sync::Arc;

use domain::{
    Conflict, LiveStream, RoomId, Splice, StoreError, StoreResult, StreamState, UserId,
    ports::LiveStreams,
};

use super::scene::at_once;
use crate::sample::{self, live_stream};

type Subject = Arc<dyn LiveStreams>;

const CHANGED: StoreResult<()> = Err(StoreError::Conflict(Conflict::StreamChanged));

/// A stream that was begun.
pub(super) async fn begun(streams: &Subject) -> LiveStream {
    let stream = live_stream();
    streams.start(&stream, 9).await.unwrap();
    stream
}

async fn append(streams: &Subject, stream: &mut LiveStream, delta: &str) {
    let splice = stream.append(stream.length(), delta).unwrap().unwrap();
    streams.write(stream.id, &splice).await.unwrap();
    stream.text = stream.spliced(&splice).unwrap();
    stream.revision = splice.revision;
}

pub async fn a_stream_is_found_as_it_was_begun(streams: &Subject) {
    let mut stream = live_stream();
    stream.is_hidden = true;
    streams.start(&stream, 1).await.unwrap();
    assert_eq!(streams.by_id(stream.id).await, Ok(Some(stream.clone())));
    assert_eq!(streams.by_id(live_stream().id).await, Ok(None));
}

pub async fn the_streams_of_rooms_and_authors_are_listed_in_order(streams: &Subject) {
    let (ann, bob) = (sample::present("ann"), sample::present("bob"));
    let (room, other) = (RoomId(sample::id()), RoomId(sample::id()));
    let mut all = Vec::new();
    for (author, room) in [(&ann, room), (&bob, room), (&ann, other)] {
        let mut stream = live_stream();
        (stream.room_id, stream.user_id) = (room, author.user_id);
        stream.username = author.username.clone();
        streams.start(&stream, 2).await.unwrap();
        all.push(stream);
    }
    let [first, second, third] = all.try_into().unwrap();
    let in_both = vec![first.clone(), second.clone(), third.clone()];
    assert_eq!(streams.of_rooms(vec![room, other]).await, Ok(in_both));
    assert_eq!(
        streams.of_rooms(vec![RoomId(sample::id())]).await,
        Ok(vec![])
    );
    assert_eq!(streams.of_rooms(vec![]).await, Ok(vec![]));
    let of_ann = vec![first.clone(), third];
    assert_eq!(streams.of_author(ann.user_id).await, Ok(of_ann));
    assert_eq!(streams.of_author(UserId(sample::id())).await, Ok(vec![]));

    streams.remove(first.id).await.unwrap();
    assert_eq!(streams.of_rooms(vec![room]).await, Ok(vec![second]));
}

pub async fn an_author_has_so_many_streams_at_most(streams: &Subject) {
    let author = UserId(sample::id());
    let another = || LiveStream {
        user_id: author,
        ..live_stream()
    };
    let first = another();
    streams.start(&first, 2).await.unwrap();
    streams.start(&another(), 2).await.unwrap();
    let one_more = another();
    let too_many = Err(StoreError::Conflict(Conflict::TooManyStreams));
    assert_eq!(streams.start(&one_more, 2).await, too_many);
    assert_eq!(streams.by_id(one_more.id).await, Ok(None));
    assert_eq!(streams.of_rooms(vec![one_more.room_id]).await, Ok(vec![]));

    streams.remove(first.id).await.unwrap();
    assert_eq!(streams.start(&one_more, 2).await, Ok(()));
}

pub async fn of_sixteen_that_are_begun_at_once_no_more_are_kept_than_may_be(streams: &Subject) {
    let author = UserId(sample::id());
    let begun = at_once(16, |_| {
        let streams = streams.clone();
        async move {
            let stream = LiveStream {
                user_id: author,
                ..live_stream()
            };
            streams.start(&stream, 3).await
        }
    })
    .await;
    assert_eq!(begun.iter().filter(|it| it.is_ok()).count(), 3);
    assert_eq!(streams.of_author(author).await.unwrap().len(), 3);
}

pub async fn a_text_is_written_by_what_follows_its_first_characters(streams: &Subject) {
    let mut stream = begun(streams).await;
    append(streams, &mut stream, "Zoë 👋").await;
    append(streams, &mut stream, "\n, 'hi'").await;
    assert_eq!(stream.text.as_str(), "Zoë 👋\n, 'hi'");
    assert_eq!(streams.by_id(stream.id).await, Ok(Some(stream.clone())));
    for text in ["Zoë 👋🏽", "Zoë!", "", "Żółw"] {
        let splice = stream.replace(text).unwrap().unwrap();
        streams.write(stream.id, &splice).await.unwrap();
        stream = streams.by_id(stream.id).await.unwrap().unwrap();
        assert_eq!(stream.text.as_str(), text);
        assert_eq!(stream.revision, splice.revision);
    }
}

pub async fn what_was_written_to_another_revision_is_refused(streams: &Subject) {
    let mut stream = begun(streams).await;
    append(streams, &mut stream, "a").await;
    for revision in [1, 3] {
        let splice = Splice {
            revision,
            index: 1,
            delta: "b".into(),
        };
        assert_eq!(
            streams.write(stream.id, &splice).await,
            CHANGED,
            "{revision}"
        );
    }
    assert_eq!(streams.by_id(stream.id).await, Ok(Some(stream)));
    let splice = live_stream().append(0, "b").unwrap().unwrap();
    let nowhere = streams.write(live_stream().id, &splice).await;
    assert_eq!(nowhere, Err(StoreError::NotFound));
}

pub async fn of_sixteen_writes_to_one_revision_one_succeeds(streams: &Subject) {
    let stream = begun(streams).await;
    let written = at_once(16, |turn| {
        let (streams, stream) = (streams.clone(), stream.clone());
        async move {
            let splice = stream.append(0, &format!("{turn}")).unwrap().unwrap();
            (turn, streams.write(stream.id, &splice).await)
        }
    })
    .await;
    let mut succeeded = written.iter().filter(|(_, answer)| answer.is_ok());
    let (turn, _) = succeeded.next().expect("one");
    assert_eq!(succeeded.count(), 0);
    let stands = streams.by_id(stream.id).await.unwrap().unwrap();
    assert_eq!(stands.text.as_str(), turn.to_string());
}

pub async fn a_finished_stream_takes_no_more_and_stays_as_it_is(streams: &Subject) {
    let mut stream = begun(streams).await;
    append(streams, &mut stream, "a").await;
    let late = stream.append(1, "b").unwrap().unwrap();
    stream.state = StreamState::Finished;
    for _ in 0..2 {
        assert_eq!(streams.finish(stream.id).await, Ok(Some(stream.clone())));
    }
    assert_eq!(streams.write(stream.id, &late).await, CHANGED);
    assert_eq!(streams.by_id(stream.id).await, Ok(Some(stream)));
    assert_eq!(streams.finish(live_stream().id).await, Ok(None));
}

pub async fn a_hidden_stream_is_written_on(streams: &Subject) {
    let mut stream = begun(streams).await;
    stream.is_hidden = true;
    assert_eq!(streams.hide(stream.id).await, Ok(Some(stream.clone())));
    append(streams, &mut stream, "a").await;
    assert_eq!(streams.by_id(stream.id).await, Ok(Some(stream)));
    assert_eq!(streams.hide(live_stream().id).await, Ok(None));
}

pub async fn a_stream_is_removed_once(streams: &Subject) {
    let stream = begun(streams).await;
    let removed = at_once(16, |_| {
        let streams = streams.clone();
        async move { streams.remove(stream.id).await.unwrap() }
    })
    .await;
    assert_eq!(removed.iter().filter(|it| **it).count(), 1);
    assert_eq!(streams.by_id(stream.id).await, Ok(None));
    assert_eq!(streams.of_author(stream.user_id).await, Ok(vec![]));
}

pub async fn a_stream_is_removed_in_the_state_alone_that_one_knows(streams: &Subject) {
    let stream = begun(streams).await;
    let early = streams.remove_if(stream.id, StreamState::Finished).await;
    assert_eq!(early, Ok(false));
    let finished = streams.finish(stream.id).await.unwrap().unwrap();
    for state in [StreamState::Open, StreamState::Lost] {
        assert_eq!(streams.remove_if(stream.id, state).await, Ok(false));
    }
    let kept = streams.of_author(stream.user_id).await;
    assert_eq!(kept, Ok(vec![finished]));
    for is_there in [true, false] {
        let removed = streams.remove_if(stream.id, StreamState::Finished).await;
        assert_eq!(removed, Ok(is_there));
    }
    assert_eq!(streams.by_id(stream.id).await, Ok(None));
    assert_eq!(streams.of_rooms(vec![stream.room_id]).await, Ok(vec![]));
    assert_eq!(streams.of_author(stream.user_id).await, Ok(vec![]));
}

/// Else an end without a message would be acknowledged while the message is being sent.
pub async fn of_a_removal_of_what_is_open_and_a_finish_at_once_one_succeeds(streams: &Subject) {
    for _ in 0..20 {
        let stream = begun(streams).await;
        let done = at_once(8, |turn| {
            let streams = streams.clone();
            async move {
                if turn % 2 == 0 {
                    let finished = streams.finish(stream.id).await.unwrap();
                    (finished.is_some(), false)
                } else {
                    let removed = streams.remove_if(stream.id, StreamState::Open).await;
                    (false, removed.unwrap())
                }
            }
        })
        .await;
        let finished = done.iter().any(|(finished, _)| *finished);
        let removed = done.iter().filter(|(_, removed)| *removed).count();
        assert_eq!(removed, usize::from(!finished));
        let is_kept = streams.by_id(stream.id).await.unwrap().is_some();
        assert_eq!(is_kept, finished);
    }
}

pub async fn those_that_there_are_are_renewed(streams: &Subject) {
    let (one, other) = (begun(streams).await, begun(streams).await);
    let ids = vec![one.id, live_stream().id, other.id];
    let mut renewed = streams.renew(ids).await.unwrap();
    renewed.sort();
    assert_eq!(renewed, [one.id, other.id]);
    assert_eq!(streams.renew(vec![]).await, Ok(vec![]));
}
