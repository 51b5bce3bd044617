//! What it costs to time deliveries on the way of an event from the bus through the hub into the queue of each socket and out
//! of it, without the sockets themselves: three hubs by turns in one thread, one that times, and two that do not. How much the
//! two differ from each other is what chance does. Prints a Markdown table, in about a minute.

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the hub use all of it"
)]
mod rig;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{BusEvent, RoomEvent, Timestamp, ports::Clock};
use realtime::HubSettings;
use testkit::FixedRandomness;
use tokio::{runtime::Builder, task::yield_now};

use self::rig::{Client, Rig, Written, note, settings};

/// How many sockets there are in the room.
const LISTENERS: [usize; 4] = [10, 16, 100, 1_000];
/// Turns of each hub.
const ROUNDS: usize = 31;
/// About so many deliveries in a turn.
const DELIVERIES: usize = 50_000;

struct RealClock;

impl Clock for RealClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "what is measured is a look at the clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A hub with a room.
struct Arm {
    rig: Rig,
    last: RoomEvent,
    clients: Vec<Client>,
    written: Arc<Written>,
}

impl Arm {
    async fn new(times_deliveries: bool, listeners: usize) -> Self {
        let settings = HubSettings {
            times_deliveries,
            ..settings()
        };
        let rig = Rig::clocked(settings, FixedRandomness::new(), Arc::new(RealClock));
        let room = rig.room();
        let last = rig.commit(room, note());
        let written = Arc::<Written>::default();
        let mut clients = Vec::with_capacity(listeners);
        for _ in 0..listeners {
            let client = rig.open("zoe", &[room]).await;
            client.reads().await;
            client.connection.outbox().set_writer(written.clone());
            clients.push(client);
        }
        Self {
            rig,
            last,
            clients,
            written,
        }
    }

    /// Has so many events delivered, and answers how long one delivery took, in nanoseconds.
    async fn turn(&mut self, events: usize) -> f64 {
        let started = Instant::now();
        for _ in 0..events {
            // Past the log, which nobody reads here: it would grow.
            self.last.seq = self.last.seq.next();
            self.rig.bus.tell(BusEvent::Room(self.last.clone()));
            let all = self.written.count() + self.clients.len();
            while self.written.count() < all {
                yield_now().await;
            }
        }
        let deliveries = (events * self.clients.len()) as f64;
        started.elapsed().as_secs_f64() * 1e9 / deliveries
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

async fn measure(listeners: usize) {
    let mut arms = [
        Arm::new(false, listeners).await,
        Arm::new(true, listeners).await,
        Arm::new(false, listeners).await,
    ];
    let events = DELIVERIES / listeners;
    let mut turns = [const { Vec::new() }; 3];
    for round in 0..=ROUNDS {
        for place in 0..3 {
            // Each is the first one in turn.
            let arm = (round + place) % 3;
            let took = arms[arm].turn(events).await;
            // The first round warms up.
            if round > 0 {
                turns[arm].push(took);
            }
        }
    }
    let [off, on, again] = &turns;
    let between = |one: &[f64], other: &[f64]| {
        median(
            one.iter()
                .zip(other)
                .map(|(one, other)| one - other)
                .collect(),
        )
    };
    println!(
        "| {listeners} | {:.0} ns | {:.0} ns | {:+.1} ns | {:+.1} ns |",
        median(off.clone()),
        median(on.clone()),
        between(on, off),
        between(again, off),
    );
}

fn main() {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    println!(
        "| sockets in the room | a delivery, not timed | timed | difference | two that do not time |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for listeners in LISTENERS {
        runtime.block_on(measure(listeners));
    }
    // What the hubs wait for is nobody's.
    runtime.shutdown_timeout(Duration::ZERO);
}
