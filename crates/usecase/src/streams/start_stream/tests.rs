use domain::{
    Role, User,
    ports::{MockEventBus, MockIdSource, MockLiveStreams, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, clock, room, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is, silent_bus, stream,
};

/// Ann as she is known at first, and whether she shares her drafts when that is asked again.
fn users(user: User, shares: StoreResult<Option<bool>>) -> Arc<MockUserStore> {
    let mut users = MockUserStore::new();
    users
        .expect_by_id()
        .with(eq(ann().id))
        .return_const(Ok(Some(user)));
    users
        .expect_shares_drafts()
        .with(eq(ann().id))
        .return_const(shares);
    Arc::new(users)
}

fn begun(kind: StreamKind, is_hidden: bool) -> LiveStream {
    LiveStream {
        kind,
        is_hidden,
        when_lost: WhenLost::Finish,
        revision: 0,
        ..stream("")
    }
}

/// Keeps exactly this stream, or says why not.
fn keeping(
    order: &mut Sequence,
    stream: &LiveStream,
    answer: Result<(), StoreError>,
) -> MockLiveStreams {
    let mut streams = MockLiveStreams::new();
    streams
        .expect_start()
        .with(eq(stream.clone()), eq(3))
        .times(1)
        .in_sequence(order)
        .return_const(answer);
    streams
}

async fn start(
    rooms: Arc<dyn RoomStore>,
    author: User,
    streams: MockLiveStreams,
    bus: Arc<MockEventBus>,
    kind: StreamKind,
) -> Result<LiveStream, StartStreamError> {
    let shares = Ok(Some(author.shares_drafts));
    start_by(users(author, shares), rooms, streams, bus, kind).await
}

async fn start_by(
    users: Arc<MockUserStore>,
    rooms: Arc<dyn RoomStore>,
    streams: MockLiveStreams,
    bus: Arc<MockEventBus>,
    kind: StreamKind,
) -> Result<LiveStream, StartStreamError> {
    let mut made = MockIdSource::new();
    made.expect_next().return_const(stream("").id.0);
    let start = StartStream {
        rooms,
        users,
        streams: Arc::new(streams),
        bus,
        clock: clock(),
        ids: Arc::new(made),
        most: 3,
    };
    let input = StartStreamInput {
        room_id: room().id,
        kind,
        when_lost: WhenLost::Finish,
    };
    start.execute(caller(), input).await
}

#[tokio::test]
async fn a_member_begins_a_stream_and_the_room_is_told() {
    for kind in [StreamKind::Draft, StreamKind::Message] {
        let stream = begun(kind, false);
        let mut order = Sequence::new();
        let streams = keeping(&mut order, &stream, Ok(()));
        let bus = bus_hearing(&mut order, [BusEvent::StreamStarted(stream.clone())]);
        let rooms = rooms_where_ann_is(Role::Member, room());
        let started = start(rooms, ann(), streams, bus, kind).await;
        assert_eq!(started, Ok(stream));
    }
}

#[tokio::test]
async fn the_drafts_of_who_does_not_share_them_are_told_to_nobody() {
    let author = User {
        shares_drafts: false,
        ..ann()
    };
    let hidden = begun(StreamKind::Draft, true);
    let streams = keeping(&mut Sequence::new(), &hidden, Ok(()));
    let rooms = rooms_where_ann_is(Role::Member, room());
    let started = start(
        rooms,
        author.clone(),
        streams,
        silent_bus(),
        StreamKind::Draft,
    )
    .await;
    assert_eq!(started, Ok(hidden));

    // A message is no draft.
    let shown = begun(StreamKind::Message, false);
    let mut order = Sequence::new();
    let streams = keeping(&mut order, &shown, Ok(()));
    let bus = bus_hearing(&mut order, [BusEvent::StreamStarted(shown.clone())]);
    let rooms = rooms_where_ann_is(Role::Member, room());
    let started = start(rooms, author, streams, bus, StreamKind::Message).await;
    assert_eq!(started, Ok(shown));
}

#[tokio::test]
async fn a_draft_that_is_begun_while_its_author_hides_theirs_is_hidden_too() {
    for shares in [Some(false), None] {
        let mut order = Sequence::new();
        let mut streams = keeping(&mut order, &begun(StreamKind::Draft, false), Ok(()));
        streams
            .expect_hide()
            .with(eq(stream("").id))
            .times(1)
            .in_sequence(&mut order)
            .return_const(Ok(None));
        // Who has found it in the store meanwhile shows it.
        let told = BusEvent::StreamEnded {
            room_id: room().id,
            id: stream("").id,
            why: StreamEnd::Hidden,
        };
        let bus = bus_hearing(&mut order, [told]);
        let rooms = rooms_where_ann_is(Role::Member, room());
        let users = users(ann(), Ok(shares));
        let started = start_by(users, rooms, streams, bus, StreamKind::Draft).await;
        assert_eq!(started, Ok(begun(StreamKind::Draft, true)));
    }
}

#[tokio::test]
async fn a_draft_of_whom_nobody_knows_whether_they_share_it_is_not_begun() {
    let mut order = Sequence::new();
    let mut streams = keeping(&mut order, &begun(StreamKind::Draft, false), Ok(()));
    streams
        .expect_remove()
        .with(eq(stream("").id))
        .times(1)
        .return_const(Ok(true));
    let rooms = rooms_where_ann_is(Role::Member, room());
    let users = users(ann(), Err(away()));
    let started = start_by(users, rooms, streams, silent_bus(), StreamKind::Draft).await;
    assert_eq!(started, Err(StartStreamError::Store(away())));
}

#[tokio::test]
async fn nothing_is_begun_in_a_room_that_one_is_not_in() {
    for (rooms, label) in rooms_of_others() {
        let streams = MockLiveStreams::new();
        let started = start(rooms, ann(), streams, silent_bus(), StreamKind::Draft).await;
        assert_eq!(started, Err(StartStreamError::RoomNotFound), "{label}");
    }
    let streams = MockLiveStreams::new();
    let rooms = rooms_that_are_away();
    let started = start(rooms, ann(), streams, silent_bus(), StreamKind::Draft).await;
    assert_eq!(started, Err(StartStreamError::Store(away())));
}

#[tokio::test]
async fn what_is_not_kept_is_not_told() {
    for (refusal, told) in [
        (
            StoreError::Conflict(Conflict::TooManyStreams),
            StartStreamError::TooManyStreams { most: 3 },
        ),
        (away(), StartStreamError::Store(away())),
    ] {
        let stream = begun(StreamKind::Message, false);
        let streams = keeping(&mut Sequence::new(), &stream, Err(refusal));
        let rooms = rooms_where_ann_is(Role::Member, room());
        let started = start(rooms, ann(), streams, silent_bus(), StreamKind::Message).await;
        assert_eq!(started, Err(told));
    }
}
