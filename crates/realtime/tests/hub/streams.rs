use domain::{
    BusEvent, LiveStream, MessageId, Resumption, RoomEventKind, RoomId, StreamEnd, User, UserId,
};
use realtime::HubSettings;
use testkit::{FixedRandomness, sample};
use tokio::time::sleep;

use crate::rig::{Client, Rig, STREAM_LOOK, STREAM_PAUSE, left, settings, settle};

/// A room with two readers who have heard of nothing else, and its author, who has a socket too.
async fn scene(rig: &Rig) -> (RoomId, User, Client, Client) {
    let room = rig.room();
    let author = sample::user("ann");
    let own = rig.open_for(&author, &[room]).await;
    let reader = rig.open("zoe", &[room]).await;
    own.hears().await;
    (room, author, own, reader)
}

/// Begins a stream, as a use case does.
fn begin(rig: &Rig, room: RoomId, author: &User) -> LiveStream {
    let stream = rig.streams.begin(room, author);
    rig.bus.tell(BusEvent::StreamStarted(stream.clone()));
    stream
}

/// Writes to a stream, as a use case does.
fn append(rig: &Rig, stream: &LiveStream, delta: &str) {
    rig.bus.tell(rig.streams.append(stream.id, delta));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_told_to_the_others_until_its_message_comes() {
    let rig = Rig::new();
    let (room, author, own, reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    for delta in ["a", "b", "c"] {
        append(&rig, &stream, delta);
    }
    assert_eq!(reader.hears().await, ["stream.started ", "stream.delta 0a"]);
    sleep(STREAM_PAUSE).await;
    assert_eq!(reader.hears().await, ["stream.delta 1bc"]);
    rig.streams.forget(stream.id);
    let seq = rig.log.last_seq(room).next();
    let message = domain::Message {
        id: MessageId(stream.id.0),
        ..sample::message(room, seq, &author, "abc")
    };
    rig.publish(room, RoomEventKind::MessageSent(message));
    let told = ["stream.finished abc", "receive_message 3"];
    assert_eq!(reader.hears().await, told);
    assert_eq!(own.hears().await, ["receive_message 3"]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_into_a_room_is_told_what_is_being_written() {
    let rig = Rig::new();
    let room = rig.room();
    let author = sample::user("ann");
    // Before anybody at this node followed the room.
    let stream = rig.streams.begin(room, &author);
    rig.streams.append(stream.id, "so far");
    let mut readers = Vec::new();
    for name in ["zoe", "bob"] {
        let reader = rig.register(&sample::user(name)).await;
        reader.start(rig.snapshots(&[room])).await;
        assert_eq!(reader.hears().await, ["ready", "stream.started so far"]);
        readers.push(reader);
    }
    append(&rig, &stream, "!");
    for reader in readers {
        assert_eq!(reader.hears().await, ["stream.delta 6!"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_lost_is_found_in_the_store() {
    let rig = Rig::new();
    let (room, author, _own, reader) = scene(&rig).await;
    let stream = rig.streams.begin(room, &author);
    // That it was begun is lost.
    append(&rig, &stream, "a");
    assert_eq!(reader.hears().await, ["stream.started a"]);
    rig.streams.append(stream.id, "b");
    append(&rig, &stream, "c");
    sleep(STREAM_PAUSE).await;
    assert_eq!(reader.hears().await, ["stream.delta 1bc"]);
    rig.streams.append(stream.id, "d");
    rig.bus.say_lost();
    sleep(STREAM_PAUSE).await;
    assert_eq!(reader.hears().await, ["stream.delta 3d"]);
    rig.streams.append(stream.id, "e");
    rig.bus.say_lost_in(room);
    sleep(STREAM_PAUSE).await;
    assert_eq!(reader.hears().await, ["stream.delta 4e"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_store_holds_no_longer_is_over_at_the_next_look() {
    let rig = Rig::new();
    let (room, author, _own, reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    assert_eq!(reader.hears().await, ["stream.started "]);
    rig.streams.forget(stream.id);
    sleep(STREAM_LOOK).await;
    assert_eq!(reader.hears().await, ["stream.aborted lost"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_store_that_was_under_way_brings_back_no_stream_that_ended() {
    let rig = Rig::new();
    let (room, author, _own, reader) = scene(&rig).await;
    let (sent, given_up) = (begin(&rig, room, &author), begin(&rig, room, &author));
    reader.hears().await;
    rig.streams.set_delay(STREAM_PAUSE);
    rig.bus.say_lost_in(room);
    settle().await;
    let (room_id, id, why) = (room, given_up.id, StreamEnd::Aborted);
    rig.streams.forget(id);
    rig.bus.tell(BusEvent::StreamEnded { room_id, id, why });
    let seq = rig.log.last_seq(room).next();
    let message = domain::Message {
        id: MessageId(sent.id.0),
        ..sample::message(room, seq, &author, "abc")
    };
    rig.streams.forget(sent.id);
    rig.publish(room, RoomEventKind::MessageSent(message));
    let mut told = reader.hears().await;
    told.sort();
    let ends = [
        "receive_message 3",
        "stream.aborted aborted",
        "stream.finished abc",
    ];
    assert_eq!(told, ends);
    sleep(STREAM_PAUSE * 2).await;
    assert!(reader.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_comes_into_a_room_is_not_told_what_is_being_sent() {
    let rig = Rig::new();
    let room = rig.room();
    let stream = rig.streams.begin(room, &sample::user("ann"));
    rig.streams.finish_writing(stream.id);
    let reader = rig.register(&sample::user("zoe")).await;
    reader.start(rig.snapshots(&[room])).await;
    assert_eq!(reader.hears().await, ["ready"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_stream_is_told_with_its_reason() {
    let rig = Rig::new();
    let (room, author, _own, reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    rig.streams.forget(stream.id);
    let (room_id, id, why) = (room, stream.id, StreamEnd::Aborted);
    rig.bus.tell(BusEvent::StreamEnded { room_id, id, why });
    let told = ["stream.started ", "stream.aborted aborted"];
    assert_eq!(reader.hears().await, told);

    begin(&rig, room, &author);
    rig.publish(room, left(author.id));
    let mut told = reader.hears().await;
    told.sort();
    assert_eq!(
        told,
        ["member.left 3", "stream.aborted removed", "stream.started "]
    );
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_room_hears_nothing_more_of_it() {
    let rig = Rig::new();
    let (room, author, _own, reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    assert_eq!(reader.hears().await, ["stream.started "]);
    reader.unfollow(room).await;
    append(&rig, &stream, "a");
    let (room_id, id, why) = (room, stream.id, StreamEnd::Aborted);
    rig.bus.tell(BusEvent::StreamEnded { room_id, id, why });
    assert_eq!(reader.hears().await, ["ack unfollow"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_kept_while_the_socket_that_writes_it_is_open_and_once_more_when_it_goes() {
    let rig = Rig::new();
    let (room, author, own, _reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    own.connection.writes_stream(room, stream.id);
    for _ in 0..3 {
        sleep(STREAM_LOOK).await;
        settle().await;
        assert_eq!(rig.streams.renewed(), [stream.id]);
    }
    drop(own);
    settle().await;
    assert_eq!(rig.streams.renewed(), [stream.id]);
    sleep(STREAM_LOOK * 3).await;
    assert_eq!(rig.streams.renewed(), []);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_is_not_kept() {
    let rig = Rig::new();
    let (room, author, own, _reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    own.connection.writes_stream(room, stream.id);
    settle().await;
    rig.streams.forget(stream.id);
    sleep(STREAM_LOOK * 3).await;
    assert_eq!(rig.streams.renewed(), []);
}

/// The store may have been away when they were to be ended there.
#[tokio::test(start_paused = true)]
async fn what_an_author_may_write_no_more_is_not_kept_whether_their_socket_follows_the_room_or_not()
{
    for (followed, end) in [
        (true, left as fn(UserId) -> RoomEventKind),
        (true, |_| RoomEventKind::RoomDeleted),
        (false, left),
        (false, |_| RoomEventKind::RoomDeleted),
    ] {
        let rig = Rig::new();
        let (room, other) = (rig.room(), rig.room());
        let author = sample::user("ann");
        let own = rig.open_for(&author, &[]).await;
        let _reader = if followed {
            Some(rig.open("zoe", &[room]).await)
        } else {
            None
        };
        let stream = rig.streams.begin(room, &author);
        let elsewhere = rig.streams.begin(other, &author);
        own.connection.writes_stream(room, stream.id);
        own.connection.writes_stream(other, elsewhere.id);
        settle().await;
        rig.publish(room, end(author.id));
        if !followed {
            // Nobody here hears of the room.
            rig.tell_removed(&author, room);
        }
        settle().await;
        sleep(STREAM_LOOK * 2).await;
        settle().await;
        let mut renewed = rig.streams.renewed();
        renewed.dedup();
        assert_eq!(renewed, [elsewhere.id]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_stop_is_told_to_every_socket_of_the_author_alone() {
    let rig = Rig::new();
    let (room, author, own, reader) = scene(&rig).await;
    let other = rig.open_for(&author, &[]).await;
    let stream = begin(&rig, room, &author);
    reader.hears().await;
    rig.bus.tell(BusEvent::StreamStop {
        author_id: author.id,
        room_id: room,
        id: stream.id,
        user_id: reader.user.id,
    });
    for socket in [own, other] {
        assert_eq!(socket.hears().await, ["stream.stop"]);
    }
    assert!(reader.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_stop_waits_until_the_socket_is_ready() {
    let rig = Rig::new();
    let (room, author) = (rig.room(), sample::user("ann"));
    let stream = rig.streams.begin(room, &author);
    let socket = rig.register(&author).await;
    rig.bus.tell(BusEvent::StreamStop {
        author_id: author.id,
        room_id: room,
        id: stream.id,
        user_id: author.id,
    });
    assert!(socket.hears().await.is_empty());
    socket.start(vec![]).await;
    assert_eq!(socket.hears().await, ["ready", "stream.stop"]);
}

/// What is dropped first must not be what nothing else tells of.
#[tokio::test(start_paused = true)]
async fn a_full_queue_does_not_swallow_the_end_of_a_stream() {
    let rig = Rig::with(
        HubSettings {
            queue_bytes: 2_000,
            ..settings()
        },
        FixedRandomness::new(),
    );
    let (room, author, _own, reader) = scene(&rig).await;
    let stream = begin(&rig, room, &author);
    assert_eq!(reader.hears().await, ["stream.started "]);
    // More than fits, of which what is ephemeral goes first.
    for delta in 0..40 {
        append(&rig, &stream, &format!("{delta} and so on, "));
        sleep(STREAM_PAUSE).await;
    }
    let (room_id, id, why) = (room, stream.id, StreamEnd::Aborted);
    rig.bus.tell(BusEvent::StreamEnded { room_id, id, why });
    let heard = reader.hears().await;
    assert!(heard.len() < 40, "some were dropped");
    assert_eq!(heard.last().unwrap(), "stream.aborted aborted");
}

#[tokio::test(start_paused = true)]
async fn who_is_told_how_a_membership_ended_is_told_nothing_that_is_being_written() {
    let rig = Rig::new();
    let (room, author, _own, _reader) = scene(&rig).await;
    let former = rig.register(&sample::user("mia")).await;
    rig.publish(room, left(former.user.id));
    let missed = rig.missed(room, 2);
    let stream = begin(&rig, room, &author);
    append(&rig, &stream, "for members alone");
    settle().await;
    former
        .come_back(vec![], vec![Resumption::Ended(missed)])
        .await;
    let heard = former.hears().await;
    assert!(heard.contains(&"member.left 3".to_owned()), "{heard:?}");
    assert!(
        !heard.iter().any(|it| it.starts_with("stream.")),
        "{heard:?}"
    );
}
