use super::rig::{ALICE, BOB, FlatGuest, StreamGuest, Who, wait_for_sockets};
use crate::server::Server;

const CAROL: Who = ("carol", "Carol");

#[tokio::test]
async fn who_comes_and_who_goes_is_told_to_the_room() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    let carol = FlatGuest::enter(&server, CAROL).await;
    let elsewhere = FlatGuest::enter_room(&server, CAROL, "elsewhere").await;
    for guest in [&mut alice, &mut bob] {
        guest.joined(CAROL).await;
    }
    carol.close().await;
    for guest in [&mut alice, &mut bob] {
        guest.left(CAROL).await;
    }
    elsewhere.close().await;
    bob.close().await;
    alice.left(BOB).await;
    alice.say("alone").await;
    alice.chat(ALICE, "alone").await;
}

#[tokio::test]
async fn who_goes_without_a_word_has_left_too_and_may_come_back() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    for _ in 0..3 {
        let bob = FlatGuest::enter(&server, BOB).await;
        alice.joined(BOB).await;
        drop(bob);
        alice.left(BOB).await;
    }
}

#[tokio::test]
async fn one_id_with_two_sockets_comes_with_the_first_and_goes_with_the_last() {
    let server = Server::start().await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    let mut first = FlatGuest::enter(&server, ALICE).await;
    bob.joined(ALICE).await;
    let mut second = FlatGuest::come(&server, ALICE, "global").await;
    // Nobody is told of it, and the second socket hears what the first one does.
    first.say("one").await;
    let heard = bob.chat(ALICE, "one").await;
    for guest in [&mut first, &mut second] {
        assert_eq!(guest.chat(ALICE, "one").await, heard);
    }
    first.close().await;
    wait_for_sockets(&server, 2).await;
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
async fn another_name_for_the_same_id_is_a_new_name_and_no_new_guest() {
    let server = Server::start().await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    let mut first = FlatGuest::enter(&server, ALICE).await;
    bob.joined(ALICE).await;
    let renamed = ("alice", "Alicia");
    let mut second = FlatGuest::come(&server, renamed, "global").await;
    first.say("from the first").await;
    for guest in [&mut first, &mut second, &mut bob] {
        guest.chat(renamed, "from the first").await;
    }
    second.say("from the second").await;
    for guest in [&mut first, &mut second, &mut bob] {
        guest.chat(renamed, "from the second").await;
    }
    first.close().await;
    second.close().await;
    bob.left(renamed).await;
}

#[tokio::test]
async fn ids_tell_guests_apart_and_names_do_not() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let other = ("ALICE", "Alice");
    let mut second = FlatGuest::enter(&server, other).await;
    alice.joined(other).await;
    second.say("the other one").await;
    for guest in [&mut alice, &mut second] {
        guest.chat(other, "the other one").await;
    }
    second.close().await;
    alice.left(other).await;
}

#[tokio::test]
async fn in_stream_everybody_is_told_who_left_and_how_many_are_there() {
    let server = Server::start().await;
    let mut ann = StreamGuest::join(&server, "Ann", 1).await;
    let mut bob = StreamGuest::join(&server, "Bob", 2).await;
    ann.participants(2).await;
    ann.chatting("Bob", 2).await;
    let carol = StreamGuest::join(&server, "Carol", 3).await;
    for guest in [&mut ann, &mut bob] {
        guest.participants(3).await;
        guest.chatting("Carol", 3).await;
    }
    carol.close().await;
    for guest in [&mut ann, &mut bob] {
        guest.left("Carol", 2).await;
    }
    drop(bob);
    ann.left("Bob", 1).await;
    ann.commit("alone").await;
    ann.committed("Ann", "alone").await;
}
