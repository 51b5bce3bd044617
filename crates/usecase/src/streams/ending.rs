//! How a stream ends that becomes no message.

use domain::{
    BusEvent, LiveStream, RoomId, StoreResult, StreamEnd, StreamState, UserId,
    ports::{EventBus, LiveStreams},
};

/// Forgets a stream that is still in the state in which the caller knows it, and tells the room that it has ended, and why.
/// False when it was not: somebody else ends it, or is sending it.
pub(crate) async fn end_without_message(
    streams: &dyn LiveStreams,
    bus: &dyn EventBus,
    stream: &LiveStream,
    why: StreamEnd,
) -> StoreResult<bool> {
    let is_removed = streams.remove_if(stream.id, stream.state).await?;
    if is_removed && !stream.is_hidden {
        let told = BusEvent::StreamEnded {
            room_id: stream.room_id,
            id: stream.id,
            why,
        };
        bus.publish(told).await;
    }
    Ok(is_removed)
}

/// Ends what is being written in a room that is gone. The room is gone all the same when the store is away: then its streams
/// are dropped when their leases are over, as below.
pub(crate) async fn end_streams_of_room(
    streams: &dyn LiveStreams,
    bus: &dyn EventBus,
    room: RoomId,
) {
    let found = streams.of_rooms(vec![room]).await;
    end_all(streams, bus, found).await;
}

/// Ends what an author was writing in a room that they are no longer in.
pub(crate) async fn end_streams_of_member(
    streams: &dyn LiveStreams,
    bus: &dyn EventBus,
    room: RoomId,
    author: UserId,
) {
    let mut found = streams.of_author(author).await;
    if let Ok(found) = &mut found {
        found.retain(|stream| stream.room_id == room);
    }
    end_all(streams, bus, found).await;
}

async fn end_all(
    streams: &dyn LiveStreams,
    bus: &dyn EventBus,
    found: StoreResult<Vec<LiveStream>>,
) {
    let end = async {
        for stream in found? {
            // What is being sent is settled by the log.
            if stream.state == StreamState::Open {
                end_without_message(streams, bus, &stream, StreamEnd::Removed).await?;
            }
        }
        StoreResult::Ok(())
    };
    if let Err(error) = end.await {
        tracing::warn!(%error, "what is being written where nobody may is left to its leases");
    }
}
