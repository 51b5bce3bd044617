#![doc = include_str!("../README.md")]

pub mod cache;
mod columns;
pub mod crypto;
mod gcra;
pub mod local;
pub mod postgres;
pub mod redis;
pub mod sqlite;
