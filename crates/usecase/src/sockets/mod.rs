//! What a socket asks before it is opened, and who holds one.

mod follow_rooms;
mod list_presence;
mod open_socket;
mod standing;

pub(crate) use standing::Standing;

pub use follow_rooms::{FollowRooms, FollowRoomsError, ResumedRooms};
pub use list_presence::{ListPresence, ListPresenceError};
pub use open_socket::{OpenSocket, OpenSocketError, SocketStart};
