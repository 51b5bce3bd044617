//! What a socket asks before it is opened, and who holds one.

mod list_presence;
mod open_socket;

pub use list_presence::{ListPresence, ListPresenceError};
pub use open_socket::{OpenSocket, OpenSocketError, SocketStart};
