//! The native WebSocket.

mod command;
mod guard;
mod handshake;
mod pump;

pub use handshake::open;
