//! Which functions a bus must pass; [`suites`](super::suites) compares them too.

/// The suite of the event bus. `$make` is a future of a pair: an `Arc<dyn EventBus>`, and whatever must live as long.
#[macro_export]
macro_rules! bus_contract {
    ($make:expr) => {
        $crate::contract_suite! { bus, $make,
            it_is_connected_before_long,
            all_subscribers_hear_all_in_the_order_of_publishing,
            an_event_arrives_as_it_was_published,
            a_subscriber_hears_what_comes_after_it,
            what_concerns_no_rooms_listeners_is_heard_without_following,
            who_follows_again_hears_again,
            who_leaves_a_room_does_not_take_it_from_others,
            publishing_to_nobody_is_no_failure,
            a_slow_subscriber_misses_nothing_without_being_told,
            waiting_can_be_given_up_without_loss,
        }
    };
}

/// The suite of the event bus as two nodes have it. `$make` is a future of a pair: the buses of both, each traced by
/// [`OneTrace`](crate::OneTrace), and whatever must live as long.
#[macro_export]
macro_rules! bus_pair_contract {
    ($make:expr) => {
        $crate::contract_suite! { bus_pair, $make,
            what_one_node_publishes_all_hear_once_and_in_order,
            what_both_publish_at_once_arrives_in_the_order_of_each,
            what_concerns_no_rooms_listeners_is_heard_on_both,
            each_node_hears_the_rooms_that_it_follows,
            a_room_that_is_followed_again_is_heard_from_the_other_node_again,
            many_rooms_are_followed_at_once,
            where_the_publisher_stands_in_its_trace_is_handed_on_to_all,
        }
    };
}
