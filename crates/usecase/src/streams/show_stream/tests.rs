use domain::Role;

use super::*;
use crate::sample::{
    away, caller, room, rooms_of_others, rooms_that_are_away, rooms_where_ann_is, stream,
    stream_of_bob, streams_with,
};

fn show(rooms: Arc<dyn RoomStore>, found: Option<LiveStream>) -> ShowStream {
    ShowStream {
        rooms,
        streams: Arc::new(streams_with(found)),
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
