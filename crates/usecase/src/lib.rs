#![doc = include_str!("../README.md")]

pub mod analytics;
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
mod ports;
#[cfg(test)]
mod sample;

pub use all::UseCases;
pub use caller::Caller;
pub use ports::{Ports, Settings};
