use std::net::SocketAddr;

use crate::{
    account::{account, unique},
    at_once::at_once,
    contestant::Contestant,
    handshake::{Opened, source},
    protocol::Protocol,
};
use anyhow::Result;

/// Where sockets are opened.
pub struct Paths {
    protocol: Protocol,
    /// Used by turns.
    paths: Vec<String>,
}

/// How many users there are: hashing their passwords is not what is measured. As many rooms.
const USERS: usize = 50;

impl Paths {
    /// Of a server, with accounts and rooms where it has such: each user is in so many rooms.
    pub async fn of(contestant: Contestant, url: &str, rooms: usize) -> Result<Self> {
        let protocol = contestant.protocol();
        let paths = match protocol {
            Protocol::Relay | Protocol::SocketIo => {
                let paths = (0..USERS).map(|room| protocol.path(room).into_owned());
                paths.collect()
            }
            Protocol::Typing | Protocol::Messages => users(url, rooms).await?,
        };
        Ok(Self { protocol, paths })
    }
}

async fn users(url: &str, rooms: usize) -> Result<Vec<String>> {
    let run = unique();
    let mut users = Vec::new();
    for user in 0..USERS {
        users.push(account(url, &format!("bench-{user}-{run}")).await?);
    }
    // Each is in the room of their own, and in those of who comes after them.
    for (place, owner) in users.iter().enumerate() {
        let others = (1..rooms).map(|before| &users[(place + USERS - before) % USERS]);
        let others: Vec<_> = others.map(|user| user.id.as_str()).collect();
        owner.make_room(&others).await?;
    }
    Ok(users.iter().map(|user| user.path_to_all()).collect())
}

/// Sockets that are open, each in its rooms.
pub struct Crowd(#[expect(dead_code, reason = "held")] Vec<Opened>);

impl Crowd {
    /// Opens so many, so many at a time, and waits until the server has greeted them, if it does.
    pub fn open(server: SocketAddr, paths: &Paths, count: usize, threads: usize) -> Result<Self> {
        let open = |index: usize| {
            let path = &paths.paths[index % paths.paths.len()];
            let mut socket = Opened::at(server, source(index), path)?;
            if paths.protocol.greets() {
                socket.wait_for_greeting(paths.protocol)?;
            }
            Ok(socket)
        };
        Ok(Self(at_once(count, threads, open)?))
    }
}
