//! The black-box suite: the real binary, real sockets, and nothing of the inside.

mod api;
mod dialects;
mod documented;
mod fleet;
mod operation;
mod rest;
mod server;
mod socket;
mod sockets;
#[cfg(feature = "otlp")]
mod traces;
