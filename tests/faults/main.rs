//! The fault suite: three nodes, Postgres and Redis, a proxy that injects faults between any two of them, steady
//! traffic, and a checker that holds what every client saw against the database.
//!
//! `rig` starts it and says what must be true of it again after a fault, `traffic` puts clients on it that keep a
//! record, and `checker` judges the records. The rest are scenarios, a family in a file. `FAULTS=long` takes real
//! times and several rounds (`make faults`). What they showed is written down in `docs/FAULTS.md`.

#[allow(dead_code, reason = "the black-box suite uses the rest")]
#[path = "../blackbox/api.rs"]
mod api;
#[path = "../blackbox/documented.rs"]
mod documented;
#[allow(dead_code, reason = "the black-box suite uses the rest")]
#[path = "../support/rig.rs"]
mod fleet;
#[allow(dead_code, reason = "the black-box suite uses the rest")]
#[path = "../blackbox/server.rs"]
mod server;
#[allow(dead_code, reason = "the black-box suite uses the rest")]
#[path = "../blackbox/socket.rs"]
mod socket;

mod checker;
mod length;
mod rig;
mod traffic;

mod clock;
mod locks;
mod network;
mod node;
mod partition;
mod postgres;
mod readers;
mod redis;
mod redis_away;
mod rolling;
mod storage;
mod storm;
mod unanswered;
