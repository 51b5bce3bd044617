use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fred::{
    clients::Client,
    interfaces::{ClientLike, EventInterface},
    socket2::TcpKeepalive,
    types::config::{
        Config, ConnectionConfig, PerformanceConfig, ReconnectPolicy, UnresponsiveConfig,
    },
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::RedisOptions;

/// How long a connection may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_millis(500);

/// One of fred's clients, kept running until the link ends.
pub(super) struct Line {
    pub(super) client: Client,
    state: Arc<LineState>,
}

#[derive(Default)]
struct LineState {
    again: Notify,
    // A std Mutex: held to copy a short text.
    fault: Mutex<Option<String>>,
}

impl Line {
    pub(super) fn new(options: &RedisOptions, config: Config, broadcast: usize) -> Self {
        let performance = PerformanceConfig {
            default_command_timeout: options.command_timeout,
            broadcast_channel_capacity: broadcast,
            ..PerformanceConfig::default()
        };
        // For a subscriber of a cluster's quiet node, whose end nobody else would notice.
        let quiet = options.silence.max(Duration::from_secs(1));
        let mut connection = ConnectionConfig {
            connection_timeout: options.connect_timeout,
            internal_command_timeout: options.command_timeout,
            max_command_attempts: attempts(&config),
            unresponsive: UnresponsiveConfig {
                max_timeout: Some(options.silence + options.command_timeout),
                interval: options.command_timeout.max(Duration::from_millis(10)),
            },
            ..ConnectionConfig::default()
        };
        connection.tcp.nodelay = Some(true);
        connection.tcp.keepalive = Some(TcpKeepalive::new().with_time(quiet).with_interval(quiet));
        let policy = backoff(options.reconnect_pause);
        Self {
            client: Client::new(config, Some(performance), Some(connection), Some(policy)),
            state: Arc::default(),
        }
    }

    pub(super) fn start(&self, ending: &CancellationToken, tasks: &TaskTracker) {
        tasks.spawn(keep(
            self.client.clone(),
            self.state.clone(),
            ending.clone(),
        ));
    }

    pub(super) fn fault(&self) -> Option<String> {
        if self.client.is_connected() {
            return None;
        }
        let fault = self.state.fault.lock();
        fault.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the connection up, though it may look healthy, and makes another.
    pub(super) fn renew(&self) {
        self.state.again.notify_one();
    }
}

/// Who asked is told at once that the connection broke; what they do about it is theirs to know. On a cluster one is sent
/// again where it belongs.
pub(super) fn attempts(config: &Config) -> u32 {
    if config.server.is_clustered() { 2 } else { 1 }
}

/// Doubles from a twentieth of the pause up to it, and begins anew after each success.
fn backoff(longest: Duration) -> ReconnectPolicy {
    let longest = u32::try_from(longest.as_millis())
        .unwrap_or(u32::MAX)
        .max(1);
    let first = (longest / 20).max(1);
    let mut policy = ReconnectPolicy::new_exponential(0, first, longest, 2);
    policy.set_jitter(first * 2);
    policy
}

/// Drives a client. fred connects again by itself; what ends it nevertheless is started anew.
async fn keep(client: Client, state: Arc<LineState>, ending: CancellationToken) {
    let mut errors = client.error_rx();
    loop {
        let mut driver = client.connect();
        loop {
            tokio::select! {
                () = ending.cancelled() => {
                    let _ = timeout(GOOD_BYE, client.quit()).await;
                    driver.abort();
                    let _ = driver.await;
                    return;
                }
                // Aborted, because it may be stuck in a write that never ends.
                () = state.again.notified() => {
                    driver.abort();
                    let _ = (&mut driver).await;
                    break;
                }
                ended = &mut driver => {
                    tracing::debug!(?ended, "the Redis client ended");
                    tokio::select! {
                        () = sleep(GOOD_BYE) => {}
                        () = ending.cancelled() => return,
                    }
                    break;
                }
                Ok((error, _)) = errors.recv() => {
                    let mut fault = state.fault.lock().unwrap_or_else(PoisonError::into_inner);
                    *fault = Some(error.details().to_owned());
                }
            }
        }
    }
}
