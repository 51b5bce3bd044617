use std::sync::{Arc, atomic::Ordering};

use fred::{interfaces::EventInterface, types::Message};
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    message::{self, Heard, Missed},
};
use crate::{local::Published, redis::line::Line};

/// Hears what Redis brings. It does not wait for subscribers, so that a slow one is not taken for a silent Redis: a
/// queue is between, and when it is full, events are dropped and all are told that they missed something.
pub(super) fn run(
    shared: Arc<Shared>,
    line: &Line,
    ending: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let mut messages = line.client.message_rx();
    let (sender, mut queue) = mpsc::channel(shared.options().incoming.max(1));
    async move {
        let hearing = async {
            loop {
                match messages.recv().await {
                    Ok(message) => hear(&shared, &sender, &message),
                    Err(RecvError::Lagged(dropped)) => {
                        tracing::warn!(dropped, "more hints than this node can take");
                        shared.local.lost();
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        };
        let telling = async {
            while let Some(published) = queue.recv().await {
                shared.local.tell(published).await;
            }
        };
        let both = async { tokio::join!(hearing, telling) };
        ending.run_until_cancelled(both).await;
    }
}

fn hear(shared: &Shared, queue: &mpsc::Sender<Published>, message: &Message) {
    let text = message.value.as_bytes().unwrap_or_default();
    match message::read(text, shared.node) {
        Heard::Event(event, trace) => {
            if queue.try_send((Arc::from(event), trace)).is_err() {
                shared.local.lost();
            }
        }
        Heard::OwnBeat(at) => {
            // One that was held up for long says nothing about now.
            let fresh = u128::from(shared.age().saturating_sub(at)) <= silence(shared);
            if fresh && shared.stands() {
                shared.flowing.store(true, Ordering::SeqCst);
                shared.heard.send_replace(Instant::now());
            }
        }
        Heard::Nothing => {}
        Heard::Missed(Missed::Rooms(rooms)) => {
            for room in rooms {
                shared.local.lost_room(room);
            }
        }
        Heard::Missed(Missed::All) => shared.local.lost(),
        Heard::Unknown => {
            tracing::debug!(channel = %message.channel, "a hint is not understood");
            match shared.link.room_of(&message.channel) {
                Some(room) => shared.local.lost_room(room),
                None => shared.local.lost(),
            }
        }
    }
}

fn silence(shared: &Shared) -> u128 {
    shared.options().silence.as_millis()
}
