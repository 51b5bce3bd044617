//! Which functions an adapter must pass because of guests; [`suites`](super::suites) compares them too.

/// The suites about guests of the storage ports; [`storage_contract`](crate::storage_contract) has them in it.
#[doc(hidden)]
#[macro_export]
macro_rules! guests_contract {
    ($make:expr) => {
        $crate::contract_suite! { guests, $make,
            a_guest_is_found_as_they_were_let_in,
            a_guest_who_comes_again_has_the_name_they_say_last,
            the_id_of_an_account_is_denied_to_a_guest_and_nothing_changes,
            nobody_logs_in_as_a_guest_or_as_the_house,
            two_guests_and_an_account_may_have_one_name,
            a_guest_who_is_let_in_sixteen_times_at_once_is_one,
            another_name_is_told_in_the_room_with_the_next_number,
            another_name_is_shown_wherever_the_guest_is_from_then_on,
            only_a_guest_who_is_in_the_room_is_renamed,
            guests_are_paged_through_in_order_while_they_are_members,
            a_message_and_a_member_tell_what_a_guest_is_known_by,
        }
        $crate::contract_suite! { public_rooms, $make,
            a_room_that_guests_know_by_its_name_is_made_once,
            a_room_that_sixteen_ask_for_at_once_is_one,
            rooms_of_guests_are_told_apart_by_the_letter,
            a_room_is_known_to_guests_by_its_name_once_it_is_opened,
            a_room_of_another_kind_and_the_same_name_is_another_room,
            a_room_of_guests_that_was_deleted_is_made_anew,
            whether_guests_may_come_is_kept,
            the_house_is_in_none_of_its_rooms,
            what_somebody_says_among_guests_is_told_with_the_names_that_guests_know,
        }
        $crate::contract_suite! { moderation, $make,
            an_admin_of_the_server_keeps_order_among_guests,
            an_admin_of_the_server_takes_no_account_out_of_a_room,
            in_other_rooms_an_admin_of_the_server_is_a_stranger,
            whoever_is_no_admin_of_the_server_at_the_commit_keeps_no_order,
        }
        $crate::contract_suite! { comings, $make,
            who_leaves_is_told_by_name_and_by_what_they_are_known_by,
            who_comes_in_is_told_with_what_they_are_known_by,
            a_new_room_counts_its_members_as_they_come,
            who_comes_and_goes_is_told_with_how_many_there_are_since,
            what_is_not_about_a_member_tells_no_count,
        }
    };
}
