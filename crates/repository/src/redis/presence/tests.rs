mod forgotten;
mod model;
mod redis_away;

use std::future::Future;

use domain::ports::PresenceChange;
use fred::interfaces::ClientLike;
use testkit::{
    redis::{Redis, fresh_prefix},
    sample::{self, present},
};

use super::*;
use crate::redis::RedisOptions;

/// So long that it is not over before the test is.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_secs(1);

struct Node {
    link: Arc<RedisLink>,
    presence: RedisPresence,
}

/// A node that takes Redis for reachable until the test says otherwise.
async fn node_with(redis: &Redis, prefix: &str, options: PresenceOptions) -> Node {
    let mut link_options = RedisOptions::new(redis.url());
    link_options.prefix = prefix.to_owned();
    link_options.command_timeout = Duration::from_secs(10);
    link_options.reconnect_pause = Duration::from_millis(50);
    let link = RedisLink::open(&link_options).unwrap();
    link.client().wait_for_connect().await.unwrap();
    link.set_up(true);
    let presence = RedisPresence::new(link.clone(), options);
    Node { link, presence }
}

async fn node(redis: &Redis, prefix: &str, lease: Duration) -> Node {
    let options = PresenceOptions {
        lease,
        ..PresenceOptions::default()
    };
    node_with(redis, prefix, options).await
}

fn room() -> RoomId {
    RoomId(sample::id())
}

fn socket() -> ConnectionId {
    ConnectionId(sample::id())
}

fn change(room_id: RoomId, user: &Present, online: bool) -> PresenceChange {
    PresenceChange {
        room_id,
        user: user.clone(),
        online,
    }
}

impl Node {
    async fn enters(&self, user: &Present, socket: ConnectionId, room: RoomId) -> bool {
        let first_in = self.presence.enter(user, socket, vec![room]).await;
        !first_in.unwrap().is_empty()
    }

    async fn leaves(&self, user: &Present, socket: ConnectionId, room: RoomId) -> bool {
        let last_in = self.presence.leave(user, socket, vec![room]).await;
        !last_in.unwrap().is_empty()
    }

    async fn online(&self, room: RoomId) -> Vec<UserId> {
        self.presence.online(room).await.unwrap()
    }

    async fn tends(&self) -> Vec<PresenceChange> {
        self.presence.tend().await.unwrap()
    }

    /// As if nothing had gone wrong for a lease.
    fn is_steady_now(&self) {
        let now = Instant::now();
        *self.presence.shared.steadiness() = Steadiness {
            from: now,
            tended: now,
        };
    }

    /// The link is down, then up, as after Redis was away.
    async fn heals(&self, while_down: impl Future<Output = ()>) {
        self.link.set_up(false);
        while_down.await;
        self.link.set_up(true);
    }
}

/// Asks again until it is true.
async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_users_of_a_dead_node_are_gone_and_one_other_node_learns_it() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let dead = node(redis, &prefix, SHORT).await;
    let others = [
        node(redis, &prefix, SHORT).await,
        node(redis, &prefix, SHORT).await,
    ];
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    let cat = present("cat");
    assert!(dead.enters(&ann, socket(), room).await);
    assert!(dead.enters(&bob, socket(), room).await);
    assert!(!others[0].enters(&bob, socket(), room).await);
    assert!(others[1].enters(&cat, socket(), room).await);
    let mut told = Vec::new();
    until("ann is gone", async || {
        for other in &others {
            told.extend(other.tends().await);
        }
        others[0].online(room).await == [bob.user_id, cat.user_id] && !told.is_empty()
    })
    .await;
    for other in others.iter().chain(&others) {
        told.extend(other.tends().await);
    }
    assert_eq!(told, [change(room, &ann, false)]);
}

#[tokio::test]
async fn more_leases_than_one_call_takes_are_renewed_and_swept() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let options = PresenceOptions {
        lease: SHORT,
        sockets_per_call: 3,
        ..PresenceOptions::default()
    };
    let dead = node_with(redis, &prefix, options.clone()).await;
    let other = node_with(redis, &prefix, options).await;
    let (room, cat) = (room(), present("cat"));
    let mut users = Vec::new();
    for number in 0..10 {
        let user = present(&format!("user{number}"));
        dead.enters(&user, socket(), room).await;
        users.push(user);
        other.enters(&cat, socket(), room).await;
    }
    until("their leases are over", async || {
        other.online(room).await == [cat.user_id]
    })
    .await;
    other.is_steady_now();
    let told = other.tends().await;
    assert_eq!(told.len(), users.len());
    for user in &users {
        assert!(told.contains(&change(room, user, false)));
    }
    assert_eq!(other.online(room).await, [cat.user_id]);
}

