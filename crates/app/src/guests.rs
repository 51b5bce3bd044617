use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use realtime::Departures;
use tokio::time::{MissedTickBehavior, interval};
use usecase::guests::GuestUseCases;

/// How many guests are taken out at a time: their commits share a turn of the store.
const AT_ONCE: usize = 16;

/// Takes out the guests whom a crash has left behind: of a node without others, on which nobody can hold a socket before it
/// serves. Where there are others, their guests are not known before a lease is over.
pub(crate) async fn see_out_guests_of_before(guests: &GuestUseCases) {
    if let Err(error) = guests.sweep.at_start().await {
        tracing::warn!(%error, "guests of before the start are counted for a while");
    }
}

/// Takes guests out of the rooms that they have left, and looks now and then for those whom a crash has left behind, until it
/// is dropped, or the hub is. It holds no door, and so no hub: what the end of the last sockets tells is heard to the end.
pub(crate) async fn see_guests_out(
    guests: Arc<GuestUseCases>,
    departures: Departures,
    sweep: Duration,
) {
    let departed = stream::unfold(departures, async |mut departures| {
        let next = departures.next().await?;
        Some((next, departures))
    });
    let leaving = departed.for_each_concurrent(AT_ONCE, async |(room, guest)| {
        let guests = guests.clone();
        // A task of its own, so that what is committed is told though this one ends.
        let leave = tokio::spawn(async move {
            if let Err(error) = guests.leave.execute(room, guest).await {
                tracing::warn!(%error, %room, %guest, "a guest who has left is still a member");
            }
        });
        let _ = leave.await;
    });
    let sweeping = async {
        let mut sweeps = interval(sweep);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            sweeps.tick().await;
            let guests = guests.clone();
            // As above.
            let sweep = tokio::spawn(async move {
                if let Err(error) = guests.sweep.execute().await {
                    tracing::debug!(%error, "guests who are gone could not be looked for");
                }
            });
            let _ = sweep.await;
        }
    };
    tokio::select! {
        () = leaving => {}
        () = sweeping => {}
    }
}
