//! What is beneath the nodes, or a node, is killed or frozen while clients send and listen.

mod locks;
mod node;
mod partition;
mod postgres;
mod redis;
mod unanswered;

use super::{
    checker::{assert_nothing_lost, assert_sockets_stayed_open},
    rig::{Fleet, readiness, wait_for_bus},
    traffic::Traffic,
};

/// How many messages are acknowledged before, during and after a fault.
const SOME: usize = 100;
