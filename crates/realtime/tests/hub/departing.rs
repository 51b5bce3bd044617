//! Rooms of which the membership ended while the client was away.

use domain::{
    BusEvent, ReactionCount, Resumption, RoomEventKind, RoomId, Seq, UserId, values::Emoji,
};
use realtime::TypingError;
use testkit::{FixedRandomness, sample};

use crate::rig::{
    Client, Mood, RESUME_MOST, Rig, Told, all_of, joined, left, note, notes, settings, settle, told,
};

#[tokio::test(start_paused = true)]
async fn who_was_taken_out_meanwhile_is_told_up_to_there_and_nothing_after() {
    let rig = Rig::new();
    let user = sample::user("zoe");
    let ends: [(RoomEventKind, &str, &str); 2] = [
        (left(user.id), "member.left 4", "room_removed removed"),
        (
            RoomEventKind::RoomDeleted,
            "room.deleted 4",
            "room_removed room_deleted",
        ),
    ];
    for (end, last, removed) in ends {
        let room = rig.room();
        rig.commit(room, note());
        rig.commit(room, end);
        let missed = rig.missed(room, 1);
        rig.commit(room, note());
        let zoe = rig.register(&user).await;
        let ended = vec![Resumption::Ended(missed)];
        zoe.come_back(vec![], ended).await;
        rig.publish(room, note());
        assert_eq!(
            zoe.hears().await,
            all_of([
                told("ready"),
                notes(2..=3),
                told(last),
                told("resumed 1-4"),
                told(removed),
            ])
        );
        assert_eq!(rig.hub.followed_rooms(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_told_how_a_membership_ended_is_not_there_and_hears_nobody_type() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let user = sample::user("zoe");
    rig.publish(room, left(user.id));
    rig.log.set(Mood::Holds);
    let zoe = rig.register(&user).await;
    let ended = vec![Resumption::Ended(rig.missed(room, 1))];
    zoe.come_back(vec![], ended).await;
    ann.connection.typing(None, true).await.unwrap();
    assert!(zoe.connection.typing(Some(room), true).await.is_err());
    assert_eq!(zoe.hears_all().await, ["ready"]);
    assert_eq!(ann.hears_all().await, ["member.left 3"]);
}

#[tokio::test(start_paused = true)]
async fn who_missed_too_much_of_a_room_that_it_is_out_of_is_told_that_it_is_out() {
    let rig = Rig::new();
    let room = rig.room();
    rig.commit_notes(room, RESUME_MOST as usize);
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.commit(room, left(zoe.user.id));
    let last = rig.log.last_seq(room);
    // The signal waits while the socket starts.
    rig.tell_removed(&zoe.user, room);
    settle().await;
    let ended = vec![Resumption::Ended(rig.missed(room, 1))];
    zoe.come_back(vec![], ended).await;
    let not_resumed = format!("not resumed 1 of {last}");
    assert_eq!(
        zoe.hears().await,
        ["ready", not_resumed.as_str(), "room_removed removed"]
    );
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_too_much_while_it_is_told_the_end_is_told_no_more_of_it() {
    let rig = Rig::new();
    let room = rig.room();
    rig.commit_notes(room, RESUME_MOST as usize - 1);
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.commit(room, left(zoe.user.id));
    let last = rig.log.last_seq(room);
    rig.log.set(Mood::Holds);
    let ended = |since| vec![Resumption::Ended(rig.missed(room, since))];
    zoe.come_back(vec![], ended(2)).await;
    assert_eq!(zoe.hears().await, ["ready"]);
    assert_eq!(zoe.follow(vec![], ended(1)).await, Ok(()));
    rig.log.set(Mood::Answers);
    let not_resumed = format!("not resumed 1 of {last}");
    assert_eq!(
        zoe.hears().await,
        ["ack follow", not_resumed.as_str(), "room_removed removed"]
    );
    assert_eq!(rig.hub.followed_rooms(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_not_the_users_is_told_to_be_gone() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.come_back(vec![], vec![Resumption::Gone(room)]).await;
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["ready", "room_removed removed"]);
    assert_eq!(rig.hub.followed_rooms(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_let_in_again_while_it_is_told_the_end_goes_on() {
    let rig = Rig::new();
    let room = rig.room();
    let user = sample::user("zoe");
    rig.commit(room, left(user.id));
    let ended = vec![Resumption::Ended(rig.missed(room, 1))];
    rig.log.set(Mood::Holds);
    let zoe = rig.register(&user).await;
    zoe.come_back(vec![], ended).await;
    settle().await;
    rig.publish(room, joined(&user));
    rig.tell_added(&user, room);
    rig.publish(room, note());
    settle().await;
    rig.log.set(Mood::Answers);
    assert_eq!(
        zoe.hears().await,
        [
            "ready",
            "room_added 4",
            "message.deleted 2",
            "member.left 3",
            "member.joined 4",
            "message.deleted 5",
            "resumed 1-5"
        ]
    );
    assert!(zoe.connection.typing(Some(room), true).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_removal_while_the_missed_is_told_cuts_nothing_off() {
    let rig = Rig::new();
    let room = rig.room();
    rig.commit_notes(room, 2);
    rig.log.set(Mood::Holds);
    let zoe = rig.come_back(&[(room, 1)]).await;
    settle().await;
    rig.publish(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    rig.publish(room, note());
    settle().await;
    rig.log.set(Mood::Answers);
    assert_eq!(
        zoe.hears().await,
        all_of([
            told("ready"),
            notes(2..=4),
            told("member.left 5"),
            told("resumed 1-5"),
            told("room_removed removed"),
        ])
    );
    assert_eq!(rig.hub.followed_rooms(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_addition_that_is_told_while_the_end_is_and_is_older_adds_nothing() {
    let rig = Rig::new();
    let room = rig.room();
    let user = sample::user("zoe");
    let late = rig.added(&user, room);
    rig.commit(room, left(user.id));
    rig.log.set(Mood::Holds);
    let zoe = rig.register(&user).await;
    let ended = vec![Resumption::Ended(rig.missed(room, 1))];
    zoe.come_back(vec![], ended).await;
    settle().await;
    rig.bus.tell(late);
    settle().await;
    rig.log.set(Mood::Answers);
    assert_eq!(
        zoe.hears().await,
        [
            "ready",
            "message.deleted 2",
            "member.left 3",
            "resumed 1-3",
            "room_removed removed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_older_than_the_membership_takes_nothing_away() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, left(zoe.user.id));
    // Asked for before the user was let in again, and told after.
    let missed = rig.missed(room, 2);
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    zoe.hears().await;
    let ended = vec![Resumption::Ended(missed)];
    assert_eq!(zoe.follow(vec![], ended).await, Ok(()));
    zoe.hears().await;
    let mut message = sample::message(room, Seq(5), &zoe.user, "as it is now");
    message.edited_seq = Some(Seq(missed.to.0 + 1));
    rig.publish(room, RoomEventKind::MessageEdited(message));
    let told = zoe.reads().await;
    assert!(
        matches!(&told[..], [Told::Frame(frame)] if frame["data"]["content"] == "as it is now"),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_learns_late_of_the_end_does_not_see_what_was_written_after_it() {
    let rig = Rig::new();
    let room = rig.room();
    let user = sample::user("zoe");
    let zoe = rig.open_for(&user, &[room]).await;
    // The bus lost it all, and the log shows the message as it is now.
    let mut message = sample::message(room, Seq(3), &sample::user("ann"), "written afterwards");
    message.edited_seq = Some(Seq(5));
    rig.commit(room, RoomEventKind::MessageSent(message));
    rig.commit(room, left(user.id));
    rig.bus.say_lost();
    settle().await;
    let frames: Vec<_> = std::iter::from_fn(|| zoe.connection.outbox().try_next()).collect();
    let shown = format!("{frames:?}");
    assert!(shown.contains("member.left"), "{shown}");
    assert!(shown.contains("receive_message"), "{shown}");
    assert!(!shown.contains("written afterwards"), "{shown}");
}

/// A message with two emojis, of which the other one came by the event `later`.
fn reacted_to(room: RoomId, seq: Seq, later: Seq) -> RoomEventKind {
    let stands = |emoji: &str, last_seq: Seq| ReactionCount {
        emoji: Emoji::parse(emoji).unwrap(),
        count: 1,
        user_ids: vec![UserId(sample::id())],
        last_seq,
    };
    let mut message = sample::message(room, seq, &sample::user("ann"), "hello");
    message.reactions = vec![stands("early", seq), stands("late", later)];
    RoomEventKind::MessageSent(message)
}

#[tokio::test(start_paused = true)]
async fn who_is_told_of_the_end_does_not_see_how_was_reacted_after_it() {
    for is_away in [true, false] {
        let rig = Rig::new();
        let room = rig.room();
        let user = sample::user("zoe");
        let zoe = rig.register(&user).await;
        if !is_away {
            zoe.start(rig.snapshots(&[room])).await;
        }
        rig.commit(room, reacted_to(room, Seq(3), Seq(5)));
        rig.commit(room, left(user.id));
        let ended = Resumption::Ended(rig.missed(room, 2));
        rig.commit(room, note());
        if is_away {
            zoe.come_back(vec![], vec![ended]).await;
        } else {
            rig.bus.say_lost();
        }
        let told = zoe.reads().await;
        let shown = told.iter().find_map(|told| match told {
            Told::Frame(frame) if frame["event"] == "receive_message" => Some(frame),
            _ => None,
        });
        let shown = &shown.expect("the message is told")["data"];
        let emojis: Vec<_> = shown["reactions"].as_array().unwrap().iter().collect();
        assert_eq!(emojis.len(), 1, "{shown}");
        assert_eq!(emojis[0]["emoji"], "early");
        assert_eq!(shown["content"], "hello");
    }
}

/// Somebody with a small queue, who reads nothing for now, is told of twenty messages that they missed; one of them
/// was edited after they were taken out, which they were told of by the signal, or by the log alone.
async fn taken_out_while_held_back(by_signal: bool) -> (Rig, RoomId, Client) {
    let mut small = settings();
    small.queue_bytes = 2_000;
    let rig = Rig::with(small, FixedRandomness::new());
    let room = rig.room();
    let ann = sample::user("ann");
    for seq in 3..=22 {
        let text = if seq == 10 {
            "written afterwards"
        } else {
            "hello"
        };
        let mut message = sample::message(room, Seq(seq), &ann, text);
        message.edited_seq = (seq == 10).then_some(Seq(24));
        rig.commit(room, RoomEventKind::MessageSent(message));
    }
    let zoe = rig.come_back(&[(room, 2)]).await;
    settle().await;
    let end = rig.commit(room, left(zoe.user.id));
    if by_signal {
        rig.tell_removed(&zoe.user, room);
    } else {
        rig.bus.tell(BusEvent::Room(end));
    }
    settle().await;
    (rig, room, zoe)
}

#[tokio::test(start_paused = true)]
async fn who_is_taken_out_while_held_back_does_not_see_what_was_written_afterwards() {
    for by_signal in [true, false] {
        let (_rig, _, zoe) = taken_out_while_held_back(by_signal).await;
        let shown = format!("{:?}", zoe.reads().await);
        assert_eq!(shown.matches("receive_message").count(), 20, "{shown}");
        assert!(shown.contains("room_removed"), "{shown}");
        assert!(!shown.contains("written afterwards"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_taken_out_while_held_back_is_not_there_any_more_and_types_nothing() {
    for by_signal in [true, false] {
        let (rig, room, zoe) = taken_out_while_held_back(by_signal).await;
        let typing = zoe.connection.typing(Some(room), true).await;
        assert_eq!(typing, Err(TypingError::NotFollowing));
        assert!(rig.presence.is_empty(), "by signal: {by_signal}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_back_by_the_time_that_it_is_found_to_be_gone_stays() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[]).await;
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    assert_eq!(zoe.hears().await, ["room_added 3"]);
    let gone = vec![Resumption::Gone(room)];
    zoe.follow(vec![], gone).await.unwrap();
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["ack follow", "message.deleted 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_named_its_rooms_is_closed_once_the_end_of_the_last_is_told() {
    let rig = Rig::new();
    let (room, ended) = (rig.room(), rig.room());
    let user = sample::user("zoe");
    rig.commit(ended, left(user.id));
    rig.log.set(Mood::Holds);
    let zoe = rig.register(&user).await;
    zoe.come_back_named(rig.snapshots(&[room]), vec![]).await;
    let end = vec![Resumption::Ended(rig.missed(ended, 2))];
    zoe.follow(vec![], end).await.unwrap();
    rig.publish(room, left(user.id));
    settle().await;
    rig.log.set(Mood::Answers);
    let told = zoe.hears().await;
    assert_eq!(told.last().unwrap(), "close 4403", "{told:?}");
}

/// The snapshot of a `resume` is older than a removal that was heard while it was taken.
#[tokio::test(start_paused = true)]
async fn who_resumes_while_it_is_taken_out_is_neither_there_nor_types() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let (snapshots, back) = (rig.snapshots(&[room]), rig.back(&[(room, 1)]));
    rig.log.set(Mood::Holds);
    rig.commit(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    settle().await;
    zoe.follow(snapshots, back).await.unwrap();
    let typed = zoe.connection.typing(Some(room), true).await;
    assert_eq!(typed, Err(TypingError::NotFollowing));
    settle().await;
    assert!(rig.presence.is_empty());
    rig.log.set(Mood::Answers);
    let told_all = all_of([
        told("ack follow"),
        notes(2..=2),
        told("member.left 3"),
        told("resumed 1-3"),
        told("room_removed removed"),
    ]);
    assert_eq!(zoe.hears().await, told_all);
}
