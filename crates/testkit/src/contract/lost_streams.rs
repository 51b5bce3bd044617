//! [`LiveStreams`], with leases so short that a test waits for their end.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Conflict, LiveStream, StoreError, StreamState, ports::LiveStreams};

use super::{live_streams::begun, scene::at_once};

type Subject = Arc<dyn LiveStreams>;

/// How long a test waits at the most for the end of a lease.
const PATIENCE: Duration = Duration::from_secs(30);

/// The next that is lost, while `meanwhile` is done again and again.
async fn next_lost(streams: &Subject, meanwhile: impl AsyncFn()) -> Vec<LiveStream> {
    let started = Instant::now();
    loop {
        meanwhile().await;
        let lost = streams.take_lost(9).await.unwrap();
        if !lost.is_empty() {
            return lost;
        }
        assert!(started.elapsed() < PATIENCE, "no lease is over");
        tokio::task::yield_now().await;
    }
}

/// The stream, as it is taken.
fn lost(stream: LiveStream) -> Vec<LiveStream> {
    vec![LiveStream {
        state: StreamState::Lost,
        ..stream
    }]
}

pub async fn a_stream_that_nobody_writes_to_is_lost(streams: &Subject) {
    let stream = begun(streams).await;
    let late = stream.append(0, "a").unwrap().unwrap();
    assert_eq!(next_lost(streams, async || ()).await, lost(stream.clone()));
    let written = streams.write(stream.id, &late).await;
    assert_eq!(written, Err(StoreError::Conflict(Conflict::StreamChanged)));
}

pub async fn a_stream_that_is_renewed_is_not_lost(streams: &Subject) {
    let (other, kept) = (begun(streams).await, begun(streams).await);
    let renew = async || {
        assert_eq!(streams.renew(vec![kept.id]).await, Ok(vec![kept.id]));
    };
    assert_eq!(next_lost(streams, renew).await, lost(other));
}

pub async fn a_stream_that_is_written_to_is_not_lost(streams: &Subject) {
    let (other, kept) = (begun(streams).await, begun(streams).await);
    let write = async || {
        let stream = streams.by_id(kept.id).await.unwrap().unwrap();
        let other = if stream.is_blank() { "a" } else { "" };
        let splice = stream.replace(other).unwrap().unwrap();
        streams.write(kept.id, &splice).await.unwrap();
    };
    assert_eq!(next_lost(streams, write).await, lost(other));
}

pub async fn a_lost_stream_is_given_to_one_at_a_time(streams: &Subject) {
    let stream = begun(streams).await;
    let started = Instant::now();
    let mut taken = Vec::new();
    while taken.is_empty() {
        assert!(started.elapsed() < PATIENCE, "the lease is not over");
        let answers = at_once(8, |_| {
            let streams = streams.clone();
            async move { streams.take_lost(9).await.unwrap() }
        });
        taken = answers.await.concat();
    }
    assert_eq!(taken, lost(stream));
}

/// Who took it may have died before it was sent.
pub async fn a_lost_stream_that_nobody_removes_is_given_again(streams: &Subject) {
    let stream = begun(streams).await;
    next_lost(streams, async || ()).await;
    let again = next_lost(streams, async || {
        // Who ends a stream must come to an end.
        streams.renew(vec![stream.id]).await.unwrap();
    });
    assert_eq!(again.await, lost(stream.clone()));
    assert!(streams.remove(stream.id).await.unwrap());
    assert_eq!(streams.by_id(stream.id).await, Ok(None));
}

/// Who took it as lost knows an old state of it, and drops nothing that is being sent.
pub async fn a_lost_stream_that_its_author_finishes_is_no_longer_removed_as_lost(
    streams: &Subject,
) {
    let (stream, other) = (begun(streams).await, begun(streams).await);
    let mut taken = BTreeSet::new();
    while taken.len() < 2 {
        let lost = next_lost(streams, async || ()).await;
        taken.extend(lost.into_iter().map(|stream| stream.id));
    }
    let finished = streams.finish(stream.id).await.unwrap();
    assert!(finished.is_some());
    let removed = streams.remove_if(stream.id, StreamState::Lost).await;
    assert_eq!(removed, Ok(false));
    assert_eq!(streams.by_id(stream.id).await, Ok(finished));
    let removed = streams.remove_if(other.id, StreamState::Lost).await;
    assert_eq!(removed, Ok(true));
    assert_eq!(streams.by_id(other.id).await, Ok(None));
}

/// So that it is not taken for one that was interrupted.
pub async fn a_finished_stream_that_nobody_sent_is_given_as_finished(streams: &Subject) {
    let stream = begun(streams).await;
    let finished = streams.finish(stream.id).await.unwrap().unwrap();
    for _ in 0..2 {
        let taken = next_lost(streams, async || ()).await;
        assert_eq!(taken, std::slice::from_ref(&finished));
    }
}
