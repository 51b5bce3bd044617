#![doc = include_str!("../README.md")]

pub mod http;
pub mod problem;
pub mod ws;

mod client_address;
mod door;
mod logging;

pub use door::{Door, Health, Settings, WsSettings};
pub use logging::{RequestLog, RequestSpan};
