//! [`LiveStats`].

use std::sync::Arc;

use domain::{NodeStats, ports::LiveStats};

use crate::sample::{later, node_stats};

type Subject = Arc<dyn LiveStats>;

pub async fn what_a_node_counts_is_told_as_it_was_published(stats: &Subject) {
    assert_eq!(stats.all().await.unwrap(), []);
    let node = node_stats();
    stats.publish(&node).await.unwrap();
    for _ in 0..2 {
        assert_eq!(stats.all().await.unwrap(), std::slice::from_ref(&node));
    }
}

pub async fn what_a_node_counted_last_is_told_alone(stats: &Subject) {
    let before = node_stats();
    let mut after = NodeStats {
        at: later(1),
        bus_connected: false,
        ..before.clone()
    };
    after.sockets.open += 1;
    stats.publish(&before).await.unwrap();
    stats.publish(&after).await.unwrap();
    assert_eq!(stats.all().await.unwrap(), [after]);
}

pub async fn each_node_is_told_in_the_order_of_the_ids(stats: &Subject) {
    let nodes = [node_stats(), node_stats(), node_stats()];
    for node in nodes.iter().rev() {
        stats.publish(node).await.unwrap();
    }
    assert_eq!(stats.all().await.unwrap(), nodes);
}
