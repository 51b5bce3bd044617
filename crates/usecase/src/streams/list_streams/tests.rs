use domain::{Role, ports::MockLiveStreams};
use mockall::predicate::eq;

use super::*;
use crate::sample::{caller, room, rooms_of_others, rooms_where_ann_is, stream, stream_of_bob};

fn list(rooms: Arc<dyn RoomStore>, found: Vec<LiveStream>) -> ListStreams {
    let mut streams = MockLiveStreams::new();
    streams
        .expect_of_rooms()
        .with(eq(vec![room().id]))
        .return_const(Ok(found));
    ListStreams {
        rooms,
        streams: Arc::new(streams),
    }
}

#[tokio::test]
async fn what_is_hidden_is_listed_for_its_author_alone() {
    let hidden = |stream| LiveStream {
        is_hidden: true,
        ..stream
    };
    let found = vec![
        stream_of_bob(),
        hidden(stream_of_bob()),
        hidden(stream("hi")),
    ];
    let list = list(rooms_where_ann_is(Role::Member, room()), found);
    let seen = vec![stream_of_bob(), hidden(stream("hi"))];
    assert_eq!(list.execute(caller(), room().id).await, Ok(seen));
}

#[tokio::test]
async fn of_a_room_that_one_is_not_in_nothing_is_listed() {
    for (rooms, label) in rooms_of_others() {
        let list = list(rooms, vec![stream_of_bob()]);
        let listed = list.execute(caller(), room().id).await;
        assert_eq!(listed, Err(ListStreamsError::RoomNotFound), "{label}");
    }
}
