#![doc = include_str!("../README.md")]

mod clock;
mod ids;
mod randomness;

pub mod contract;
pub mod sample;

pub use clock::FakeClock;
pub use ids::SequentialIds;
pub use randomness::FixedRandomness;
