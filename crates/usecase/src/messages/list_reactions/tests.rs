use domain::{
    Role, StoreResult,
    ports::{MockMessageStore, MockRoomStore},
    values::Emoji,
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{
    ann, away, caller, message, now, public_room, room, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is,
};

async fn list(
    rooms: Arc<MockRoomStore>,
    messages: MockMessageStore,
    after: u64,
    limit: u32,
) -> Result<ReactionList, ListReactionsError> {
    ListReactions {
        rooms,
        messages: Arc::new(messages),
    }
    .execute(
        caller(),
        room().id,
        message(3).id,
        Seq(after),
        PageSize::parse(limit).unwrap(),
    )
    .await
}

fn rooms() -> Arc<MockRoomStore> {
    rooms_where_ann_is(Role::Member, room())
}

fn numbered(seqs: &[u64]) -> Vec<Reaction> {
    let reaction = |seq: &u64| Reaction {
        emoji: Emoji::parse(&format!("emoji_{seq}")).unwrap(),
        user_id: ann().id,
        username: ann().username,
        seq: Seq(*seq),
        created_at: now(),
    };
    seqs.iter().map(reaction).collect()
}

fn no_reactions_of(found: StoreResult<Option<domain::Message>>) -> MockMessageStore {
    let mut messages = MockMessageStore::new();
    messages
        .expect_by_id()
        .with(eq(room().id), eq(message(3).id))
        .return_const(found);
    messages
}

/// Must be asked once, for what came after this event and for this many rows.
fn reactions_after(after: u64, rows: u32, answer: StoreResult<Vec<Reaction>>) -> MockMessageStore {
    let mut messages = no_reactions_of(Ok(Some(message(3))));
    messages
        .expect_reactions()
        .with(eq(room().id), eq(message(3).id), eq(Seq(after)), eq(rows))
        .times(1)
        .return_const(answer);
    messages
}

#[tokio::test]
async fn more_lie_beyond_exactly_when_the_store_had_one_more_than_a_page() {
    for (stored, shown, has_more) in [
        (numbered(&[]), numbered(&[]), false),
        (numbered(&[5]), numbered(&[5]), false),
        (numbered(&[5, 6]), numbered(&[5, 6]), false),
        (numbered(&[5, 6, 8]), numbered(&[5, 6]), true),
    ] {
        let messages = reactions_after(4, 3, Ok(stored));
        assert_eq!(
            list(rooms(), messages, 4, 2).await,
            Ok(ReactionList {
                reactions: shown,
                has_more
            })
        );
    }
}

#[tokio::test]
async fn the_largest_page_has_a_lookahead_too() {
    let seqs: Vec<u64> = (5..=205).collect();
    let messages = reactions_after(0, 201, Ok(numbered(&seqs)));
    let list = list(rooms(), messages, 0, 200).await.unwrap();
    assert_eq!(list.reactions, numbered(&seqs[..200]));
    assert!(list.has_more);
}

#[tokio::test]
async fn any_member_sees_who_has_reacted() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        for room in [room(), public_room()] {
            let messages = reactions_after(0, 51, Ok(numbered(&[5])));
            let list = list(rooms_where_ann_is(role, room), messages, 0, 50).await;
            assert_eq!(list.unwrap().reactions, numbered(&[5]), "{role:?}");
        }
    }
}

/// The store says the same of a message without reactions and of one that is not there.
#[tokio::test]
async fn a_message_that_is_not_there_is_not_one_without_reactions() {
    let messages = no_reactions_of(Ok(None));
    assert_eq!(
        list(rooms(), messages, 0, 50).await,
        Err(ListReactionsError::MessageNotFound)
    );
}

#[tokio::test]
async fn nobody_else_sees_the_reactions_not_even_in_a_public_room() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            list(rooms, MockMessageStore::new(), 0, 50).await,
            Err(ListReactionsError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_a_message_without_reactions() {
    for (rooms, messages) in [
        (rooms_that_are_away(), MockMessageStore::new()),
        (rooms(), no_reactions_of(Err(away()))),
        (rooms(), reactions_after(0, 51, Err(away()))),
    ] {
        assert_eq!(
            list(rooms, messages, 0, 50).await,
            Err(ListReactionsError::Store(away()))
        );
    }
}
