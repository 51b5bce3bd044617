use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::{
    connection::{Address, Frame, Trouble},
    order::content,
    participant::{Participant, Took},
    room::Room,
};

/// Who says something in a room when it is due, whatever has become of what was said before; and listens too.
pub(crate) struct Speaker(Participant);

/// What happens next to a speaker.
enum Step {
    Due,
    Told(Result<Frame, Trouble>),
}

impl Speaker {
    pub(crate) async fn open(address: Address, tag: &str) -> Result<Self> {
        Ok(Self(Participant::open(address, tag).await?))
    }

    /// Says all, and when each is acknowledged a last one; until that has come too.
    pub(crate) async fn speak(self, room: Room) -> Result<Took> {
        let Self(mut it) = self;
        let (mut next, mut waiting) = (0, BTreeSet::new());
        while next <= room.messages() || !waiting.is_empty() || it.order.messages < next {
            let is_last = next == room.messages();
            let may_speak = next < room.messages() || (is_last && waiting.is_empty());
            let due = Instant::from_std(room.due(next));
            let step = tokio::select! {
                frame = it.connection.next() => Step::Told(frame),
                () = sleep_until(due), if may_speak => Step::Due,
            };
            let done = match step {
                Step::Due => {
                    waiting.insert(next);
                    room.note_sent();
                    next += 1;
                    say(&mut it, &room, next - 1).await
                }
                Step::Told(Ok(frame)) => {
                    if let Some(number) = acknowledged(&frame)?
                        && waiting.remove(&number)
                    {
                        it.took.sent += 1;
                        room.note_acknowledged(number)?;
                    }
                    it.take(&frame)?;
                    Ok(())
                }
                Step::Told(Err(trouble)) => Err(trouble),
            };
            if let Err(trouble) = done {
                mend(&mut it, &room, &waiting, trouble).await?;
            }
        }
        Ok(it.took)
    }
}

async fn say(it: &mut Participant, room: &Room, number: u64) -> Result<(), Trouble> {
    let data = json!({
        "room_id": room.id(),
        "content": content(room.tag(), number),
        "client_msg_id": format!("bench-{number}"),
    });
    let frame = json!({"event": "send_message", "id": number, "data": data});
    it.connection.send(frame.to_string()).await
}

/// Opens another socket, and says again what was not acknowledged: the server knows it by its reference.
async fn mend(
    it: &mut Participant,
    room: &Room,
    waiting: &BTreeSet<u64>,
    mut trouble: Trouble,
) -> Result<()> {
    'lost: loop {
        it.mend(trouble).await?;
        for number in waiting {
            if let Err(again) = say(it, room, *number).await {
                trouble = again;
                continue 'lost;
            }
        }
        return Ok(());
    }
}

/// The number of the message that a frame acknowledges.
fn acknowledged(frame: &Frame) -> Result<Option<u64>> {
    match frame.event.as_str() {
        "ack" => Ok(frame.id),
        "error" => bail!("the server refused a message: {}", frame.data),
        _ => Ok(None),
    }
}
