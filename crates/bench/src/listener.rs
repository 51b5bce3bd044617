use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;

use crate::{
    connection::{Address, Connection},
    order::Order,
    room::Room,
    summary::{micros, times},
};

/// A socket that is told all that is said in its room.
pub(crate) struct Listener {
    address: Address,
    connection: Connection,
    order: Order,
    /// In the middle it goes away and comes back.
    comes_back: bool,
}

/// What came of it.
pub(crate) struct Heard {
    pub(crate) messages: u64,
    /// From the moment at which a message was due until it was told, in microseconds; of what was told live.
    pub(crate) told: Histogram<u64>,
    /// How often it came back of its own will.
    pub(crate) came_back: u64,
    /// How often it had to, because its socket was lost.
    pub(crate) lost: u64,
}

/// How often a socket is tried to be opened again.
pub(crate) const ATTEMPTS: u32 = 20;
/// Pause before each.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);

impl Listener {
    pub(crate) async fn open(address: Address, messages: u64, comes_back: bool) -> Result<Self> {
        let connection = address.open(None).await?;
        Ok(Self {
            order: Order::behind(connection.stood, messages),
            connection,
            address,
            comes_back,
        })
    }

    /// Listens until all has been told. What the server loses, doubles or confuses ends it.
    pub(crate) async fn listen(
        mut self,
        room: Room,
        start: Instant,
        pause: Duration,
    ) -> Result<Heard> {
        let mut heard = Heard {
            messages: 0,
            told: times()?,
            came_back: 0,
            lost: 0,
        };
        let mut is_live = true;
        while !self.order.is_complete() {
            let half = self.order.messages * 2 >= room.messages();
            if self.comes_back && half {
                self.comes_back = false;
                heard.came_back += 1;
                self.connection = self.address.open(Some(self.order.last)).await?;
                is_live = false;
            }
            let frame = match self.connection.next().await {
                Ok(frame) => frame,
                Err(lost) => {
                    heard.lost += 1;
                    self.come_back().await.context(lost)?;
                    is_live = false;
                    continue;
                }
            };
            is_live |= frame.event == "resumed";
            let Some(number) = self.order.take(&frame)? else {
                continue;
            };
            room.note_told();
            if is_live {
                let due = start + pause * u32::try_from(number)?;
                heard.told.record(micros(due.elapsed()))?;
            }
        }
        heard.messages = self.order.messages;
        Ok(heard)
    }

    async fn come_back(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        for _ in 0..ATTEMPTS {
            tokio::time::sleep(AGAIN).await;
            outcome = self
                .address
                .open(Some(self.order.last))
                .await
                .map(|opened| {
                    self.connection = opened;
                });
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}
