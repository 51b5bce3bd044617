//! [`MessageStore::search`](domain::ports::MessageStore::search).

use domain::{RoomId, ports::NewRoom};

use super::Stores;
use crate::sample::{self, now};

pub async fn every_word_is_found_as_a_part_of_a_word_too(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    stores
        .say(room, &ann, "The Soup is ready at a quarter to eight")
        .await;
    stores.say(room, &ann, "no soup today").await;
    for (term, count) in [
        ("soup", 2),
        ("SOUP", 2),
        ("ou", 2),
        ("o", 2),
        ("quart eigh", 1),
        ("eigh quart", 1),
        ("soup no", 1),
        ("soup xyz", 0),
        ("soup x", 0),
        ("soup  today", 1),
    ] {
        assert_eq!(
            stores.found(ann.id, None, term).await.len(),
            count,
            "{term}"
        );
    }
}

pub async fn of_equally_good_ones_the_newest_come_first_and_no_more_than_asked_for(
    stores: &Stores,
) {
    let ann = stores.user("ann").await;
    let (one, two) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    for n in 0..6 {
        let room = if n % 2 == 0 { one } else { two };
        let mut new = sample::new_message(room, ann.id, &format!("match {n}"));
        new.at = sample::later(n);
        stores.append(new).await;
    }
    // A long term and a short one are looked up in different ways.
    for term in ["match", "ma"] {
        let search = |room, limit| {
            let messages = stores.messages.clone();
            async move {
                let found = messages
                    .search(ann.id, room, &sample::term(term), limit)
                    .await
                    .unwrap();
                super::scene::texts(&found)
            }
        };
        assert_eq!(search(None, 3).await, ["match 5", "match 4", "match 3"]);
        assert_eq!(search(Some(two), 2).await, ["match 5", "match 3"]);
        assert!(search(None, 0).await.is_empty());
    }
}

pub async fn a_page_is_filled_by_parts_of_words_too_and_tells_nothing_twice(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    for text in ["tea", "teapot", "steam", "tea time", "coffee"] {
        stores.say(room, &ann, text).await;
    }
    let mut found = stores.found(ann.id, None, "tea").await;
    found.sort();
    assert_eq!(found, ["steam", "tea", "tea time", "teapot"]);
    for limit in 1..=4 {
        let term = sample::term("tea");
        let found = stores.messages.search(ann.id, None, &term, limit).await;
        let mut ids: Vec<_> = found.unwrap().iter().map(|message| message.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), limit as usize);
    }
}

pub async fn nothing_is_found_in_rooms_that_one_is_not_in(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let shared = stores.room(&ann, &[&bob]).await;
    let foreign = stores.room(&ann, &[]).await;
    let public = stores.public_room(&ann).await;
    let left = stores.room(&ann, &[&bob]).await;
    let deleted = stores.room(&ann, &[&bob]).await;
    for (room, text) in [
        (shared, "needle shared"),
        (foreign, "needle foreign"),
        (public, "needle public"),
        (left, "needle left"),
        (deleted, "needle deleted"),
    ] {
        stores.say(room, &ann, text).await;
    }
    stores
        .members
        .remove(left, bob.id, bob.id, now())
        .await
        .unwrap();
    stores.rooms.delete(deleted, ann.id, now()).await.unwrap();
    for term in ["needle", "ne"] {
        assert_eq!(stores.found(bob.id, None, term).await, ["needle shared"]);
        assert_eq!(
            stores.found(bob.id, Some(shared), term).await,
            ["needle shared"]
        );
        for room in [foreign, public, left, deleted, RoomId(sample::id())] {
            assert!(stores.found(bob.id, Some(room), term).await.is_empty());
        }
    }
}

pub async fn an_old_text_is_not_found_and_the_present_one_is(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "before qq").await;
    stores.say(room, &ann, "bystander").await;
    stores
        .log
        .edit(room, message.id, ann.id, sample::content("after zz"), now())
        .await
        .unwrap();
    for (term, found) in [
        ("before", vec![]),
        ("qq", vec![]),
        ("after", vec!["after zz"]),
        ("zz", vec!["after zz"]),
    ] {
        assert_eq!(stores.found(ann.id, None, term).await, found, "{term}");
    }
    stores
        .log
        .delete(room, message.id, ann.id, now())
        .await
        .unwrap();
    for term in ["before", "after", "zz"] {
        assert!(stores.found(ann.id, None, term).await.is_empty(), "{term}");
    }
    assert_eq!(stores.found(ann.id, None, "bystander").await, ["bystander"]);
}

pub async fn every_character_is_taken_as_it_is(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room_with(&ann, &[], |_: &mut NewRoom| {}).await;
    for text in [
        "100% sure_thing",
        "100 percent surely",
        r#"say "hi" \o/ *now*"#,
        "it's (NOT) NEAR/2 -x:y ^a",
    ] {
        stores.say(room, &ann, text).await;
    }
    for (term, count) in [
        ("%", 1),
        ("_", 1),
        ("0% s", 1),
        ("e_t", 1),
        ("1__", 0),
        ("%%%", 0),
        ("\"", 1),
        ("\"hi\"", 1),
        (r"\o/", 1),
        ("*now*", 1),
        ("*", 1),
        ("***", 0),
        ("'", 1),
        ("it's", 1),
        ("(not)", 1),
        ("NEAR/2", 1),
        ("-x:y", 1),
        ("^a", 1),
        ("OR", 0),
        ("sure AND thing", 0),
        ("content:sure", 0),
    ] {
        assert_eq!(
            stores.found(ann.id, None, term).await.len(),
            count,
            "{term}"
        );
    }
}

pub async fn text_of_any_script_is_found(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    for text in [
        "Straße nach Süden",
        "晩ご飯はカレーです",
        "Привет, мир",
        "party 🎉🎉🎉 tonight",
        "👩‍👩‍👧 family",
    ] {
        stores.say(room, &ann, text).await;
    }
    for term in [
        "Süd",
        "straße",
        "ß",
        "カレー",
        "飯",
        "Привет",
        "ПРИВЕТ",
        "SÜDEN",
        "мир",
        "🎉🎉🎉",
        "🎉",
        "👩‍👩‍👧",
    ] {
        assert_eq!(stores.found(ann.id, None, term).await.len(), 1, "{term}");
    }
}

pub async fn a_long_term_of_many_words_is_answered(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let words = "ab abc ".repeat(28);
    stores.say(room, &ann, &words).await;
    assert_eq!(stores.found(ann.id, None, words.trim()).await.len(), 1);
    assert_eq!(stores.found(ann.id, None, &"\"".repeat(200)).await.len(), 0);
    assert_eq!(stores.found(ann.id, None, &"a ".repeat(100)).await.len(), 1);
}
