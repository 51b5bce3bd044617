use domain::{
    Role,
    ports::{MockLiveStreams, MockMessageStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{
    ann, away, caller, message, room, rooms_of_others, rooms_that_are_away, rooms_where_ann_is,
    stream, stream_of_bob, streams_with,
};

fn show(rooms: Arc<dyn RoomStore>, found: Option<LiveStream>) -> ShowStream {
    ShowStream {
        rooms,
        streams: Arc::new(streams_with(found)),
        messages: Arc::new(MockMessageStore::new()),
    }
}

#[tokio::test]
async fn members_see_what_is_not_hidden_and_an_author_sees_all_of_their_own() {
    let hidden = |stream| LiveStream {
        is_hidden: true,
        ..stream
    };
    for (found, is_seen) in [
        (Some(stream_of_bob()), true),
        (Some(hidden(stream_of_bob())), false),
        (Some(hidden(stream("hi"))), true),
        (None, false),
    ] {
        let show = show(rooms_where_ann_is(Role::Member, room()), found.clone());
        let seen = show.execute(caller(), stream("").id).await;
        let answer = found.filter(|_| is_seen).ok_or(StreamError::NotFound);
        assert_eq!(seen, answer);
    }
}

#[tokio::test]
async fn others_see_nothing() {
    for (rooms, label) in rooms_of_others() {
        let show = show(rooms, Some(stream_of_bob()));
        let seen = show.execute(caller(), stream("").id).await;
        assert_eq!(seen, Err(StreamError::NotFound), "{label}");
    }
    let show = show(rooms_that_are_away(), Some(stream_of_bob()));
    let seen = show.execute(caller(), stream("").id).await;
    assert_eq!(seen, Err(StreamError::Store(away())));
}

#[tokio::test]
async fn what_is_being_sent_may_be_a_message_already() {
    for state in [StreamState::Finished, StreamState::Lost] {
        for answer in [Ok(Some(message(8))), Ok(None), Err(away())] {
            let mut messages = MockMessageStore::new();
            messages
                .expect_sent_by()
                .with(eq(ann().id), eq(stream("").message_id()))
                .times(1)
                .return_const(answer.clone());
            let show = ShowStream {
                rooms: rooms_that_are_away(),
                streams: Arc::new(MockLiveStreams::new()),
                messages: Arc::new(messages),
            };
            let ending = LiveStream {
                state,
                ..stream("hi")
            };
            assert_eq!(show.sent(&ending).await, answer.map_err(StreamError::Store));
        }
    }
    let show = show(rooms_that_are_away(), None);
    assert_eq!(show.sent(&stream("hi")).await, Ok(None));
}
