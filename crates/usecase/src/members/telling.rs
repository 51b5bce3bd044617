//! What everybody is told of a member who comes or goes, by whichever door: once it is committed, the room first.

use domain::{
    BusEvent, RemovalReason, Room, RoomEvent, UserId,
    ports::{EventBus, LiveStreams},
};

use crate::streams::end_streams_of_member;

/// Tells the room, and the sockets of who has come in, which follow it from there.
pub(crate) async fn tell_joined(bus: &dyn EventBus, event: RoomEvent, room: Room, user_id: UserId) {
    let room = Room {
        last_seq: event.seq,
        ..room
    };
    bus.publish(BusEvent::Room(event)).await;
    bus.publish(BusEvent::RoomAdded { user_id, room }).await;
}

/// Tells the room, and the sockets of who is out, and ends what they were writing there.
pub(crate) async fn tell_left(
    bus: &dyn EventBus,
    streams: &dyn LiveStreams,
    event: RoomEvent,
    user_id: UserId,
    reason: RemovalReason,
) {
    let (room_id, seq) = (event.room_id, event.seq);
    bus.publish(BusEvent::Room(event)).await;
    bus.publish(BusEvent::RoomRemoved {
        user_id,
        room_id,
        seq,
        reason,
    })
    .await;
    end_streams_of_member(streams, bus, room_id, user_id).await;
}
