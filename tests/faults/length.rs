//! The short form, of `cargo test`, and the long one, of `make faults`.

use std::time::{Duration, Instant};

use crate::server::PATIENCE;

/// How many messages are acknowledged before, during and after a fault.
pub const SOME: usize = 60;

/// Whether the times are the real ones.
pub fn is_long() -> bool {
    std::env::var_os("FAULTS").is_some_and(|length| length == "long")
}

/// How often a fault comes and goes.
pub fn rounds() -> usize {
    if is_long() { 3 } else { 1 }
}

/// How long a fault lasts, in the one form and in the other.
pub fn lasts(short: Duration, long: Duration) -> Duration {
    if is_long() { long } else { short }
}

/// How long anything may take before a scenario fails: longer than the longest fault, and what follows it.
pub fn patience() -> Duration {
    lasts(2 * PATIENCE, Duration::from_secs(180))
}

/// Asks again and again until there is an answer: for what no event tells of.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(patience(), what, ask).await
}

/// As [`eventually`], within this time.
pub async fn within<T>(bound: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = async || ask().await.ok_or_else(String::new);
    within_or_why(bound, what, asked).await
}

/// As [`within`], of what says why it is not so yet.
pub async fn within_or_why<T>(
    bound: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + bound;
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(why) => assert!(Instant::now() < deadline, "it never came: {what}; {why}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
