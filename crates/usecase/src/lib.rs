#![doc = include_str!("../README.md")]

pub mod auth;
pub mod guests;
pub mod members;
pub mod messages;
pub mod rooms;
pub mod sockets;
pub mod streams;
pub mod users;

mod access;
mod all;
mod caller;
#[cfg(test)]
mod sample;

pub use all::{Ports, Settings, UseCases};
pub use caller::Caller;
