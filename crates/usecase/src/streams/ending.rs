//! How a stream ends that becomes no message.

use domain::{
    BusEvent, LiveStream, StoreResult, StreamEnd,
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
