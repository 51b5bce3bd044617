//! Which functions an adapter of activity must pass; [`suites`](super::suites) compares them too.

/// The suites of what is counted, and of who may ask for all of it. A part of [`storage_contract`](crate::storage_contract).
#[doc(hidden)]
#[macro_export]
macro_rules! activity_contract {
    ($make:expr) => {
        $crate::contract_suite! { activity, $make,
            where_nothing_was_said_nothing_is_counted,
            what_is_counted_is_what_a_recount_gives,
            a_message_that_is_deleted_counts_no_more,
            a_room_that_is_deleted_counts_no_more,
            only_messages_count,
            a_repeat_counts_once,
            what_those_said_who_are_gone_still_counts,
            a_private_room_is_counted_without_its_name,
            what_guests_say_counts_and_their_ids_are_told,
            an_account_is_new_when_it_was_made_and_guests_and_the_house_are_none,
            what_is_counted_anew_is_the_same,
        }
        $crate::contract_suite! { activity_spans, $make,
            an_interval_has_its_first_microsecond_and_not_that_of_the_next,
            a_span_has_the_intervals_that_begin_in_it,
            the_most_come_first_then_the_lower_id_and_no_more_than_asked_for,
        }
        $crate::contract_suite! { activity_under_load, $make,
            a_call_counts_no_more_than_its_limit_and_says_that_there_is_more,
            the_size_of_the_pieces_makes_no_difference,
            a_room_that_is_deleted_is_forgotten_in_pieces_of_any_size,
            no_room_of_many_is_passed_over,
            of_many_who_count_at_once_each_event_is_counted_once,
            a_call_that_is_cut_off_counts_all_of_it_or_nothing,
            what_happens_while_it_is_counted_is_counted,
            whatever_happens_it_is_what_a_recount_gives,
        }
        $crate::contract_suite! { admins, $make,
            an_account_is_made_an_admin_and_one_no_longer,
            of_several_admins_any_is_one,
            nobody_is_an_admin_who_cannot_log_in,
            a_guest_who_comes_again_is_no_admin,
        }
    };
}
