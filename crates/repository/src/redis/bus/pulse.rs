use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fred::interfaces::ClientLike;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Shared, message, spread};
use crate::redis::line::Line;

/// No timer of a bus is faster, whatever the options say.
pub(super) const SHORTEST: Duration = Duration::from_millis(1);

/// After how many silences a connection that looks healthy is made anew.
const PATIENCE: u32 = 5;

/// Says again and again that this node lives, and at once when it can hear itself anew.
pub(super) async fn beat(shared: Arc<Shared>, ending: CancellationToken) {
    let mut ticks = interval(shared.options().heartbeat.max(SHORTEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let beating = async {
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shared.ask.notified() => {}
            }
            let Ok(text) = message::beat(shared.node, shared.age()) else {
                continue;
            };
            match shared.publish(shared.control.clone(), text).await {
                Ok(()) => shared.flowing.store(true, Ordering::SeqCst),
                Err(error) => {
                    shared.flowing.store(false, Ordering::SeqCst);
                    shared.refused(&error);
                }
            }
        }
    };
    ending.run_until_cancelled(beating).await;
}

/// Decides whether the other nodes are reached: while this node hears itself, they are. Sends the subscribers to the
/// database while it does not, and now and then anyway.
pub(super) async fn watch_over(
    shared: Arc<Shared>,
    subscriber: Arc<Line>,
    ending: CancellationToken,
) {
    let options = shared.options();
    let silence = options.silence.max(SHORTEST);
    let (poll, audit) = (options.poll.max(SHORTEST), options.audit.max(SHORTEST));
    let mut heard = shared.heard.subscribe();
    let now = Instant::now();
    let (mut deadline, mut renewal) = (now + silence, now + silence * PATIENCE);
    let (mut next_poll, mut next_audit) = (now + spread(poll), now + spread(audit));
    let (mut up, mut warned) = (false, false);
    loop {
        tokio::select! {
            biased;
            () = ending.cancelled() => return,
            Ok(()) = heard.changed() => {
                deadline = *heard.borrow_and_update() + silence;
                shared.owed.proven();
                if !up {
                    (up, warned) = (true, false);
                    tracing::info!(redis = shared.link.address(), "the other nodes are reached");
                    // Before it counts as connected, so that whoever sees that has been told.
                    shared.local.lost();
                    shared.link.set_up(true);
                }
            }
            () = sleep_until(deadline), if up || !warned => {
                if up {
                    up = false;
                    shared.link.set_up(false);
                    shared.owed.doubt();
                    next_poll = Instant::now();
                    renewal = next_poll + silence * PATIENCE;
                }
                warned = true;
                tracing::warn!(
                    redis = shared.link.address(),
                    why = shared.fault(),
                    "the other nodes are not reached: they hear of this one's changes late"
                );
            }
            () = sleep_until(next_poll), if !up => {
                shared.local.lost();
                next_poll = Instant::now() + spread(poll);
            }
            () = sleep_until(next_audit) => {
                shared.local.lost();
                next_audit = Instant::now() + spread(audit);
            }
            () = sleep_until(renewal), if !up => {
                // What is known to be broken is mended already.
                for line in [shared.link.line(), &subscriber] {
                    if line.client.is_connected() {
                        line.renew();
                    }
                }
                renewal = Instant::now() + silence * PATIENCE;
            }
        }
    }
}
