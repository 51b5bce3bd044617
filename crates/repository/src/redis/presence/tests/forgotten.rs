//! A Redis that has forgotten some of what it was told, or all.

use super::*;

#[tokio::test]
async fn a_redis_that_forgot_everything_is_told_again_and_nobody_else_is() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let nodes = [
        node(redis, &prefix, LONG).await,
        node(redis, &prefix, LONG).await,
    ];
    let rooms: Vec<RoomId> = (0..70).map(|_| room()).collect();
    let (ann, bob) = (present("ann"), present("bob"));
    let (phone, laptop) = (socket(), socket());
    nodes[0]
        .presence
        .enter(&ann, phone, rooms.clone())
        .await
        .unwrap();
    nodes[1]
        .presence
        .enter(&ann, laptop, rooms.clone())
        .await
        .unwrap();
    nodes[1]
        .presence
        .enter(&bob, socket(), rooms.clone())
        .await
        .unwrap();
    for room in &rooms {
        let keys = ["leases", "counts"].map(|name| nodes[0].link.room_key(*room, name));
        redis.cli(&["DEL", &keys[0], &keys[1]]);
    }
    for node in &nodes {
        assert_eq!(node.tends().await, []);
    }
    for room in &rooms {
        let both = [ann.user_id, bob.user_id];
        assert_eq!(nodes[0].online(*room).await, both);
    }
    assert!(!nodes[1].leaves(&ann, laptop, rooms[0]).await);
    assert!(nodes[0].leaves(&ann, phone, rooms[0]).await);
}

#[tokio::test]
async fn who_seemed_to_leave_last_while_redis_had_forgotten_is_told_back() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    for renewed_first in [false, true] {
        let nodes = [
            node(redis, &prefix, LONG).await,
            node(redis, &prefix, LONG).await,
        ];
        let (room, ann) = (room(), present("ann"));
        let (phone, laptop) = (socket(), socket());
        nodes[0].enters(&ann, phone, room).await;
        nodes[1].enters(&ann, laptop, room).await;
        let keys = ["leases", "counts"].map(|name| nodes[0].link.room_key(room, name));
        redis.cli(&["DEL", &keys[0], &keys[1]]);
        if renewed_first {
            assert_eq!(nodes[0].tends().await, []);
        }
        assert!(nodes[0].leaves(&ann, phone, room).await);
        assert_eq!(nodes[1].tends().await, [change(room, &ann, true)]);
        assert_eq!(nodes[1].tends().await, []);
        assert!(nodes[1].leaves(&ann, laptop, room).await);
    }
}

#[tokio::test]
async fn who_comes_after_the_leases_alone_were_evicted_makes_nobody_count_twice() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let nodes = [
        node(redis, &prefix, LONG).await,
        node(redis, &prefix, LONG).await,
    ];
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    let phone = socket();
    nodes[0].enters(&ann, phone, room).await;
    redis.cli(&["DEL", &nodes[0].link.room_key(room, "leases")]);
    assert!(nodes[1].enters(&bob, socket(), room).await);
    assert_eq!(nodes[0].tends().await, []);
    assert_eq!(nodes[1].online(room).await, [ann.user_id, bob.user_id]);
    assert!(nodes[0].leaves(&ann, phone, room).await);
}

#[tokio::test]
async fn who_seemed_to_leave_last_after_the_counts_alone_were_evicted_is_told_back() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let nodes = [
        node(redis, &prefix, LONG).await,
        node(redis, &prefix, LONG).await,
    ];
    let (room, ann) = (room(), present("ann"));
    let (phone, laptop) = (socket(), socket());
    nodes[0].enters(&ann, phone, room).await;
    nodes[1].enters(&ann, laptop, room).await;
    redis.cli(&["DEL", &nodes[0].link.room_key(room, "counts")]);
    // It has no other reason to doubt what Redis knows.
    nodes[0].is_steady_now();
    assert!(nodes[0].leaves(&ann, phone, room).await);
    assert_eq!(nodes[1].tends().await, [change(room, &ann, true)]);
    assert!(nodes[1].leaves(&ann, laptop, room).await);
}

#[tokio::test]
async fn a_killed_redis_that_comes_back_empty_is_filled_at_once_without_being_asked() {
    let (redis, prefix) = (Redis::start(), fresh_prefix());
    let nodes = [
        node(&redis, &prefix, LONG).await,
        node(&redis, &prefix, LONG).await,
    ];
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    nodes[0].enters(&ann, socket(), room).await;
    nodes[1].enters(&bob, socket(), room).await;
    redis.kill();
    for node in &nodes {
        node.link.set_up(false);
    }
    redis.restart();
    for node in &nodes {
        node.link.set_up(true);
    }
    for node in &nodes {
        until("both are there", async || {
            node.online(room).await == [ann.user_id, bob.user_id]
        })
        .await;
        assert_eq!(node.tends().await, []);
    }
}
