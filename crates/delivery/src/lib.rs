#![doc = include_str!("../README.md")]

pub mod http;
pub mod problem;
pub mod ws;

mod client_address;
mod door;
mod limits;
mod logging;

pub use door::{Door, Health, Settings, WsSettings};
pub use limits::{Limits, Rate, Rates};
pub use logging::{RequestLog, RequestSpan, record_traces};
