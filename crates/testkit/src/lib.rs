#![doc = include_str!("../README.md")]

mod clock;
mod ids;
mod process;
mod proxy;
mod randomness;
mod trace;

pub mod contract;
pub mod instructions;
pub mod postgres;
pub mod redis;
pub mod sample;

pub use clock::FakeClock;
pub use ids::SequentialIds;
pub use process::free_port;
pub use proxy::{Direction, Entrance, Faults, Flow, Link, Proxy, Way};
pub use randomness::FixedRandomness;
pub use trace::OneTrace;
