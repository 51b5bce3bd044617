use std::fmt;

use actix_web::{HttpResponse, web};
use domain::{Distribution, NodeStats};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use super::changes_under_way;
use crate::{
    Door,
    problem::{Code, Problem},
};

/// What Prometheus asks for: numbers of this node alone, in the text format of OpenMetrics 1.0. docs/METRICS.md says what each
/// means.
///
/// # Errors
/// None is known: numbers and names can always be written.
pub(super) async fn metrics(door: web::Data<Door>) -> Result<HttpResponse, Problem> {
    let mut registry = Registry::with_prefix("chatterstack");
    registry.register_collector(Box::new(Scrape::of(&door)));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| {
        tracing::error!(%error, "the metrics could not be written");
        Problem::new(Code::Internal, "the server failed; the log has the details")
    })?;
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Type", format))
        .body(text))
}

/// What the node counts, at one moment.
#[derive(Debug)]
struct Scrape {
    stats: NodeStats,
    rooms: usize,
    tasks: usize,
    is_draining: bool,
    version: &'static str,
}

impl Scrape {
    fn of(door: &Door) -> Self {
        Self {
            stats: door.stats(),
            rooms: door.hub.followed_rooms(),
            tasks: door.health.runtime.metrics().num_alive_tasks() + changes_under_way(),
            is_draining: door.hub.is_draining(),
            version: door.health.version,
        }
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let (sockets, commits) = (&self.stats.sockets, &self.stats.commits);
        info(encoder, "build", "The version of the binary", self.version)?;
        let started = self.stats.started_at.as_second();
        seconds(
            encoder,
            "start_time",
            "When the node started, in Unix time",
            started as f64,
        )?;
        gauge(
            encoder,
            "bus_connected",
            "1 while other nodes are reached",
            self.stats.bus_connected.into(),
        )?;
        gauge(
            encoder,
            "draining",
            "1 once the node goes away",
            self.is_draining.into(),
        )?;
        gauge(encoder, "sockets", "Open sockets", sockets.open)?;
        gauge(
            encoder,
            "sockets_peak",
            "The most that were open at once",
            sockets.peak,
        )?;
        gauge(
            encoder,
            "users",
            "Users who hold sockets",
            sockets.users.count(),
        )?;
        gauge(
            encoder,
            "followed_rooms",
            "Rooms that sockets follow",
            self.rooms as u64,
        )?;
        gauge(
            encoder,
            "tasks",
            "Asynchronous tasks beside those of connections",
            self.tasks as u64,
        )?;
        bytes(
            encoder,
            "queued",
            "What waits to be written to sockets",
            sockets.queue_bytes,
        )?;
        bytes(
            encoder,
            "largest_queue",
            "The part of it of one socket",
            sockets.largest_queue,
        )?;
        counter(
            encoder,
            "slow_closes",
            "Sockets closed because they read too slowly",
            sockets.slow_closes,
        )?;
        counter(
            encoder,
            "resumes",
            "Rooms into which clients came back and missed nothing",
            sockets.resumes,
        )?;
        counter(
            encoder,
            "gaps_healed",
            "Gaps of the bus that the log has filled",
            sockets.gaps_healed,
        )?;
        counter(
            encoder,
            "committed_changes",
            "Changes that were committed",
            commits.changes,
        )?;
        sizes(encoder, &commits.sizes)?;
        latency(encoder, &sockets.latency)
    }
}

fn info(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, version: &str) -> fmt::Result {
    let one = ConstGauge::new(1i64);
    let mut metric = encoder.encode_descriptor(name, help, None, one.metric_type())?;
    one.encode(metric.encode_family(&[("version", version)])?)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let value = ConstGauge::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

fn bytes(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let value = ConstGauge::new(value);
    let unit = Some(&Unit::Bytes);
    value.encode(encoder.encode_descriptor(name, help, unit, value.metric_type())?)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let value = ConstCounter::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

fn seconds(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    let value = ConstGauge::new(value);
    let unit = Some(&Unit::Seconds);
    value.encode(encoder.encode_descriptor(name, help, unit, value.metric_type())?)
}

/// One series for each power of two that a commit can have had: few, because a batch is bounded.
fn sizes(encoder: &mut DescriptorEncoder<'_>, sizes: &Distribution) -> fmt::Result {
    let help = "Commits, by how many changes they had at most";
    let kind = ConstCounter::new(0u64).metric_type();
    let mut metric = encoder.encode_descriptor("commits", help, None, kind)?;
    for (most, count) in sizes.values() {
        let labels = [("changes", most.to_string())];
        ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Three series, of the last five minutes. None while nothing was told: a latency of zero would be a lie.
#[expect(
    clippy::cast_precision_loss,
    reason = "no more than some minutes, which are exact in an f64"
)]
fn latency(encoder: &mut DescriptorEncoder<'_>, latency: &Distribution) -> fmt::Result {
    let help = "From the acceptance of an event to its being written to a socket, in the last five minutes";
    let kind = ConstGauge::new(0.0).metric_type();
    let unit = Some(&Unit::Seconds);
    let mut metric = encoder.encode_descriptor("delivery_latency", help, unit, kind)?;
    for (percent, quantile) in [(50, "0.5"), (95, "0.95"), (99, "0.99")] {
        if let Some(microseconds) = latency.percentile(percent) {
            let labels = [("quantile", quantile)];
            let value = ConstGauge::new(microseconds as f64 / 1e6);
            value.encode(metric.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
