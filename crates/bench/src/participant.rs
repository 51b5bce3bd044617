use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::time::{Instant, sleep};

use crate::{
    connection::{Address, Connection, Frame, Trouble},
    order::{Order, Told},
};

/// Somebody in a room: a socket that is opened again when it is lost, and the check of what it is told.
pub(crate) struct Participant {
    address: Address,
    pub(crate) connection: Connection,
    pub(crate) order: Order,
    pub(crate) took: Took,
}

/// What became of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Took {
    pub(crate) told: u64,
    /// What it sent.
    pub(crate) sent: u64,
    /// How often it came back of its own will.
    pub(crate) came_back: u64,
    /// How many events it was told then that it had missed.
    pub(crate) missed: u64,
    /// How often it had to come back, because its socket was lost.
    pub(crate) lost: u64,
}

/// For so long a socket is tried to be opened again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before each attempt but the first, if the server does not say how long.
const AGAIN: Duration = Duration::from_millis(500);

impl Participant {
    /// Opens a socket, of a client that has nothing yet.
    pub(crate) async fn open(address: Address, tag: &str) -> Result<Self> {
        let connection = open(&address, None).await?;
        Ok(Self {
            order: Order::behind(connection.stood, tag),
            connection,
            address,
            took: Took::default(),
        })
    }

    /// Takes a frame, and says what it tells.
    ///
    /// # Errors
    /// What the server has done wrong.
    pub(crate) fn take(&mut self, frame: &Frame) -> Result<Told> {
        let told = self.order.take(frame)?;
        match told {
            Told::Message { .. } => self.took.told += 1,
            Told::Resumed(missed) => self.took.missed += missed,
            Told::Other => {}
        }
        Ok(told)
    }

    /// Opens another socket, of a client that has the log up to where it was told.
    pub(crate) async fn come_back(&mut self) -> Result<()> {
        self.connection = open(&self.address, Some(self.order.last)).await?;
        self.order.comes_back();
        Ok(())
    }

    /// What has happened to the socket: it is opened again if it is lost.
    pub(crate) async fn mend(&mut self, trouble: Trouble) -> Result<()> {
        match trouble {
            Trouble::Fault(why) => Err(why),
            Trouble::Lost(why, wait) => {
                self.took.lost += 1;
                sleep(wait.unwrap_or_default()).await;
                let told = format!("a socket was lost: {why}");
                self.come_back().await.context(told)
            }
        }
    }
}

async fn open(address: &Address, since: Option<u64>) -> Result<Connection> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match address.open(since).await {
            Ok(connection) => return Ok(connection),
            Err(Trouble::Fault(why)) => return Err(why),
            Err(Trouble::Lost(why, _)) if Instant::now() >= deadline => {
                return Err(why)
                    .with_context(|| anyhow!("no socket was opened within {PATIENCE:?}"));
            }
            Err(Trouble::Lost(_, wait)) => sleep(wait.unwrap_or(AGAIN)).await,
        }
    }
}
