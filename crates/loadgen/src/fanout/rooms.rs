use std::borrow::Cow;

use anyhow::Result;
use bench::Account;

use super::shape::Shape;
use crate::{
    account::{account, unique},
    protocol::Protocol,
};

/// The rooms of a measurement on a server, and who is in them.
pub struct Rooms {
    pub protocol: Protocol,
    /// How long the text of a delivery is.
    length: usize,
    accounts: Option<Accounts>,
}

/// Those of a ChatterStack. A few users with many sockets: hashing passwords is not what is measured.
struct Accounts {
    rooms: Vec<String>,
    /// The first sender of each room is the same user, and so on.
    senders: Vec<Account>,
    receiver: Account,
}

impl Rooms {
    /// On the server at this address, with deliveries of so many bytes.
    pub async fn on(url: &str, protocol: Protocol, shape: Shape, length: usize) -> Result<Self> {
        match protocol {
            Protocol::Relay | Protocol::SocketIo => Ok(Self::open_to_all(protocol, length)),
            Protocol::Typing | Protocol::Messages => Self::make(url, protocol, shape, length).await,
        }
    }

    /// Of a server that has no accounts, and lets anybody into a room.
    fn open_to_all(protocol: Protocol, length: usize) -> Self {
        Self {
            protocol,
            length,
            accounts: None,
        }
    }

    /// Makes them, with their users.
    async fn make(url: &str, protocol: Protocol, shape: Shape, length: usize) -> Result<Self> {
        let run = unique();
        let receiver = account(url, &format!("bench-receiver-{run}")).await?;
        let mut senders = Vec::new();
        for sender in 0..shape.senders {
            senders.push(account(url, &protocol.sender_name(sender, &run)).await?);
        }
        let members: Vec<_> = senders.iter().map(|it| it.id.as_str()).collect();
        let mut rooms = Vec::new();
        for _ in 0..shape.rooms {
            rooms.push(receiver.make_room(&members).await?);
        }
        let accounts = Accounts {
            rooms,
            senders,
            receiver,
        };
        Ok(Self {
            protocol,
            length,
            accounts: Some(accounts),
        })
    }

    /// The path of a socket, which is at this place of this room.
    pub fn path(&self, room: usize, place: usize) -> Cow<'static, str> {
        match &self.accounts {
            Some(accounts) => {
                let account = accounts.senders.get(place).unwrap_or(&accounts.receiver);
                account.path(&accounts.rooms[room]).into()
            }
            None => self.protocol.path(room),
        }
    }

    /// What the sender at this place of this room sends as its message of this number.
    pub fn message(&self, room: usize, place: usize, number: u32) -> String {
        let accounts = self.accounts.as_ref();
        let id = accounts.map_or("", |it| it.rooms[room].as_str());
        self.protocol.message(id, place, number, self.length)
    }
}
