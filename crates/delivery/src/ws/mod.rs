//! The native WebSocket.

mod command;
mod guard;
mod handshake;
mod held_open;
mod lease;
mod meter;
mod pump;

pub use handshake::open;
