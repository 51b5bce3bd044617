//! The binary as a fleet: several nodes over one Postgres and one Redis. What happens when something fails is in
//! `tests/faults`.

#[path = "../../support/rig.rs"]
pub mod rig;

mod across_nodes;
mod limits;
mod membership;
mod order;
mod presence;
mod repeats;
mod secrets;
mod sessions;
mod starting;
mod stats;
mod streams;
