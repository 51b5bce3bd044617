//! [`MessageStore`](domain::ports::MessageStore): pages of a room's history.

use domain::{Message, RoomId, Seq, ports::MessagePage};

use super::Stores;
use crate::sample::{self, now};

const BEYOND: Seq = Seq(u64::MAX);

/// A room with the messages "1" to "9", between which "5" was deleted, and events that are no messages.
async fn history(stores: &Stores) -> (RoomId, Vec<Message>) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    stores
        .say(stores.room(&ann, &[]).await, &ann, "elsewhere")
        .await;
    let messages = stores.say_many(room, &ann, 9).await;
    stores
        .log
        .delete(room, messages[4].id, ann.id, now())
        .await
        .unwrap();
    (room, messages)
}

pub async fn the_newest_come_first_and_some_can_be_left_out(stores: &Stores) {
    let (room, _) = history(stores).await;
    for (skip, limit, texts) in [
        (0, 3, vec!["9", "8", "7"]),
        (3, 3, vec!["6", "4", "3"]),
        (6, 3, vec!["2", "1"]),
        (8, 3, vec![]),
        (u64::MAX, 3, vec![]),
        (0, 0, vec![]),
    ] {
        let page = stores
            .texts(room, MessagePage::Newest { skip }, limit)
            .await;
        assert_eq!(page, texts, "{skip}");
    }
}

pub async fn those_before_a_number_come_newest_first(stores: &Stores) {
    let (room, sent) = history(stores).await;
    for (before, texts) in [
        (sent[8].seq, vec!["8", "7", "6"]),
        (sent[5].seq, vec!["4", "3", "2"]),
        (sent[4].seq, vec!["4", "3", "2"]),
        (sent[1].seq, vec!["1"]),
        (sent[0].seq, vec![]),
        (Seq::START, vec![]),
        (BEYOND, vec!["9", "8", "7"]),
    ] {
        let page = stores.texts(room, MessagePage::Before(before), 3).await;
        assert_eq!(page, texts, "{before}");
    }
}

pub async fn those_after_a_number_come_oldest_first(stores: &Stores) {
    let (room, sent) = history(stores).await;
    for (after, texts) in [
        (Seq::START, vec!["1", "2", "3"]),
        (sent[2].seq, vec!["4", "6", "7"]),
        (sent[4].seq, vec!["6", "7", "8"]),
        (sent[7].seq, vec!["9"]),
        (sent[8].seq, vec![]),
        (BEYOND, vec![]),
    ] {
        let page = stores.texts(room, MessagePage::After(after), 3).await;
        assert_eq!(page, texts, "{after}");
    }
}

pub async fn those_around_a_message_come_oldest_first_with_it_in_the_middle(stores: &Stores) {
    let (room, sent) = history(stores).await;
    for (around, limit, texts) in [
        (&sent[6], 4, vec!["4", "6", "7", "8"]),
        (&sent[6], 5, vec!["4", "6", "7", "8", "9"]),
        (&sent[6], 1, vec!["7"]),
    ] {
        let page = stores
            .texts(room, MessagePage::Around(around.seq), limit)
            .await;
        assert_eq!(page, texts);
    }
}

pub async fn at_the_edges_those_around_a_message_are_fewer(stores: &Stores) {
    let (room, sent) = history(stores).await;
    let around = async |seq, limit| stores.texts(room, MessagePage::Around(seq), limit).await;
    // The rest of the page lies after it.
    assert_eq!(around(sent[0].seq, 4).await, ["1", "2", "3", "4"]);
    assert_eq!(around(sent[1].seq, 4).await, ["1", "2", "3", "4"]);
    assert_eq!(around(sent[8].seq, 4).await, ["7", "8", "9"]);
    assert_eq!(around(BEYOND, 4).await, ["8", "9"]);
    assert_eq!(around(Seq::START, 4).await, ["1", "2", "3", "4"]);
}

pub async fn those_around_a_deleted_message_are_its_neighbours(stores: &Stores) {
    let (room, sent) = history(stores).await;
    let page = stores
        .texts(room, MessagePage::Around(sent[4].seq), 4)
        .await;
    assert_eq!(page, ["3", "4", "6", "7"]);
}

pub async fn an_unknown_room_has_no_history(stores: &Stores) {
    history(stores).await;
    let unknown = RoomId(sample::id());
    for page in [
        MessagePage::Newest { skip: 0 },
        MessagePage::Before(BEYOND),
        MessagePage::After(Seq::START),
        MessagePage::Around(Seq(3)),
    ] {
        assert!(stores.texts(unknown, page, 10).await.is_empty());
    }
}

pub async fn pages_show_the_present_text(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soop").await;
    stores
        .log
        .edit(room, message.id, ann.id, sample::content("soup"), now())
        .await
        .unwrap();
    let page = stores
        .texts(room, MessagePage::Newest { skip: 0 }, 10)
        .await;
    assert_eq!(page, ["soup"]);
}
