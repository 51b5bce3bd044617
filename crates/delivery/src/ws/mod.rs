//! WebSockets: the native one, and those of the dialects, whose clients are guests.

mod command;
mod guard;
mod guests;
mod handshake;
mod lease;
mod meter;
mod native;
mod pump;
mod stream;
mod streams;
mod takeover;
mod ticks;
mod upgrade;
mod writer;

pub use guests::open_stream;
pub use handshake::open;
pub use stream::SharedStream;
pub use takeover::take_over;
pub use writer::DirectWay;

pub(crate) use guests::guest_room;
pub(crate) use handshake::not_let_in;
pub(crate) use lease::{Lease, LeaseEvent};
