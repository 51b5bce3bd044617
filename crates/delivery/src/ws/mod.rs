//! The native WebSocket.

mod command;
mod guard;
mod handshake;
mod held_open;
mod lease;
mod meter;
mod pump;
mod streams;

pub use handshake::open;

pub(crate) use handshake::not_let_in;
pub(crate) use lease::{Lease, LeaseEvent};
