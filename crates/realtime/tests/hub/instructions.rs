//! What it costs to tell an event, on its way from the bus through the hub to the writers of the sockets.

use std::sync::Arc;

use domain::BusEvent;
use testkit::{instructions::Budget, sample};
use tokio::{runtime::Builder, task::yield_now};

use crate::rig::{Rig, Written};

/// Has so many messages told to so many sockets of one room.
fn tell(listeners: usize, messages: u64) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let rig = Rig::new();
        let (room, zoe) = (rig.room(), sample::user("zoe"));
        let written = Arc::<Written>::default();
        let mut clients = Vec::new();
        for _ in 0..listeners {
            let client = rig.open("zoe", &[room]).await;
            client.reads().await;
            client.connection.outbox().set_writer(written.clone());
            clients.push(client);
        }
        let mut seq = rig.log.last_seq(room);
        for _ in 0..messages {
            seq = seq.next();
            let event = sample::message_sent(room, seq, &zoe, &"x".repeat(200));
            rig.bus.tell(BusEvent::Room(event));
            let all = written.count() + listeners;
            while written.count() < all {
                yield_now().await;
            }
        }
    });
}

/// Encoded, and told to one.
#[test]
#[ignore = "needs valgrind; the test command runs it"]
fn a_message_costs_what_it_did() {
    let budget = Budget {
        test: "instructions::a_message_costs_what_it_did",
        known: 371_080,
        turns: [50, 250],
    };
    budget.hold(|messages| tell(1, messages));
}

/// Encoded once, and told to a hundred.
#[test]
#[ignore = "needs valgrind; the test command runs it"]
fn a_message_to_a_hundred_costs_what_it_did() {
    let budget = Budget {
        test: "instructions::a_message_to_a_hundred_costs_what_it_did",
        known: 990_400,
        turns: [10, 60],
    };
    budget.hold(|messages| tell(100, messages));
}
