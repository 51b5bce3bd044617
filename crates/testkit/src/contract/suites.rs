//! Which functions an adapter must pass. The test below compares these lists with the suites.

/// All suites of the storage ports. `$make` is a future of a pair: [`Stores`](crate::contract::Stores), empty, and
/// whatever must live as long as they do.
#[macro_export]
macro_rules! storage_contract {
    ($make:expr) => {
        $crate::contract_suite! { users, $make,
            an_account_is_found_by_its_id_and_its_address,
            an_account_that_is_not_there_is_none,
            credentials_are_kept_as_they_were_given,
            a_taken_address_is_a_conflict_and_changes_nothing,
            a_taken_name_is_a_conflict_whatever_the_case_of_its_letters,
            of_sixteen_who_want_one_address_at_once_one_gets_it,
            of_sixteen_who_want_one_name_at_once_one_gets_it,
            what_a_user_declares_is_kept,
            whether_drafts_are_shared_is_kept,
            nobody_declares_nothing,
            a_name_is_data_and_never_a_statement,
            a_password_is_found_by_its_account,
            a_new_password_takes_the_place_of_the_old_one_and_ends_the_other_log_ins,
            a_deactivated_account_stays_and_nobody_logs_in_to_it,
            what_another_password_vouches_for_is_denied,
            what_a_log_in_asks_for_that_does_not_stand_is_not_found,
            of_sixteen_passwords_that_one_vouches_for_one_is_taken,
            a_deactivation_happens_once,
        }
        $crate::contract_suite! { sessions, $make,
            a_log_in_is_live_from_its_start,
            a_good_token_is_spent_for_the_next_one,
            a_token_that_was_spent_ends_the_whole_log_in,
            a_token_that_was_spent_gives_itself_away_after_its_expiry_too,
            a_token_is_refused_from_its_expiry_on_and_its_log_in_stays,
            an_unknown_token_is_refused,
            a_token_of_a_log_in_that_ended_is_refused,
            of_sixteen_who_present_one_token_at_once_one_succeeds,
            a_token_tells_its_log_in_spent_or_not,
            a_log_in_ends_once,
            nobody_ends_the_log_in_of_another,
            those_that_ended_or_never_were_are_told_from_those_that_stand,
            all_log_ins_of_a_user_end_and_those_of_others_stay,
            of_sixteen_who_end_all_log_ins_at_once_each_is_told_by_one,
            a_log_in_that_another_password_vouches_for_is_not_opened,
            no_log_in_that_is_being_opened_survives_a_new_password,
            no_log_in_that_is_being_opened_survives_a_deactivation,
            no_log_in_that_is_being_renewed_survives_the_end_of_all,
        }
        $crate::contract_suite! { rooms, $make,
            a_room_begins_with_its_making_and_its_members_the_owner_first,
            a_room_with_somebody_unknown_is_not_made_at_all,
            who_is_named_twice_is_in_the_room_once,
            a_room_tells_what_somebody_is_in_it,
            the_rooms_of_somebody_are_those_they_are_in_the_latest_joined_first,
            a_part_of_a_name_is_taken_as_it_is_but_for_the_case_of_ascii,
            the_public_rooms_are_told_to_all_the_newest_first,
            a_room_that_is_deleted_tells_who_was_in_it_and_is_gone,
            only_its_maker_deletes_a_room_and_only_once,
        }
        $crate::contract_suite! { direct_rooms, $make,
            a_direct_room_is_the_same_from_both_ends,
            a_direct_room_opened_from_both_ends_at_once_is_one,
            a_direct_room_with_nobody_is_not_found,
            two_whose_direct_room_was_deleted_can_open_another,
        }
        $crate::contract_suite! { members, $make,
            members_are_listed_the_longest_in_the_room_first,
            one_membership_is_found_while_it_lasts,
            an_admin_lets_somebody_in_and_the_log_tells_it,
            anybody_lets_themselves_into_a_public_room,
            others_let_nobody_in,
            an_admin_who_left_lets_nobody_in,
            who_is_in_already_is_a_conflict,
            of_sixteen_who_add_one_at_once_one_succeeds,
            an_unknown_user_or_room_is_not_found,
            a_deleted_room_has_no_members,
            the_rooms_of_several_users_are_told_with_whose_they_are,
        }
        $crate::contract_suite! { departures, $make,
            somebody_leaves_and_the_log_tells_it,
            only_who_stands_above_removes_another,
            an_owner_stays,
            who_comes_back_may_write_again,
            the_end_of_a_membership_is_told_until_it_begins_again,
        }
        $crate::contract_suite! { snapshots, $make,
            who_comes_by_a_log_in_that_stands_is_told_with_their_rooms,
            what_is_unread_is_counted_exactly,
            what_is_delivered_is_not_read,
            who_comes_in_has_nothing_unread_and_who_comes_back_neither,
            a_mark_before_the_way_in_does_not_raise_the_count,
            each_room_of_the_user_has_one_and_no_other_room_has,
        }
        $crate::contract_suite! { log, $make,
            an_appended_message_is_the_newest_event,
            a_message_of_nothing_but_attachments_is_kept,
            a_message_that_was_interrupted_says_so,
            a_repeat_answers_the_first_event_and_stores_nothing,
            a_repeat_shows_the_message_as_it_is_now,
            a_reference_counts_for_one_sender_in_one_room,
            only_a_member_appends_even_if_it_is_a_repeat,
            the_log_is_read_in_pages_without_a_gap,
            behind_the_end_of_the_log_is_nothing,
            a_deleted_room_tells_its_log_and_takes_no_more,
            the_heads_of_rooms_are_their_latest_numbers,
        }
        $crate::contract_suite! { log_changes, $make,
            an_edit_gives_another_text_and_an_event,
            the_latest_edit_is_named_by_its_number,
            only_its_sender_edits_a_message,
            a_deletion_takes_the_content_away_for_good,
            its_sender_and_admins_delete_a_message,
            what_is_not_there_is_neither_edited_nor_deleted,
        }
        $crate::contract_suite! { log_under_load, $make,
            sixty_four_appends_at_once_leave_no_gap_and_no_double,
            one_reference_sent_sixteen_times_at_once_is_one_message,
            whoever_reads_a_number_reads_all_below_it,
            nothing_of_the_removed_follows_their_removal,
            a_caller_who_goes_away_disturbs_nobody,
        }
        $crate::contract_suite! { reactions, $make,
            a_reaction_is_the_newest_event_and_stands_at_the_message,
            a_repeat_answers_the_first_reaction_and_stores_nothing,
            a_reaction_that_is_taken_back_is_gone_with_an_event,
            where_there_is_no_reaction_none_is_taken_back_and_nothing_is_stored,
            who_took_a_reaction_back_reacts_anew,
            emojis_are_told_apart_to_the_character,
            what_stands_at_one_message_does_not_stand_at_another,
            a_message_carries_twenty_different_emojis,
            only_a_member_reacts_and_only_to_what_is_there,
        }
        $crate::contract_suite! { reactions_shown, $make,
            every_view_of_a_message_shows_the_reactions,
            the_emoji_that_came_first_comes_first,
            beside_a_count_the_first_ten_are_named,
            a_replay_shows_each_change_with_its_own_count,
            reactions_are_listed_from_an_event_on_and_no_more_than_asked_for,
            the_reactions_to_what_is_not_there_are_none,
            a_deletion_takes_the_reactions_away,
            the_reactions_of_those_who_left_stay,
            a_reaction_is_no_message_that_is_unread,
        }
        $crate::contract_suite! { reactions_under_load, $make,
            sixteen_who_react_at_once_are_all_counted,
            one_reaction_sent_sixteen_times_at_once_is_one,
            one_reaction_taken_back_sixteen_times_at_once_goes_once,
            of_thirty_two_different_emojis_at_once_twenty_stand,
            reactions_and_messages_at_once_leave_no_gap_and_no_double,
            no_reaction_of_the_removed_follows_their_removal,
            no_reaction_follows_the_deletion_of_its_message,
        }
        $crate::contract_suite! { messages, $make,
            a_message_is_found_in_its_room_alone,
            a_message_is_found_by_its_sender_in_any_room,
            a_deleted_message_is_in_no_view_but_the_log,
        }
        $crate::contract_suite! { message_pages, $make,
            the_newest_come_first_and_some_can_be_left_out,
            those_before_a_number_come_newest_first,
            those_after_a_number_come_oldest_first,
            those_around_a_message_come_oldest_first_with_it_in_the_middle,
            at_the_edges_those_around_a_message_are_fewer,
            those_around_a_deleted_message_are_its_neighbours,
            an_unknown_room_has_no_history,
            pages_show_the_present_text,
        }
        $crate::contract_suite! { receipts, $make,
            a_mark_moves_the_status_of_all_up_to_it,
            a_mark_never_moves_back,
            the_senders_own_mark_does_not_count,
            the_furthest_of_the_others_counts,
            the_marks_of_the_gone_still_count,
            who_comes_back_keeps_their_marks,
            to_come_in_is_not_to_have_read,
            only_a_member_marks_and_only_what_is_there,
            of_sixteen_equal_marks_at_once_one_moves,
            an_event_that_is_read_again_shows_the_present_status,
        }
        $crate::contract_suite! { search, $make,
            every_word_is_found_as_a_part_of_a_word_too,
            of_equally_good_ones_the_newest_come_first_and_no_more_than_asked_for,
            a_page_is_filled_by_parts_of_words_too_and_tells_nothing_twice,
            nothing_is_found_in_rooms_that_one_is_not_in,
            an_old_text_is_not_found_and_the_present_one_is,
            every_character_is_taken_as_it_is,
            text_of_any_script_is_found,
            a_long_term_of_many_words_is_answered,
        }
        $crate::guests_contract! { $make }
        $crate::activity_contract! { $make }
    };
}

