//! TCP proxies: what stands between clients and nodes, and between nodes and what is beneath them.

mod connection;
mod fault;
mod link;
mod share;

pub use self::{
    fault::{Entrance, Faults, Flow, Way},
    link::{Direction, Link},
    share::Proxy,
};

#[cfg(test)]
mod tests;
