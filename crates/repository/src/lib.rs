#![doc = include_str!("../README.md")]

pub mod cache;
mod columns;
mod commits;
pub mod crypto;
mod gcra;
pub mod local;
pub mod postgres;
pub mod redis;
pub mod sqlite;

pub use commits::CommitSizes;
