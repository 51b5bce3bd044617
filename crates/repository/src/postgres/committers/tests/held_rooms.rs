//! Rooms that somebody else holds.

use super::*;

#[tokio::test]
async fn a_room_that_somebody_holds_keeps_no_other_waiting() {
    let scene = Scene::set(|options| options.lock_timeout = Duration::from_secs(8)).await;
    let (held, free) = (scene.room().await, scene.room().await);
    scene.hold_room(held).await;
    let waits = scene.append(scene.message(held, "1"));
    scene.somebody_waits().await;
    let behind = scene.queue(scene.message(held, "2")).await;
    let mut last = Seq::START;
    for _ in 0..5 {
        last = new(scene.append(scene.message(free, "x")).await.unwrap()).seq;
    }
    assert_eq!(last, Seq(7));
    assert!(!waits.is_finished() && !behind.is_finished());
    scene.let_go().await;
    assert_eq!(new(waits.await.unwrap()).seq, Seq(3));
    assert_eq!(new(behind.await.unwrap()).seq, Seq(4));
}

#[tokio::test]
async fn a_room_that_is_held_for_too_long_is_unavailable_and_heals() {
    let scene = Scene::set(|options| options.lock_timeout = Duration::from_millis(100)).await;
    let (held, free) = (scene.room().await, scene.room().await);
    scene.hold_room(held).await;
    let (one, other) = (
        scene.append(scene.message(held, "x")),
        scene.append(scene.message(free, "x")),
    );
    assert!(unavailable(&one.await.unwrap()));
    new(other.await.unwrap());
    scene.let_go().await;
    assert_eq!(
        new(scene.append(scene.message(held, "y")).await.unwrap()).seq,
        Seq(3)
    );
}

#[tokio::test]
async fn what_waits_for_a_held_room_is_committed_batch_by_batch_and_in_order() {
    let scene = Scene::set(|options| {
        options.lock_timeout = Duration::from_secs(8);
        options.group_commit = Some(GroupCommit {
            committers: 1,
            batch: 4,
            queue: 64,
        });
    })
    .await;
    let room = scene.room().await;
    scene.hold_room(room).await;
    let mut calls = vec![scene.append(scene.message(room, "0"))];
    scene.somebody_waits().await;
    for n in 1..20 {
        let new = scene.message(room, &n.to_string());
        calls.push(scene.queue(new).await);
    }
    // Four more have come to the one that was set aside.
    let queue = &scene.store.committers.as_ref().unwrap().queues[0];
    let deadline = Instant::now() + Duration::from_secs(20);
    while queue.capacity() == 64 - 19 {
        assert!(Instant::now() < deadline, "it was not set aside");
        sleep(Duration::from_millis(5)).await;
    }
    scene.let_go().await;
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(new(call.await.unwrap()).seq.0, 3 + n as u64);
    }
    let largest = "SELECT max(count) FROM (SELECT count(*) FROM messages GROUP BY xmin::text) t";
    let largest = scene.watcher.query_one(largest, &[]).await.unwrap();
    assert_eq!(largest.get::<_, i64>(0), 4);
}

#[tokio::test]
async fn no_more_than_a_queue_waits_for_a_held_room() {
    let scene = Scene::set(|options| {
        options.lock_timeout = Duration::from_secs(8);
        options.group_commit = Some(GroupCommit {
            committers: 1,
            batch: 4,
            queue: 4,
        });
    })
    .await;
    let room = scene.room().await;
    scene.hold_room(room).await;
    let mut calls = vec![scene.append(scene.message(room, "0"))];
    scene.somebody_waits().await;
    for n in 1..5 {
        let new = scene.message(room, &n.to_string());
        calls.push(scene.queue(new).await);
    }
    let last = calls.pop().unwrap().await.unwrap();
    assert_eq!(last, Err(too_many()));
    scene.let_go().await;
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(new(call.await.unwrap()).seq.0, 3 + n as u64);
    }
}

#[tokio::test]
async fn a_room_that_is_held_while_its_appends_are_tried_one_by_one_is_set_aside() {
    let scene = Scene::set(|options| options.lock_timeout = Duration::from_secs(8)).await;
    let (room, other) = (scene.room().await, scene.room().await);
    let occupant = scene.occupy().await;
    let bad = scene.message(room, "bad");
    let good = scene.queue(bad.clone()).await;
    let bad = scene.queue(bad).await;
    let slow = scene.message(room, "slow");
    let uncommitted = scene.writes_meanwhile(&slow, other).await;
    let slow = scene.queue(slow).await;
    let behind = scene.queue(scene.message(room, "behind")).await;
    scene.let_go().await;
    new(occupant.await.unwrap());
    assert_eq!(new(good.await.unwrap()).seq, Seq(3));
    assert!(bad.await.unwrap().is_err());
    // It is not carried out before the others were tried, and the slow one has waited for a while.
    new(scene.append(scene.message(other, "x")).await.unwrap());
    assert!(!slow.is_finished() && !behind.is_finished());
    uncommitted.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(new(slow.await.unwrap()).seq, Seq(4));
    assert_eq!(new(behind.await.unwrap()).seq, Seq(5));
}

#[tokio::test]
async fn what_was_committed_while_the_room_was_waited_for_is_seen() {
    let scene = Scene::set(|_| {}).await;
    let bob = sample::user("bob");
    let password = domain::PasswordHash("$argon2id$".to_owned());
    UserStore::create(&*scene.store, &bob, &password)
        .await
        .unwrap();
    let mut room = sample::new_room(scene.ann.id);
    room.members = vec![(bob.id, Role::Member)];
    let room = RoomStore::create(&*scene.store, &room)
        .await
        .unwrap()
        .room
        .id;
    let sent = with_reference(sample::new_message(room, bob.id, "x"), "1");

    // Somebody bans bob, and another node appends what ann sends: both hold the room while her message and his arrive.
    scene.hold_room(room).await;
    let hers = with_reference(scene.message(room, "hers"), "1");
    let calls = [scene.append(sent), scene.append(hers.clone())];
    scene.somebody_waits().await;
    let elsewhere = format!(
        "UPDATE room_members SET left_seq = 4 WHERE room_id = '{room}' AND user_id = '{bob}';
         INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
         VALUES ('{room}', 4, 'member_left', '{ann}', '{bob}', now()), ('{room}', 5, 'message_sent', '{ann}', '{id}', now());
         INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, client_msg_id, created_at, updated_at)
         VALUES ('{id}', '{room}', 5, '{ann}', 'first', '[]', '1', now(), now());
         UPDATE rooms SET last_seq = 5 WHERE id = '{room}'",
        bob = bob.id,
        ann = scene.ann.id,
        id = sample::id(),
    );
    scene.outside.batch_execute(&elsewhere).await.unwrap();
    scene.let_go().await;

    let [his, hers] = calls;
    assert_eq!(his.await.unwrap(), Err(StoreError::NotFound));
    assert!(matches!(hers.await.unwrap(), Ok(Appended::Repeat(event)) if event.seq == Seq(5)));
    let member = MemberStore::get(&*scene.store, room, bob.id).await.unwrap();
    assert_eq!(member, None);
    assert_eq!(scene.log(room).await.len(), 5);
}
