use futures_util::future::join_all;
use testkit::{
    postgres::Postgres,
    redis::{Redis, fresh_prefix},
};

use super::rig::{ALICE, BOB, FlatGuest, StreamGuest, join_room, told, wait_for_sockets};
use crate::server::{Server, Start, eventually};

/// Two nodes over one database and one Redis, which hear each other.
async fn two_nodes() -> (Server, Server) {
    let (dsn, prefix) = (Postgres::shared().database(), fresh_prefix());
    let node = || {
        Start::default()
            .with("DATABASE_URL", &dsn)
            .with("DB_POOL", "4")
            .with("REDIS_URL", &Redis::shared().url())
            .with("REDIS_PREFIX", &prefix)
            .with("JWT_ACCESS_SECRET", "the same on both nodes of this fleet")
    };
    let (one, two) = (node().spawn(), node().spawn());
    let (one, two) = (one.listening().await, two.listening().await);
    for node in [&one, &two] {
        eventually("the bus is connected", async || {
            let ready = node.client().get("/health/ready").await;
            (ready.status == 200 && ready.body["bus"] == "connected").then_some(())
        })
        .await;
    }
    (one, two)
}

#[tokio::test]
async fn guests_of_both_dialects_on_two_nodes_and_a_native_are_in_one_room() {
    let (one, two) = two_nodes().await;
    let mut alice = FlatGuest::enter(&one, ALICE).await;
    let mut cat = StreamGuest::join(&two, "Cat", 2).await;
    let came = alice.next().await;
    let of_cat = (told(&came).1.0, "Cat");
    let ann = two.user("Ann").await;
    let of_ann = (ann.id(), "Ann");
    let room = join_room(&ann, "global").await;
    alice.joined(of_ann).await;
    cat.chatting("Ann", 3).await;
    alice.say("of flat").await;
    alice.chat(ALICE, "of flat").await;
    cat.committed("Alice", "of flat").await;
    cat.commit("of stream").await;
    cat.committed("Cat", "of stream").await;
    alice.chat(of_cat, "of stream").await;
    ann.say(&room, "native").await;
    cat.committed("Ann", "native").await;
    alice.chat(of_ann, "native").await;
    // Who comes to either node is told the same.
    let mut bob = FlatGuest::come(&two, BOB, "global").await;
    for (who, content) in [
        (ALICE, "of flat"),
        (of_cat, "of stream"),
        (of_ann, "native"),
    ] {
        bob.chat(who, content).await;
    }
    bob.joined(BOB).await;
    alice.joined(BOB).await;
    cat.chatting("Bob", 4).await;
    let mut dan = StreamGuest::enter(&one, 5).await;
    cat.participants(5).await;
    cat.type_out("wait").await;
    for guest in [&mut cat, &mut dan] {
        guest.draft("Cat", &["wait"]).await;
    }
    cat.commit("done").await;
    for guest in [&mut cat, &mut dan] {
        guest.committed_draft("Cat", "done").await;
    }
    cat.close().await;
    dan.left("Cat", 4).await;
    let heard = alice.until("done").await;
    assert_eq!(heard.len(), 2, "{heard:#?}");
    alice.left(of_cat).await;
}

#[tokio::test]
async fn a_guest_on_two_nodes_comes_with_the_first_socket_and_goes_with_the_last() {
    let (one, two) = two_nodes().await;
    let mut bob = FlatGuest::enter(&two, BOB).await;
    let mut first = FlatGuest::enter(&one, ALICE).await;
    bob.joined(ALICE).await;
    let mut second = FlatGuest::come(&two, ALICE, "global").await;
    first.say("on both").await;
    for guest in [&mut first, &mut second, &mut bob] {
        guest.chat(ALICE, "on both").await;
    }
    first.close().await;
    wait_for_sockets(&one, 0).await;
    second.say("still here").await;
    for guest in [&mut second, &mut bob] {
        guest.chat(ALICE, "still here").await;
    }
    second.close().await;
    bob.left(ALICE).await;
    bob.say("alone").await;
    bob.chat(BOB, "alone").await;
}

#[tokio::test]
async fn guests_who_come_to_a_new_room_at_once_on_two_nodes_are_in_one_room() {
    let (one, two) = two_nodes().await;
    let (mut alice, mut bob) = tokio::join!(
        FlatGuest::come(&one, ALICE, "new"),
        FlatGuest::come(&two, BOB, "new")
    );
    alice.until_joined("alice").await;
    bob.until_joined("bob").await;
    alice.say("hi").await;
    for guest in [&mut alice, &mut bob] {
        guest.until("hi").await;
    }
}

/// Far more than are taken out at a time: some wait for their turns when the last socket is gone.
const MANY: usize = 200;

#[tokio::test]
async fn guests_of_a_node_that_goes_in_an_orderly_way_have_left_when_it_is_gone() {
    let (mut one, two) = two_nodes().await;
    let ann = two.user("Ann").await;
    let cat = StreamGuest::join(&two, "Cat", 1).await;
    let mut guests = Vec::new();
    for number in 0..MANY {
        let id = format!("guest-{number}");
        guests.push(FlatGuest::come(&one, (&id, "Guest"), "global").await);
    }
    let room = join_room(&ann, "global").await;
    let count = async || {
        let listed = ann.get(&format!("/v1/rooms/{room}/members")).await;
        listed.body.as_array().unwrap().len()
    };
    assert_eq!(count().await, MANY + 2);
    one.signal("TERM");
    let told = join_all(
        guests
            .into_iter()
            .map(async |mut guest| guest.closed().await),
    );
    let (codes, _) = tokio::join!(told, one.ended());
    assert!(codes.iter().all(|code| *code == 1012), "{codes:?}");
    assert_eq!(count().await, 2);
    cat.close().await;
}
