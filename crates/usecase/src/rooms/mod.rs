//! Rooms.

mod create_room;
mod delete_room;
mod get_room;
mod list_rooms;
mod open_direct_room;
mod read_events;
mod sync_rooms;
mod weight;

pub use create_room::{CreateRoom, CreateRoomError, CreateRoomInput};
pub use delete_room::{DeleteRoom, DeleteRoomError};
pub use get_room::{GetRoom, GetRoomError};
pub use list_rooms::{ListRooms, ListRoomsError, RoomScope};
pub use open_direct_room::{OpenDirectRoom, OpenDirectRoomError};
pub use read_events::{EventList, ReadEvents, ReadEventsError};
pub use sync_rooms::{
    ChangedRoom, Changes, End, Positions, RemovedRoom, SyncRooms, SyncRoomsError,
};

use domain::{
    BusEvent, RoomEventKind,
    ports::{EventBus, OpenedRoom},
};

/// Tells everybody who is in a new room that they are. Its first events themselves need no telling: nobody could
/// follow the room before.
async fn announce(bus: &dyn EventBus, opened: &OpenedRoom) {
    for event in &opened.events {
        if let RoomEventKind::MemberJoined(member) = &event.kind {
            bus.publish(BusEvent::RoomAdded {
                user_id: member.user_id,
                room: opened.room.clone(),
            })
            .await;
        }
    }
}
