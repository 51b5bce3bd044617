//! A Redis that is away.

use super::*;

#[tokio::test]
async fn after_redis_was_away_nobody_is_swept_before_all_could_renew() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let dead = node(redis, &prefix, SHORT / 4).await;
    let other = node(redis, &prefix, SHORT).await;
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    dead.enters(&ann, socket(), room).await;
    other.enters(&bob, socket(), room).await;
    other.is_steady_now();
    other.heals(async {}).await;
    until("it knows", async || !other.presence.shared.is_steady()).await;
    let mut told = Vec::new();
    until("ann is told gone", async || {
        let steady = other.presence.shared.is_steady();
        told = other.tends().await;
        assert!(steady || told.is_empty() || other.presence.shared.is_steady());
        !told.is_empty()
    })
    .await;
    assert_eq!(told, [change(room, &ann, false)]);
}

#[tokio::test]
async fn while_redis_is_away_this_node_answers_at_once_and_corrects_it_after() {
    let (redis, prefix) = (Redis::start(), fresh_prefix());
    let one = node(&redis, &prefix, LONG).await;
    let other = node(&redis, &prefix, LONG).await;
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    let (cat, dan) = (present("cat"), present("dan"));
    let [ann1, bob1, cat1] = [socket(), socket(), socket()];
    one.enters(&ann, ann1, room).await;
    one.enters(&bob, bob1, room).await;
    other.enters(&ann, socket(), room).await;
    other.enters(&dan, socket(), room).await;
    one.heals(async {
        redis.freeze();
        // What Redis would have to be asked is answered within the time limit of no command: they are 10 s.
        let begin = Instant::now();
        assert!(one.leaves(&ann, ann1, room).await);
        assert!(one.leaves(&bob, bob1, room).await);
        assert!(one.enters(&cat, cat1, room).await);
        assert!(!one.enters(&cat, socket(), room).await);
        assert_eq!(one.online(room).await, [cat.user_id]);
        assert_eq!(one.tends().await, []);
        assert!(begin.elapsed() < Duration::from_secs(9));
        redis.thaw();
    })
    .await;
    let mut told = Vec::new();
    until("it is corrected", async || {
        told.extend(one.tends().await);
        told.len() >= 3
    })
    .await;
    assert_eq!(told.len(), 3);
    assert!(
        told.contains(&change(room, &ann, true)),
        "on the other node"
    );
    assert!(told.contains(&change(room, &bob, false)));
    assert!(told.contains(&change(room, &cat, true)));
    let there = [ann.user_id, cat.user_id, dan.user_id];
    assert_eq!(other.online(room).await, there);
    assert_eq!(one.online(room).await, there);
    assert_eq!(one.tends().await, []);
    assert_eq!(other.tends().await, []);
}

#[tokio::test]
async fn a_call_that_hangs_is_answered_when_the_link_goes_down() {
    let (redis, prefix) = (Redis::start(), fresh_prefix());
    let node = node(&redis, &prefix, LONG).await;
    let (room, ann) = (room(), present("ann"));
    redis.freeze();
    let begin = Instant::now();
    let calls = async {
        tokio::join!(
            node.enters(&ann, socket(), room),
            node.online(room),
            node.tends()
        )
    };
    let (answers, ()) = tokio::join!(calls, async {
        until("they wait", async || {
            node.presence.shared.seats().holds(room, ann.user_id)
        })
        .await;
        node.link.set_up(false);
    });
    assert!(begin.elapsed() < Duration::from_secs(9));
    assert_eq!(answers, (true, vec![ann.user_id], vec![]));
    redis.thaw();
}

/// Who takes somebody out of a room because they are gone must know it of all nodes.
#[tokio::test]
async fn while_redis_is_away_it_is_not_known_who_is_there_on_all_nodes() {
    let redis = Redis::start();
    let node = node(&redis, &fresh_prefix(), LONG).await;
    let (ann, room) = (present("ann"), room());
    node.enters(&ann, socket(), room).await;
    node.is_steady_now();
    let everywhere = async || node.presence.online_everywhere(room).await;
    assert_eq!(everywhere().await, Ok(vec![ann.user_id]));
    assert!(node.presence.is_settled());
    node.link.set_up(false);
    let unknown = everywhere().await;
    assert!(
        matches!(unknown, Err(StoreError::Unavailable(_))),
        "{unknown:?}"
    );
    assert!(!node.presence.is_settled());
    assert_eq!(
        node.online(room).await,
        [ann.user_id],
        "this node knows its own"
    );
    node.link.set_up(true);
    node.presence.shared.is_unsteady_now();
    assert!(
        !node.presence.is_settled(),
        "others may be missing for a lease"
    );
}
