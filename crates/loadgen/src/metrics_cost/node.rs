use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use tokio::time::{sleep, timeout};

use super::member::Member;
use crate::{account, cpu::CpuTime, server::Server, spawned};

/// A node that is this late with a measurement, or with its sockets, is at fault.
const BOUND: Duration = Duration::from_secs(60);

/// How long a node that has delivered all is left alone, until its threads wait: what one that runs has run is known to the
/// system a few milliseconds later.
const REST: Duration = Duration::from_millis(20);

/// How many sockets are opened at once.
const OPENED_AT_ONCE: usize = 32;

/// One of the two servers, with a room of sockets on it.
pub struct Node {
    pid: u32,
    room: Arc<str>,
    members: Vec<Member>,
}

impl Node {
    /// Opens so many sockets in a new room.
    pub async fn open(server: &Server, sockets: usize) -> Result<Self> {
        let room = account::room(&server.url, sockets).await?;
        let opening = stream::iter(room.sockets)
            .map(|address| async move { Member::open(&address).await })
            .buffered(OPENED_AT_ONCE)
            .try_collect();
        let members = timeout(BOUND, opening).await.context("no sockets")??;
        Ok(Self {
            pid: server.pid(),
            room: room.id.into(),
            members,
        })
    }

    /// Lets so many members send so many messages each, and all receive all of them. Answers how many nanoseconds the node
    /// ran for each delivery.
    pub async fn load(&mut self, senders: usize, quota: usize) -> Result<f64> {
        let total = senders * quota;
        let deliveries = total * self.members.len();
        sleep(REST).await;
        let before = CpuTime::of(self.pid)?;
        let members = self.members.drain(..).enumerate().map(|(index, member)| {
            let messages = if index < senders { quota } else { 0 };
            spawned(member.take_part(self.room.clone(), messages, total))
        });
        let taking_part = try_join_all(members.collect::<Vec<_>>());
        let members = timeout(BOUND, taking_part).await;
        self.members = members.context("the node is far too late")??;
        sleep(REST).await;
        let ran = CpuTime::of(self.pid)?.since(&before);
        Ok(ran.as_nanos() as f64 / deliveries as f64)
    }
}
