use std::time::Duration;

use actix_web::web::Data;
use delivery::Door;
use realtime::Departures;
use tokio::time::{MissedTickBehavior, interval};

/// Takes guests out of the rooms that they have left, and looks now and then for those whom a crash has left behind, until it
/// is dropped, or the hub is.
pub(crate) async fn see_guests_out(door: Data<Door>, mut departures: Departures, sweep: Duration) {
    let guests = &door.usecases.guests;
    let mut sweeps = interval(sweep);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            departed = departures.next() => {
                let Some((room, guest)) = departed else { return };
                if let Err(error) = guests.leave.execute(room, guest).await {
                    tracing::warn!(%error, %room, %guest, "a guest who has left is still a member");
                }
            }
            _ = sweeps.tick() => {
                if let Err(error) = guests.sweep.execute().await {
                    tracing::debug!(%error, "guests who are gone could not be looked for");
                }
            }
        }
    }
}
