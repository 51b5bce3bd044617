//! What stands in Redis, for each room:
//!
//! - `<prefix>:{<room>}:leases`, a sorted set: each socket (its id and its user's, 32 hexadecimal digits each, and the
//!   user's name), by the time at which its lease is over, in ms of Redis's own clock;
//! - `…:counts`, a hash: how many sockets each user has there;
//! - `…:gone`, a sorted set: users who were told gone although another node may hold a socket of theirs, by the time
//!   of that. Who puts such a socket back learns from it that the others have to be told.
//!
//! Each script is one atomic step, so of several nodes exactly one learns that somebody was the first or the last.
//!
//! A Redis that is short of memory may evict keys: `maxmemory-policy noeviction` is advised. Each script that changes
//! something notices when one of a room's leases and counts is missing, drops the other, and the nodes put their sockets
//! back; until they do, those are missing in the list, and who comes or goes meanwhile may be told once too often.

use std::{sync::Arc, time::Duration};

use domain::{ConnectionId, RoomId, StoreResult, UserId, ports::Present, values::Username};
use fred::types::{Value, scripts::Script};
use uuid::Uuid;

use crate::redis::{
    RedisLink,
    call::{convert, millis},
};

/// For how long it is known who was told gone: a node that could not reach Redis for longer than that and comes back
/// does not learn that its users were.
const GONE_IS_KNOWN: Duration = Duration::from_hours(24);

pub(super) struct Store {
    link: Arc<RedisLink>,
    lease: String,
    /// Rooms that no living node follows are dropped after two leases.
    kept: String,
    enter: Script,
    leave: Script,
    tend: Script,
    online: Script,
}

/// What came of tending to a room.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tended {
    /// How many sockets Redis had forgotten.
    pub forgotten: u64,
    /// How many leases were over.
    pub swept: usize,
    /// Those of their users who had been told gone.
    pub back: Vec<UserId>,
    /// Who is gone now.
    pub gone: Vec<Present>,
}

impl Store {
    pub fn new(link: Arc<RedisLink>, lease: Duration) -> Self {
        Self {
            link,
            lease: millis(lease),
            kept: millis(lease * 2),
            enter: Script::from_lua(include_str!("enter.lua")),
            leave: Script::from_lua(include_str!("leave.lua")),
            tend: Script::from_lua(include_str!("tend.lua")),
            online: Script::from_lua(include_str!("online.lua")),
        }
    }

    pub fn link(&self) -> &RedisLink {
        &self.link
    }

    /// True when it is the user's first socket in the room.
    pub async fn enter(
        &self,
        room: RoomId,
        user: &Present,
        socket: ConnectionId,
    ) -> StoreResult<bool> {
        let socket = member(socket, user.user_id, &user.username);
        let arguments = vec![self.lease.clone(), self.kept.clone(), socket];
        self.link.run(&self.enter, self.keys(room), arguments).await
    }

    /// True when the user has no socket in the room any more. `unsure`: other nodes may have sockets there that Redis
    /// does not know of.
    pub async fn leave(
        &self,
        room: RoomId,
        user: &Present,
        sockets: &[ConnectionId],
        unsure: bool,
    ) -> StoreResult<bool> {
        let mut arguments = vec![u8::from(unsure).to_string(), millis(GONE_IS_KNOWN)];
        let sockets = sockets.iter();
        arguments.extend(sockets.map(|socket| member(*socket, user.user_id, &user.username)));
        self.link.run(&self.leave, self.keys(room), arguments).await
    }

    /// Renews the leases of these sockets, and takes out at most `sweep` leases that are over.
    pub async fn tend(
        &self,
        room: RoomId,
        sockets: &[(ConnectionId, Present)],
        sweep: usize,
    ) -> StoreResult<Tended> {
        let mut arguments = vec![
            self.lease.clone(),
            self.kept.clone(),
            millis(GONE_IS_KNOWN),
            sweep.to_string(),
        ];
        let sockets = sockets.iter();
        arguments
            .extend(sockets.map(|(socket, user)| member(*socket, user.user_id, &user.username)));
        let answer: Vec<Value> = self
            .link
            .run(&self.tend, self.keys(room), arguments)
            .await?;
        let mut answer = answer.into_iter();
        let forgotten = convert(answer.next())?;
        let swept = convert(answer.next())?;
        let back: Vec<String> = convert(answer.next())?;
        let gone: Vec<String> = convert(answer.next())?;
        Ok(Tended {
            forgotten,
            swept,
            back: back.iter().filter_map(|id| id_of(id)).map(UserId).collect(),
            gone: gone.iter().filter_map(|socket| user_of(socket)).collect(),
        })
    }

    /// The users there whose leases are not over, in no order.
    pub async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        let keys = vec![self.link.room_key(room, "leases")];
        let users: Vec<String> = self.link.run(&self.online, keys, Vec::new()).await?;
        Ok(users
            .iter()
            .filter_map(|id| id_of(id))
            .map(UserId)
            .collect())
    }

    fn keys(&self, room: RoomId) -> Vec<String> {
        ["leases", "counts", "gone"]
            .map(|name| self.link.room_key(room, name))
            .to_vec()
    }
}

fn member(socket: ConnectionId, user: UserId, name: &Username) -> String {
    format!("{}{}{}", socket.0.simple(), user.0.simple(), name.as_str())
}

fn id_of(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok()
}

fn user_of(member: &str) -> Option<Present> {
    Some(Present {
        user_id: UserId(id_of(member.get(32..64)?)?),
        username: Username::parse(member.get(64..)?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::sample;

    #[test]
    fn a_user_is_read_from_their_socket() {
        let ann = sample::present("Zoë");
        let text = member(ConnectionId(sample::id()), ann.user_id, &ann.username);
        assert_eq!(user_of(&text), Some(ann));
        for wrong in [
            "",
            "é",
            &text[..63],
            &text[..64],
            &text.replace('Z', "\u{7}"),
        ] {
            assert_eq!(user_of(wrong), None, "{wrong}");
        }
    }
}
