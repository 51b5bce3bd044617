//! Which functions an adapter of live streams must pass; [`suites`](super::suites) compares them too.

/// The suite of live streams. `$make` is a future of a pair: an `Arc<dyn LiveStreams>` whose leases outlast a test, and
/// whatever must live as long.
#[macro_export]
macro_rules! live_streams_contract {
    ($make:expr) => {
        $crate::contract_suite! { live_streams, $make,
            a_stream_is_found_as_it_was_begun,
            the_streams_of_rooms_and_authors_are_listed_in_order,
            an_author_has_so_many_streams_at_most,
            of_sixteen_that_are_begun_at_once_no_more_are_kept_than_may_be,
            a_text_is_written_by_what_follows_its_first_characters,
            what_was_written_to_another_revision_is_refused,
            of_sixteen_writes_to_one_revision_one_succeeds,
            a_finished_stream_takes_no_more_and_stays_as_it_is,
            a_hidden_stream_is_written_on,
            a_stream_is_removed_once,
            a_stream_is_removed_in_the_state_alone_that_one_knows,
            of_a_removal_of_what_is_open_and_a_finish_at_once_one_succeeds,
            those_that_there_are_are_renewed,
        }
    };
}

/// The suite of live streams whose authors are lost. As [`live_streams_contract`](crate::live_streams_contract), with
/// leases of half a second.
#[macro_export]
macro_rules! lost_streams_contract {
    ($make:expr) => {
        $crate::contract_suite! { lost_streams, $make,
            a_stream_that_nobody_writes_to_is_lost,
            a_stream_that_is_renewed_is_not_lost,
            a_stream_that_is_written_to_is_not_lost,
            a_lost_stream_is_given_to_one_at_a_time,
            a_lost_stream_that_its_author_finishes_is_no_longer_removed_as_lost,
            a_finished_stream_that_nobody_sent_is_given_as_finished,
            a_lost_stream_that_nobody_removes_is_given_again,
        }
    };
}
