//! The way out of a node that was told to go.

use std::{future::Future, time::Duration};

use actix_web::dev::ServerHandle;
use futures_util::future::join_all;
use realtime::{Drain, Hub};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::config::Shutdown;

/// What has to end.
pub struct Departure {
    pub hub: Hub,
    pub handles: Vec<ServerHandle>,
    pub shutdown: Shutdown,
    pub linger: Duration,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every request was answered, and every connection has ended.
    Orderly,
    /// The time was over.
    CutOff,
    /// Somebody was in a hurry.
    CutShort,
}

/// How long the sockets may take to hear that the node goes, when somebody is in a hurry.
const LAST_WORD: Duration = Duration::from_millis(500);

/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(10);

impl Departure {
    /// From now on the node is not ready and takes no new socket, and each answer is the last of its connection. REST and
    /// the open sockets are served for the time of the notice, so that a proxy sees what is coming, and sends nobody back
    /// here. Then the listeners close, the sockets are closed in batches, and what is under way is finished. `hurry` ends
    /// all that at once; in any case little but the last steps is left at the end, which is due `gone_by`.
    pub async fn go(&self, gone_by: Instant, hurry: impl Future<Output = ()>) -> End {
        let shutdown = &self.shutdown;
        let begun = Instant::now();
        let deadline = begun + shutdown.until_cut_off(self.linger);
        let drain = self.hub.drain().await;
        tracing::info!(sockets = drain.len(), "going away");
        let all = async {
            sleep_until(begun + shutdown.notice).await;
            tracing::info!("taking no new connection");
            let serving = join_all(self.handles.iter().map(|handle| handle.stop(true)));
            // Who is told last has as long as that to be answered and to close.
            let at_most = deadline.duration_since(Instant::now()) / 2;
            let telling = drain.close_all(shutdown.drain_batch, shutdown.drain_interval, at_most);
            tokio::join!(serving, telling);
        };
        let end = tokio::select! {
            in_time = timeout_at(deadline, all) => match in_time {
                Ok(()) => return End::Orderly,
                Err(_) => End::CutOff,
            },
            () = hurry => End::CutShort,
        };
        // Their threads end with the process: a server that stops gracefully listens to nothing else any more.
        tracing::warn!(
            sockets = self.hub.open_sockets(),
            "cutting off what is left"
        );
        drain.close_now();
        if end == End::CutShort {
            // Who does not read does not hear it.
            let _ = timeout_at(gone_by.min(Instant::now() + LAST_WORD), heard(&drain)).await;
        }
        end
    }
}

/// Until every socket has ended.
async fn heard(drain: &Drain) {
    while drain.still_open() > 0 {
        sleep(LOOK).await;
    }
}
