//! The binary as a fleet: several nodes over one Postgres and one Redis.
//!
//! `rig` starts it, `traffic` puts clients on it that keep a record of what they were told, and `checker` holds the
//! records against the database. The rest are tests.

mod checker;
mod rig;
mod traffic;

mod across_nodes;
mod faults;
mod limits;
mod membership;
mod order;
mod presence;
mod repeats;
mod secrets;
mod sessions;
mod starting;
