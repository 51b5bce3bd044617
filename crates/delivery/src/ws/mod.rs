//! WebSockets: the native one, and those of the dialects, whose clients are guests.

mod command;
mod guard;
mod guests;
mod handshake;
mod held_open;
mod lease;
mod meter;
mod native;
mod pump;
mod streams;
mod ticks;
mod upgrade;

pub use guests::open_stream;
pub use handshake::open;

pub(crate) use guests::guest_room;
pub(crate) use handshake::not_let_in;
pub(crate) use lease::{Lease, LeaseEvent};
