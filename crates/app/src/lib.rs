//! Configuration, wiring and the command line of the one binary, `chatterstack`.

pub mod application;
pub mod cli;
pub mod config;
pub mod logging;
pub mod run;
pub mod seed;
pub mod system;
pub mod traces;
pub mod wiring;

mod admin;
mod counting;
mod departure;
mod guests;
mod listening;
mod lost_streams;
mod open_files;
mod stats;
