//! What every adapter must do. One file for each port; each function is one demand of the port's documentation,
//! and panics when it is not met.
#![allow(missing_docs, reason = "the name of a demand says all of it")]

pub mod access_tokens;
pub mod activity;
pub mod activity_spans;
pub mod activity_under_load;
pub mod admins;
pub mod bus;
pub mod bus_pair;
pub mod comings;
pub mod departures;
pub mod direct_rooms;
pub mod gone_nodes;
pub mod guests;
pub mod limiter;
pub mod live_stats;
pub mod live_streams;
pub mod log;
pub mod log_changes;
pub mod log_under_load;
pub mod lost_streams;
pub mod members;
pub mod message_pages;
pub mod messages;
pub mod moderation;
pub mod password_hasher;
pub mod presence;
pub mod presence_nodes;
pub mod public_rooms;
pub mod reactions;
pub mod reactions_shown;
pub mod reactions_under_load;
pub mod receipts;
pub mod rooms;
pub mod search;
pub mod sessions;
pub mod snapshots;
pub mod users;

mod activity_suites;
mod bus_suites;
mod crowd;
mod guest_suites;
mod recount;
mod scene;
mod stats_suites;
mod stores;
mod stream_suites;
mod suites;

pub use stores::Stores;