#[tokio::test]
async fn a_node_that_was_held_up_tells_its_users_back() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let late = node(redis, &prefix, SHORT).await;
    let other = node(redis, &prefix, SHORT).await;
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    let phone = socket();
    late.enters(&ann, phone, room).await;
    other.enters(&bob, socket(), room).await;
    let mut told = Vec::new();
    until("ann is told gone", async || {
        told.extend(other.tends().await);
        !told.is_empty()
    })
    .await;
    assert_eq!(told, [change(room, &ann, false)]);
    assert_eq!(late.tends().await, [change(room, &ann, true)]);
    assert_eq!(other.online(room).await, [ann.user_id, bob.user_id]);
    assert!(late.leaves(&ann, phone, room).await);
}

#[tokio::test]
async fn whose_other_leases_are_over_comes_first_again() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let dead = node(redis, &prefix, Duration::from_millis(100)).await;
    let other = node(redis, &prefix, LONG).await;
    let (room, ann) = (room(), present("ann"));
    let (phone, bob) = (socket(), present("bob"));
    dead.enters(&ann, socket(), room).await;
    other.enters(&bob, socket(), room).await;
    until("the lease is over", async || {
        other.online(room).await == [bob.user_id]
    })
    .await;
    assert!(other.enters(&ann, phone, room).await);
    assert_eq!(other.online(room).await, [ann.user_id, bob.user_id]);
    assert!(other.leaves(&ann, phone, room).await);
}

#[tokio::test]
async fn a_room_that_no_node_follows_costs_nothing_in_the_end() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let node = node(redis, &prefix, LONG).await;
    let (room, ann, phone) = (room(), present("ann"), socket());
    node.enters(&ann, phone, room).await;
    let keys = ["leases", "counts"].map(|name| node.link.room_key(room, name));
    for key in &keys {
        let left: i64 = redis.cli(&["PTTL", key]).trim().parse().unwrap();
        let limit = i64::try_from(LONG.as_millis() * 2).unwrap();
        assert!((1..=limit).contains(&left), "{key}: {left}");
    }
    node.is_steady_now();
    assert!(node.leaves(&ann, phone, room).await);
    assert_eq!(redis.cli(&["KEYS", &format!("{prefix}:*")]).trim(), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_comings_and_goings_at_once_while_leases_are_renewed_none_is_told_wrongly() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let mut nodes = Vec::new();
    for _ in 0..3 {
        let node = node(redis, &prefix, LONG).await;
        node.is_steady_now();
        nodes.push(Arc::new(node));
    }
    let (room, users) = (room(), ["ann", "bob"].map(present));
    let done = tokio_util::sync::CancellationToken::new();
    let mut tending = tokio::task::JoinSet::new();
    for node in &nodes {
        let (node, done) = (node.clone(), done.clone());
        tending.spawn(async move {
            while !done.is_cancelled() {
                assert_eq!(node.tends().await, []);
            }
        });
    }
    let mut toggling = tokio::task::JoinSet::new();
    for number in 0..24 {
        let (node, user) = (nodes[number % 3].clone(), users[number % 2].clone());
        // An odd number of turns: the socket is there in the end. Those of ann all leave.
        let turns = 40 + number % 2;
        toggling.spawn(async move {
            let (socket, mut told) = (socket(), 0);
            for turn in 0..turns {
                if turn % 2 == 0 {
                    told += i32::from(node.enters(&user, socket, room).await);
                } else {
                    told -= i32::from(node.leaves(&user, socket, room).await);
                }
            }
            (number % 2, told)
        });
    }
    let mut balance = [0, 0];
    while let Some(told) = toggling.join_next().await {
        let (user, told) = told.unwrap();
        balance[user] += told;
    }
    done.cancel();
    while let Some(ended) = tending.join_next().await {
        ended.unwrap();
    }
    assert_eq!(balance, [0, 1], "each first but the last has its last");
    for node in &nodes {
        assert_eq!(node.online(room).await, [users[1].user_id]);
    }
}
