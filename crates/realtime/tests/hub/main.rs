//! The hub with all its tasks, between a bus and a log that do what a test says. Time is paused: it moves on by itself
//! once every task waits, so that `sleep` means "when all that can happen has happened".

mod choosing;
mod closing;
mod counting;
mod departing;
mod dialects;
mod fairness;
mod healing;
mod instructions;
mod model;
mod opening;
mod order;
mod presence;
mod resuming;
mod rig;
mod rooms;
mod streams;
mod typing;
mod writing;
