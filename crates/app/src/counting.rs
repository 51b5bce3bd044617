use std::time::Duration;

use actix_web::web::Data;
use delivery::Door;
use tokio::time::{MissedTickBehavior, interval};

/// How many batches are counted before others have their turn at the store.
const ROUNDS: usize = 10;

/// Counts what is said from the logs, again and again, until it is dropped: every node does so, one at a time.
pub(crate) async fn count_activity(door: Data<Door>, every: Duration) {
    let mut times = interval(every);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        let count = &door.usecases.analytics.count;
        loop {
            match count.execute(ROUNDS).await {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break,
                Err(error) => {
                    tracing::debug!(%error, "activity could not be counted");
                    break;
                }
            }
        }
    }
}
