use std::time::Duration;

/// Prints the run for people.
pub fn print(sent: usize, delivered: usize, took: Duration, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = (latencies.len() as f64 * share) as usize;
        let found = latencies.get(index.min(latencies.len().saturating_sub(1)));
        found.copied().unwrap_or_default()
    };
    let seconds = took.as_secs_f64();
    println!(
        "sent       {sent} messages in {seconds:.2} s: {:.0} a second",
        sent as f64 / seconds
    );
    println!(
        "delivered  {delivered} frames: {:.0} a second, each once and in order",
        delivered as f64 / seconds
    );
    println!(
        "acknowledged after {:.2?} (p50), {:.2?} (p99), {:.2?} (most)",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
