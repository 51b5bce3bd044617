use domain::{BusEvent, Resumption};
use realtime::FollowError;
use testkit::{FixedRandomness, sample};

use crate::rig::{
    Mood, RESUME_MOST, Rig, Told, acknowledged, all_of, in_short, left, note, notes, sent,
    settings, settle, told,
};

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_told_what_it_missed_and_then_goes_live() {
    let rig = Rig::new();
    let room = rig.room();
    rig.commit_notes(room, 5);
    let zoe = rig.come_back(&[(room, 3)]).await;
    assert_eq!(
        zoe.hears().await,
        all_of([told("ready"), notes(4..=7), told("resumed 3-7")])
    );
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(8..=8));
}

/// However many come back into a room, the log is read for all of them together.
#[tokio::test(start_paused = true)]
async fn those_who_come_back_while_the_log_is_read_share_the_next_read() {
    let rig = Rig::new();
    let room = rig.room();
    // So few that one page holds them.
    rig.commit_notes(room, 1);
    let reads = rig.log.reads();
    rig.log.set(Mood::Holds);
    let first = rig.come_back(&[(room, 2)]).await;
    settle().await;
    let mut others = Vec::new();
    for since in [1, 2].repeat(20) {
        others.push((since, rig.come_back(&[(room, since)]).await));
    }
    settle().await;
    rig.log.set(Mood::Answers);
    for (since, zoe) in others.iter().chain([&(2, first)]) {
        let (missed, resumed) = (notes(since + 1..=3), told(&format!("resumed {since}-3")));
        assert_eq!(zoe.hears().await, all_of([told("ready"), missed, resumed]));
    }
    assert_eq!(rig.log.reads(), reads + 2);
}

#[tokio::test(start_paused = true)]
async fn who_missed_nothing_is_told_so() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.come_back(&[(room, 2)]).await;
    assert_eq!(zoe.hears().await, ["ready", "resumed 2-2"]);
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(3..=3));
}

