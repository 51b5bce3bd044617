//! Guests: people without an account, who come into a public room that allows them, and are gone when their last socket is.

mod enter_room;
mod leave_room;
mod read_messages;
mod rename_guest;
mod sweep_rooms;

pub use enter_room::{EnterRoom, EnterRoomError, EnterRoomInput, Entered, GuestRoom};
pub use leave_room::LeaveRoom;
pub use read_messages::{ReadMessages, ReadMessagesError};
pub use rename_guest::{RenameGuest, RenameGuestError};
pub use sweep_rooms::SweepRooms;

use domain::{
    BusEvent, Room, RoomEvent, RoomId, StoreResult, UserId, Visibility,
    ports::{EventBus, RoomStore},
};

use crate::Ports;

/// What guests can do that nobody else does.
#[expect(
    missing_docs,
    reason = "each field is the use case that its type names"
)]
pub struct GuestUseCases {
    pub enter: EnterRoom,
    pub rename: RenameGuest,
    pub leave: LeaveRoom,
    pub sweep: SweepRooms,
    pub read: ReadMessages,
}

impl GuestUseCases {
    /// Wires each to its ports.
    pub(crate) fn new(ports: &Ports) -> Self {
        let p = ports.clone();
        let leave = LeaveRoom {
            members: p.members.clone(),
            presence: p.presence.clone(),
            streams: p.streams,
            bus: p.bus.clone(),
            clock: p.clock.clone(),
        };
        Self {
            enter: EnterRoom {
                users: p.users.clone(),
                rooms: p.rooms.clone(),
                members: p.members.clone(),
                bus: p.bus.clone(),
                clock: p.clock.clone(),
                ids: p.ids,
            },
            rename: RenameGuest {
                members: p.members.clone(),
                bus: p.bus,
                clock: p.clock,
            },
            sweep: SweepRooms {
                members: p.members,
                presence: p.presence,
                leave: leave.clone(),
                absent: Default::default(),
            },
            leave,
            read: ReadMessages {
                rooms: p.rooms,
                users: p.users,
                messages: p.messages,
            },
        }
    }
}

/// The room, if guests may come into it.
pub(crate) async fn open_room(rooms: &dyn RoomStore, id: RoomId) -> StoreResult<Option<Room>> {
    let room = rooms.by_id(id).await?;
    Ok(room.filter(|it| it.guests && it.visibility == Visibility::Public))
}

/// Tells that a guest goes by another name.
async fn tell_renamed(bus: &dyn EventBus, event: RoomEvent, user_id: UserId) {
    bus.publish(BusEvent::Room(event)).await;
    bus.publish(BusEvent::UserChanged { user_id }).await;
}