/// The suite of presence. `$make` is a future of a pair: an `Arc<dyn Presence>`, and whatever must live as long.
#[macro_export]
macro_rules! presence_contract {
    ($make:expr) => {
        $crate::contract_suite! { presence, $make,
            the_first_socket_brings_a_user_and_the_last_takes_them_away,
            repeating_changes_nothing,
            many_rooms_are_answered_in_one_call,
            a_room_that_is_named_twice_counts_once,
            users_are_told_once_and_in_the_order_of_their_ids,
            rooms_and_users_do_not_mix,
            of_many_sockets_at_once_one_is_the_first_and_one_the_last,
            tending_to_what_was_told_answers_nothing,
        }
    };
}

/// The suite of presence on several nodes. `$make` is a future of a pair: the
/// [`Nodes`](crate::contract::presence_nodes::Nodes), and whatever must live as long.
#[macro_export]
macro_rules! presence_nodes_contract {
    ($make:expr) => {
        $crate::contract_suite! { presence_nodes, $make,
            a_user_with_a_socket_on_each_is_there_once,
            the_first_and_the_last_count_over_both,
            of_many_at_once_on_both_one_is_the_first_and_one_the_last,
            tending_on_both_changes_nothing_while_both_live,
        }
    };
}

/// The suite of rate limiters. `$make` is a future of a pair: an `Arc<dyn RateLimiter>`, and whatever must live as
/// long.
#[macro_export]
macro_rules! limiter_contract {
    ($make:expr) => {
        $crate::contract_suite! { limiter, $make,
            a_burst_is_granted_and_no_more,
            what_remains_is_counted_down,
            a_refusal_costs_nothing_and_says_when,
            what_was_spent_comes_back_bit_by_bit,
            keys_and_quotas_do_not_mix,
            of_sixty_four_at_once_exactly_the_burst_is_granted,
            the_whole_burst_is_back_within_the_period,
            a_burst_of_one_is_once_in_a_period,
        }
    };
}