#[tokio::test(start_paused = true)]
async fn who_missed_too_much_or_claims_too_much_is_told_nothing_of_it() {
    let rig = Rig::new();
    for (since, count) in [(1, RESUME_MOST as usize), (9, 0)] {
        let room = rig.room();
        rig.commit_notes(room, count);
        let last = rig.log.last_seq(room).0;
        let zoe = rig.come_back(&[(room, since)]).await;
        rig.publish(room, note());
        assert_eq!(
            zoe.hears().await,
            all_of([
                told("ready"),
                told(&format!("not resumed {since} of {last}")),
                notes(last + 1..=last + 1),
            ])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_happens_while_the_missed_is_told_comes_behind_it_without_a_seam() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    for _ in 3..=6 {
        rig.publish(room, note());
    }
    rig.log.set(Mood::Holds);
    let zoe = rig.come_back(&[(room, 1)]).await;
    settle().await;
    for _ in 7..=10 {
        rig.publish(room, note());
    }
    assert_eq!(ann.hears().await, notes(3..=10));
    assert_eq!(zoe.hears().await, ["ready"]);
    rig.log.set(Mood::Answers);
    assert_eq!(
        zoe.hears().await,
        all_of([notes(2..=10), told("resumed 1-10")])
    );
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(11..=11));
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_named_in_no_resumption_starts_at_its_snapshot() {
    let rig = Rig::new();
    let (one, other) = (rig.room(), rig.room());
    let zoe = rig.register(&sample::user("zoe")).await;
    let rooms = rig.snapshots(&[one, other]);
    zoe.come_back(rooms, rig.back(&[(one, 1)])).await;
    rig.publish(other, note());
    let all = zoe.reads().await;
    let of = |room| -> Vec<_> {
        let of_room = all.iter().filter(|told: &&Told| told.is_of(room));
        of_room.map(in_short).collect()
    };
    assert_eq!(of(one), ["message.deleted 2", "resumed 1-2"]);
    assert_eq!(of(other), notes(3..=3));
}

#[tokio::test(start_paused = true)]
async fn an_open_socket_that_resumes_is_answered_and_starts_again_from_there() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, note());
    rig.publish(room, note());
    settle().await;
    let snapshots = rig.snapshots(&[room]);
    let resumed = zoe.follow(snapshots, rig.back(&[(room, 1)])).await;
    assert_eq!(resumed, Ok(()));
    settle().await;
    rig.publish(room, note());
    assert_eq!(
        zoe.hears().await,
        all_of([
            notes(3..=4),
            told("ack follow"),
            notes(2..=4),
            told("resumed 1-4"),
            notes(5..=5),
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_given_before_the_answer_is_not_moved_behind_it() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    // The user's other socket sends, while this one resumes.
    zoe.connection.outbox().begin_command();
    let seq = rig.log.last_seq(room).next();
    rig.publish(room, sent(room, seq, &zoe.user));
    settle().await;
    let (rooms, resumptions) = (rig.snapshots(&[room]), rig.back(&[(room, 1)]));
    let answer = acknowledged("follow");
    let follow = zoe.connection.follow(rooms, resumptions, answer);
    assert_eq!(follow.await, Ok(()));
    assert_eq!(
        zoe.hears().await,
        [
            "receive_message 3",
            "ack follow",
            "message.deleted 2",
            "receive_message 3",
            "resumed 1-3"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_socket_resumes_into_rooms_that_it_did_not_follow() {
    let rig = Rig::new();
    let (room, ended, gone) = (rig.room(), rig.room(), rig.room());
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[]).await;
    rig.commit(ended, left(zoe.user.id));
    let resumptions = vec![
        Resumption::Stays(rig.missed(room, 1)),
        Resumption::Ended(rig.missed(ended, 2)),
        Resumption::Gone(gone),
    ];
    let resumed = zoe.follow(rig.snapshots(&[room]), resumptions).await;
    assert_eq!(resumed, Ok(()));
    let all = zoe.reads().await;
    assert_eq!(in_short(&all[0]), "ack follow");
    let of = |room| -> Vec<_> {
        let of_room = all.iter().filter(|told: &&Told| told.is_of(room));
        of_room.map(in_short).collect()
    };
    assert_eq!(of(room), ["message.deleted 2", "resumed 1-2"]);
    assert_eq!(
        of(ended),
        ["member.left 3", "resumed 2-3", "room_removed removed"]
    );
    assert_eq!(of(gone), ["room_removed removed"]);
    assert_eq!(ann.hears_all().await, ["presence.changed zoe ONLINE"]);
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(3..=3));
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_small_queue_is_told_all_that_it_missed() {
    let mut small = settings();
    small.queue_bytes = 4_096;
    let rig = Rig::with(small, FixedRandomness::new());
    let rooms: Vec<_> = (0..5).map(|_| rig.room()).collect();
    for room in &rooms {
        rig.commit_notes(*room, 200);
    }
    let since: Vec<_> = rooms.iter().map(|room| (*room, 2)).collect();
    let zoe = rig.come_back(&since).await;
    // While it reads, more happens.
    let mut all = Vec::new();
    for room in &rooms {
        settle().await;
        all.extend(std::iter::from_fn(|| zoe.reads_one()));
        rig.publish(*room, note());
    }
    all.extend(zoe.reads().await);
    for room in &rooms {
        let of_room = all.iter().filter(|told| told.is_of(*room));
        let of_room: Vec<_> = of_room.map(in_short).collect();
        let resumed = of_room.iter().position(|it| it.starts_with("resumed"));
        let (told, mut events) = (of_room[resumed.unwrap()].clone(), of_room);
        events.remove(resumed.unwrap());
        assert_eq!(events, notes(3..=203));
        assert!(["resumed 2-202", "resumed 2-203"].contains(&told.as_str()));
    }
    assert!(!all.iter().any(|told| matches!(told, Told::Close(_))));
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_left_in_its_turn_gives_it_to_the_next() {
    let mut small = settings();
    small.queue_bytes = 2_048;
    let rig = Rig::with(small, FixedRandomness::new());
    let rooms = [rig.room(), rig.room(), rig.room()];
    for room in rooms {
        rig.commit_notes(room, 50);
    }
    for leaves in [true, false] {
        let zoe = rig.come_back(&rooms.map(|room| (room, 2))).await;
        settle().await;
        // The room whose turn it is waits for its log, and is left or started anew meanwhile.
        rig.log.set(Mood::Holds);
        let mut first = std::iter::from_fn(|| zoe.reads_one()).collect::<Vec<_>>();
        settle().await;
        for room in rooms {
            if leaves && room != rooms[2] {
                zoe.unfollow(room).await;
            } else if !leaves && room != rooms[2] {
                let (snapshots, now) = (rig.snapshots(&[room]), rig.log.last_seq(room).0);
                let resumptions = rig.back(&[(room, now)]);
                zoe.follow(snapshots, resumptions).await.unwrap();
            }
        }
        rig.log.set(Mood::Answers);
        first.extend(zoe.reads().await);
        let of_room = first.iter().filter(|told| told.is_of(rooms[2]));
        let of_room: Vec<_> = of_room.map(in_short).collect();
        assert_eq!(of_room, all_of([notes(3..=52), told("resumed 2-52")]));
    }
}

#[tokio::test(start_paused = true)]
async fn more_rooms_than_a_socket_may_name_are_not_followed() {
    let mut small = settings();
    small.rooms_per_socket = 2;
    let rig = Rig::with(small, FixedRandomness::new());
    let rooms = [rig.room(), rig.room(), rig.room()];
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start_named(rig.snapshots(&rooms[..1])).await;
    assert_eq!(zoe.follow(rig.snapshots(&rooms[..2]), vec![]).await, Ok(()));
    let third = zoe.follow(rig.snapshots(&rooms[2..]), vec![]).await;
    assert_eq!(third, Err(FollowError::TooManyRooms));
    // The caller answers it.
    zoe.connection.outbox().answer(None);
    rig.publish(rooms[1], note());
    rig.publish(rooms[2], note());
    assert_eq!(
        zoe.hears().await,
        ["ready", "ack follow", "message.deleted 3"]
    );
    // Who names none has no such limit.
    let ann = rig.open("ann", &rooms).await;
    let more = [rig.room(), rig.room()];
    assert_eq!(ann.follow(rig.snapshots(&more), vec![]).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_goes_on_with_another_log_in_ends_with_that_one() {
    let rig = Rig::new();
    let zoe = rig.open("zoe", &[]).await;
    let (old, new) = (zoe.session, domain::SessionId(sample::id()));
    let revoked = |session_id| BusEvent::SessionRevoked {
        user_id: zoe.user.id,
        session_id,
    };
    zoe.connection.renew(new).await;
    rig.bus.tell(revoked(old));
    assert!(zoe.hears().await.is_empty());
    // A loss asks for the new one too.
    rig.directory.end(old);
    rig.bus.say_lost();
    assert!(zoe.hears().await.is_empty());
    rig.bus.tell(revoked(new));
    assert_eq!(zoe.hears().await, ["close 4401"]);
}
