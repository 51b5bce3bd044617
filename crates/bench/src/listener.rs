use anyhow::{Result, ensure};

use crate::{
    connection::{Address, Frame},
    order::Told,
    participant::{Participant, Took},
    room::Room,
};

/// A socket that is told all that is said in its room.
pub(crate) struct Listener {
    participant: Participant,
    /// In the middle it goes away and comes back.
    comes_back: bool,
}

impl Listener {
    pub(crate) async fn open(address: Address, room: &Room, comes_back: bool) -> Result<Self> {
        let participant = Participant::open(address, room.tag()).await?;
        Ok(Self {
            participant,
            comes_back,
        })
    }

    /// Listens until all has been told. What the server loses, doubles or confuses ends it.
    pub(crate) async fn listen(mut self, room: Room) -> Result<Took> {
        let it = &mut self.participant;
        // The last message comes behind all others.
        while it.order.messages <= room.messages() {
            if self.comes_back && it.order.messages * 2 >= room.messages() {
                self.comes_back = false;
                it.connection.leave().await;
                room.says_more_than(it.order.messages).await;
                let (before, missed) = (it.order.last, it.took.missed);
                it.come_back().await?;
                until_resumed(it, &room).await?;
                it.took.came_back += 1;
                ensure!(
                    it.took.missed > missed,
                    "a socket came back behind event {before}, and was told that it had missed nothing"
                );
                continue;
            }
            match it.connection.next().await {
                Ok(frame) => {
                    take(it, &room, &frame)?;
                }
                Err(trouble) => it.mend(trouble).await?,
            }
        }
        Ok(self.participant.took)
    }
}

async fn until_resumed(it: &mut Participant, room: &Room) -> Result<()> {
    loop {
        match it.connection.next().await {
            Ok(frame) => {
                if matches!(take(it, room, &frame)?, Told::Resumed(_)) {
                    return Ok(());
                }
            }
            Err(trouble) => it.mend(trouble).await?,
        }
    }
}

fn take(it: &mut Participant, room: &Room, frame: &Frame) -> Result<Told> {
    let told = it.take(frame)?;
    room.note_told(&told);
    Ok(told)
}
