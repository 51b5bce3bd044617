use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use delivery::Door;
use domain::ports::LiveStats;
use tokio::time::{MissedTickBehavior, interval};

/// Tells the other nodes what this one counts of itself, again and again, until it is dropped.
pub(crate) async fn publish_stats(door: Data<Door>, live: Arc<dyn LiveStats>, every: Duration) {
    let mut times = interval(every);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        if let Err(error) = live.publish(&door.stats()).await {
            tracing::debug!(%error, "the other nodes were not told what this one counts");
        }
    }
}
