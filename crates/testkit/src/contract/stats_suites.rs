//! Which functions an adapter of live stats must pass; [`suites`](super::suites) compares them too.

/// The suite of live stats. `$make` is a future of a pair: an `Arc<dyn LiveStats>` whose leases outlast a test, and whatever
/// must live as long.
#[macro_export]
macro_rules! live_stats_contract {
    ($make:expr) => {
        $crate::contract_suite! { live_stats, $make,
            what_a_node_counts_is_told_as_it_was_published,
            what_a_node_counted_last_is_told_alone,
            each_node_is_told_in_the_order_of_the_ids,
        }
    };
}

/// The suite of live stats of nodes that are gone. As [`live_stats_contract`](crate::live_stats_contract), with leases of
/// half a second.
#[macro_export]
macro_rules! gone_nodes_contract {
    ($make:expr) => {
        $crate::contract_suite! { gone_nodes, $make,
            a_node_that_publishes_no_longer_is_gone_and_one_that_goes_on_stays,
        }
    };
}
