use std::time::Duration;

use actix_web::web::Data;
use delivery::Door;
use tokio::time::sleep;
use usecase::streams::EndLostStreams;

/// Ends the streams whose authors are lost, again and again, until it is dropped: every node looks for those of all. One that
/// it is dropped over is found again by another node, or by the next process.
pub(crate) async fn end_lost_streams(door: Data<Door>, interval: Duration) {
    loop {
        sleep(interval).await;
        end_all_that_are_lost(&door).await;
    }
}

/// Ends the streams whose authors are lost now.
pub(crate) async fn end_all_that_are_lost(door: &Door) {
    loop {
        match door.usecases.streams.end_lost.execute().await {
            Ok(ended) if ended < EndLostStreams::BATCH => return,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "lost streams could not be looked for");
                return;
            }
        }
    }
}
