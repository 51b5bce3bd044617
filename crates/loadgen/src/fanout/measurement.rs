use std::{net::SocketAddr, path::Path, process, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::task::block_in_place;

use super::{generator::Generator, rooms::Rooms, shape::Shape};
use crate::{
    contestant::{Contestant, Programs},
    cpu::CpuTime,
};

/// What a server did under as much load as it takes.
#[derive(Clone, Copy, Serialize)]
pub struct Saturated {
    /// A second.
    pub deliveries: f64,
    /// Processor time of the server for a delivery, in nanoseconds.
    pub server_nanos: f64,
    /// The same of the load.
    pub load_nanos: f64,
}

/// How long deliveries took at a given rate, in microseconds.
#[derive(Clone, Copy, Serialize)]
pub struct Latency {
    /// Messages a second.
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
    pub most: f64,
}

/// How long, and how much.
#[derive(Clone, Copy)]
pub struct Extent {
    pub warm_up: Duration,
    pub lasts: Duration,
    /// Of a delivery, in bytes.
    pub length: usize,
}

/// Starts the server, opens the sockets of this shape, and answers what they do; then all ends.
async fn with<T>(
    (contestant, programs): (Contestant, &Programs),
    shape: Shape,
    extent: Extent,
    folder: &Path,
    load: impl FnOnce(&mut Generator<'_>, u32) -> Result<T>,
) -> Result<T> {
    let server = contestant.start(programs, folder).await?;
    let address: SocketAddr = server.url.trim_start_matches("http://").parse()?;
    let rooms = Rooms::on(&server.url, contestant.protocol(), shape, extent.length).await?;
    block_in_place(|| {
        let mut generator = Generator::open(address, &rooms, shape)?;
        generator.closed_loop(extent.warm_up)?;
        load(&mut generator, server.pid())
    })
    .with_context(|| format!("{}, {shape}", contestant.name()))
}

impl Saturated {
    /// Measures it.
    pub async fn of(
        contestant: (Contestant, &Programs),
        shape: Shape,
        extent: Extent,
        folder: &Path,
    ) -> Result<Self> {
        with(contestant, shape, extent, folder, |generator, pid| {
            let before = (CpuTime::of(pid)?, CpuTime::of(process::id())?);
            let (tally, took) = generator.closed_loop(extent.lasts)?;
            let server = CpuTime::of(pid)?.since(&before.0);
            let load = CpuTime::of(process::id())?.since(&before.1);
            let deliveries = tally.deliveries as f64;
            Ok(Self {
                deliveries: deliveries / took.as_secs_f64(),
                server_nanos: server.as_nanos() as f64 / deliveries,
                load_nanos: load.as_nanos() as f64 / deliveries,
            })
        })
        .await
    }

    /// How many messages a second that is.
    pub fn messages(&self, shape: Shape) -> f64 {
        self.deliveries / (shape.members - 1) as f64
    }
}

impl Latency {
    /// Measures it at so many messages a second.
    pub async fn of(
        contestant: (Contestant, &Programs),
        shape: Shape,
        extent: Extent,
        folder: &Path,
        rate: f64,
    ) -> Result<Self> {
        with(contestant, shape, extent, folder, |generator, _| {
            generator.open_loop(rate, extent.warm_up)?;
            let latencies = generator.open_loop(rate, extent.lasts)?.latencies;
            let micros = |share| latencies.value_at_quantile(share) as f64 / 1_000.0;
            Ok(Self {
                rate,
                p50: micros(0.5),
                p99: micros(0.99),
                most: micros(1.0),
            })
        })
        .await
    }
}
