use std::time::Duration;

use crate::latencies::Latencies;

/// Prints the run for people.
pub fn print(sent: usize, delivered: usize, took: Duration, latencies: &Latencies) {
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
        latencies.at(0.5),
        latencies.at(0.99),
        latencies.at(1.0)
    );
}
