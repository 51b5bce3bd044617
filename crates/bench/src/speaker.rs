use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::time::sleep_until;

use crate::{
    connection::{Address, Connection, Frame},
    listener::{AGAIN, ATTEMPTS},
    order::content,
    room::Room,
    summary::{micros, times},
};

/// Who says something in a room when it is due, whatever has become of what was said before.
pub(crate) struct Speaker {
    address: Address,
    connection: Connection,
}

/// What came of it.
pub(crate) struct Spoken {
    pub(crate) messages: u64,
    /// From the moment at which a message was due to its acknowledgement, in microseconds.
    pub(crate) acknowledged: Histogram<u64>,
    /// How often its socket was lost, and what was not acknowledged sent again over another one.
    pub(crate) lost: u64,
}

impl Speaker {
    pub(crate) async fn open(address: Address) -> Result<Self> {
        let connection = address.open(None).await?;
        Ok(Self {
            address,
            connection,
        })
    }

    /// Says all, and waits until each is acknowledged.
    pub(crate) async fn speak(
        mut self,
        room: Room,
        start: Instant,
        pause: Duration,
    ) -> Result<Spoken> {
        let mut spoken = Spoken {
            messages: 0,
            acknowledged: times()?,
            lost: 0,
        };
        // What is not acknowledged yet, with when it was due.
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        while next < room.messages() || !waiting.is_empty() {
            let due = start + pause * u32::try_from(next)?;
            let step = tokio::select! {
                frame = self.connection.next() => frame.and_then(|frame| acknowledge(&frame)).map(Step::Answered),
                () = sleep_until(due.into()), if next < room.messages() => Ok(Step::Due),
            };
            let done = match step {
                Ok(Step::Due) => {
                    waiting.insert(next, due);
                    room.note_sent();
                    next += 1;
                    self.say(&room, next - 1).await
                }
                Ok(Step::Answered(Some(id))) => {
                    if let Some(due) = waiting.remove(&id) {
                        spoken.messages += 1;
                        spoken.acknowledged.record(micros(due.elapsed()))?;
                    }
                    Ok(())
                }
                Ok(Step::Answered(None)) => Ok(()),
                Err(lost) if lost.is::<Refused>() => return Err(lost),
                Err(lost) => Err(lost),
            };
            if let Err(lost) = done {
                spoken.lost += 1;
                self.come_back(&room, waiting.keys().copied())
                    .await
                    .context(lost)?;
            }
        }
        Ok(spoken)
    }

    async fn say(&mut self, room: &Room, number: u64) -> Result<()> {
        let data = json!({
            "room_id": room.id(),
            "content": content(number),
            "client_msg_id": format!("bench-{number}"),
        });
        let frame = json!({"event": "send_message", "id": number, "data": data});
        self.connection.send(frame.to_string()).await
    }

    /// Opens another socket, and says again what was not acknowledged: the server knows it by its reference.
    async fn come_back(
        &mut self,
        room: &Room,
        waiting: impl Iterator<Item = u64> + Clone,
    ) -> Result<()> {
        let mut outcome = Ok(());
        for _ in 0..ATTEMPTS {
            tokio::time::sleep(AGAIN).await;
            outcome = async {
                self.connection = self.address.open(None).await?;
                for number in waiting.clone() {
                    self.say(room, number).await?;
                }
                Ok(())
            }
            .await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

enum Step {
    Due,
    Answered(Option<u64>),
}

/// The server does not take a message: no reason to try again.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server refused a message: {}", self.0)
    }
}

impl std::error::Error for Refused {}

/// The number of the message that a frame acknowledges.
fn acknowledge(frame: &Frame) -> Result<Option<u64>> {
    match frame.event.as_str() {
        "ack" => Ok(frame.id),
        "error" => bail!(Refused(frame.data.to_string())),
        _ => Ok(None),
    }
}