/// The suite of password hashers. `$make` is a future of a pair: an `Arc<dyn PasswordHasher>`, and whatever must live
/// as long.
#[macro_export]
macro_rules! password_hasher_contract {
    ($make:expr) => {
        $crate::contract_suite! { password_hasher, $make,
            a_password_matches_its_own_hash_alone,
            the_whole_of_a_long_password_counts,
            a_hash_has_a_salt_of_its_own_and_tells_no_password,
            without_an_account_no_password_is_right,
            the_runtime_is_not_kept_waiting,
            a_crowd_is_served_or_sent_away,
        }
    };
}

/// The suite of access tokens. `$make` is a future of a pair: the
/// [`Subject`](crate::contract::access_tokens::Subject), and whatever must live as long.
#[macro_export]
macro_rules! access_tokens_contract {
    ($make:expr) => {
        $crate::contract_suite! { access_tokens, $make,
            a_token_tells_what_was_signed,
            a_token_is_refused_from_its_expiry_on,
            the_token_of_a_stranger_is_refused,
            a_token_that_was_changed_anywhere_is_refused,
            what_is_no_token_is_refused,
        }
    };
}

/// One test for each function of one suite.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_suite {
    ($suite:ident, $make:expr, $($name:ident,)+) => {
        mod $suite {
            #[allow(unused_imports)]
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let (subject, _kept) = $make.await;
                    $crate::contract::$suite::$name(&subject).await;
                }
            )+
        }
    };
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// The lists say each name on a line of its own, with a comma.
    #[test]
    fn every_function_of_every_suite_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
        let lists = concat!(
            include_str!("suites.rs"),
            include_str!("activity_suites.rs"),
            include_str!("guest_suites.rs"),
            include_str!("stats_suites.rs"),
            include_str!("bus_suites.rs"),
            include_str!("stream_suites.rs"),
        );
        let mut seen = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let suite = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let source = fs::read_to_string(&path).unwrap();
            let start = format!("contract_suite! {{ {suite}, $make,");
            let listed = lists
                .split(&start)
                .nth(1)
                .and_then(|rest| rest.split('}').next());
            for line in source.lines() {
                let Some(rest) = line.strip_prefix("pub async fn ") else {
                    continue;
                };
                let name = rest.split('(').next().unwrap();
                let found = listed
                    .is_some_and(|list| list.lines().any(|line| line.trim() == format!("{name},")));
                assert!(found, "{suite}::{name} is not listed");
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen} functions");
    }
}
