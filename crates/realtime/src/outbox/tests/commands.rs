//! Where the answer to a command goes.

use super::*;

/// Of somebody in a hurry.
const SOONER: CloseReason = CloseReason::Restart {
    retry_after: Duration::from_secs(1),
};

#[test]
fn an_answer_comes_before_the_event_that_the_command_caused() {
    let outbox = Outbox::new(10 * TEN);
    outbox.begin_command();
    outbox.push_own(frame("own"));
    outbox.push(Durable, frame("later"));
    assert_eq!(outbox.try_next(), None);
    outbox.answer(Some(frame("ack")));
    assert_eq!(all_of(&outbox), frames(&["ack", "own", "later"]));
}

#[test]
fn what_waited_before_the_event_does_not_wait_for_the_answer() {
    let outbox = Outbox::new(10 * TEN);
    outbox.push(Durable, frame("a"));
    outbox.begin_command();
    outbox.push(Ephemeral, frame("b"));
    outbox.push(Durable, frame("c"));
    assert_eq!(outbox.try_next(), Some(Outgoing::Frame(frame("a"))));
    outbox.push_own(frame("own"));
    outbox.push_own(frame("own 2"));
    assert_eq!(outbox.try_next(), Some(Outgoing::Frame(frame("b"))));
    outbox.push(Ephemeral, frame("d"));
    assert_eq!(all_of(&outbox), frames(&["c"]));
    outbox.answer(Some(frame("ack")));
    assert_eq!(all_of(&outbox), frames(&["ack", "own", "own 2", "d"]));
}

#[test]
fn an_answer_that_comes_before_its_event_waits_for_nothing() {
    let outbox = Outbox::new(10 * TEN);
    outbox.begin_command();
    outbox.push(Durable, frame("a"));
    outbox.answer(Some(frame("ack")));
    outbox.push_own(frame("own"));
    assert_eq!(all_of(&outbox), frames(&["a", "ack", "own"]));
}

#[test]
fn an_event_of_the_user_without_a_command_waits_for_nothing() {
    let outbox = Outbox::new(10 * TEN);
    outbox.push_own(frame("a"));
    assert_eq!(all_of(&outbox), frames(&["a"]));
    // A command that is over leaves nothing behind, with or without an answer.
    for answer in [None, Some(frame("ack"))] {
        outbox.begin_command();
        outbox.answer(answer);
        all_of(&outbox);
        outbox.push_own(frame("b"));
        assert_eq!(all_of(&outbox), frames(&["b"]));
    }
}

#[test]
fn a_command_without_an_answer_lets_its_event_out_when_it_is_over() {
    let outbox = Outbox::new(10 * TEN);
    outbox.begin_command();
    outbox.push_own(frame("own"));
    assert_eq!(outbox.try_next(), None);
    outbox.answer(None);
    assert_eq!(all_of(&outbox), frames(&["own"]));
}

#[test]
fn an_answer_that_goes_behind_all_waits_for_what_came_before() {
    let outbox = Outbox::new(10 * TEN);
    outbox.begin_command();
    outbox.push_own(frame("own"));
    outbox.push(Durable, frame("a"));
    outbox.answer_behind_all(Some(frame("ack")));
    outbox.push(Durable, frame("b"));
    assert_eq!(all_of(&outbox), frames(&["own", "a", "ack", "b"]));
}

#[test]
fn ephemeral_frames_that_are_given_up_leave_the_answer_in_its_place() {
    let outbox = Outbox::new(6 * TEN);
    outbox.push(Ephemeral, frame("e1"));
    outbox.push(Durable, frame("a"));
    outbox.begin_command();
    outbox.push(Ephemeral, frame("e2"));
    outbox.push_own(frame("own"));
    outbox.push(Ephemeral, frame("e3"));
    outbox.push(Durable, frame("b"));
    // The queue is full: this one pushes the ephemeral ones out.
    outbox.push(Durable, frame("c"));
    assert_eq!(all_of(&outbox), frames(&["a"]));
    outbox.answer(Some(frame("ack")));
    assert_eq!(all_of(&outbox), frames(&["ack", "own", "b", "c"]));
}

#[test]
fn an_answer_that_pushes_ephemeral_frames_out_keeps_its_place() {
    let outbox = Outbox::new(5 * TEN);
    outbox.push(Ephemeral, frame("e1"));
    outbox.push(Durable, frame("a"));
    outbox.begin_command();
    outbox.push(Ephemeral, frame("e2"));
    outbox.push_own(frame("own"));
    outbox.push(Durable, frame("b"));
    outbox.answer(Some(frame("ack")));
    assert_eq!(all_of(&outbox), frames(&["a", "ack", "own", "b"]));
}

#[test]
fn an_event_of_its_own_that_pushes_ephemeral_frames_out_still_waits() {
    let outbox = Outbox::new(3 * TEN);
    outbox.push(Ephemeral, frame("e1"));
    outbox.push(Durable, frame("a"));
    outbox.begin_command();
    outbox.push(Ephemeral, frame("e2"));
    outbox.push_own(frame("own"));
    assert_eq!(all_of(&outbox), frames(&["a"]));
    outbox.answer(Some(frame("ack")));
    assert_eq!(all_of(&outbox), frames(&["ack", "own"]));
}

#[test]
fn an_answer_that_does_not_fit_closes_the_socket() {
    let outbox = Outbox::new(2 * TEN);
    outbox.begin_command();
    outbox.push(Durable, frame("a"));
    outbox.push_own(frame("own"));
    outbox.answer(Some(frame("ack")));
    assert_eq!(all_of(&outbox), [Outgoing::Close(CloseReason::Slow)]);
}

#[test]
fn a_close_that_lets_the_queue_drain_waits_for_the_answer() {
    for reason in [RESTART, CloseReason::Removed] {
        for answer in [None, Some(frame("ack"))] {
            let outbox = Outbox::new(10 * TEN);
            outbox.push(Durable, frame("a"));
            outbox.begin_command();
            outbox.push_own(frame("own"));
            outbox.close(reason);
            outbox.push(Durable, frame("b"));
            assert_eq!(all_of(&outbox), frames(&["a"]));
            let is_answered = answer.is_some();
            outbox.answer(answer);
            let mut expected = frames(&["ack", "own"]);
            if !is_answered {
                expected.remove(0);
            }
            expected.push(Outgoing::Close(reason));
            assert_eq!(all_of(&outbox), expected);
        }
    }
}

#[test]
fn what_drains_takes_the_answer_even_if_the_queue_is_full() {
    let outbox = Outbox::new(2 * TEN);
    outbox.begin_command();
    outbox.push(Durable, frame("a"));
    outbox.push(Durable, frame("b"));
    outbox.close(RESTART);
    outbox.answer(Some(frame("ack")));
    let mut expected = frames(&["a", "b", "ack"]);
    expected.push(Outgoing::Close(RESTART));
    assert_eq!(all_of(&outbox), expected);
}

#[test]
fn every_other_close_waits_for_no_answer() {
    for reason in [CloseReason::Slow, CloseReason::SessionEnded] {
        let outbox = Outbox::new(10 * TEN);
        outbox.begin_command();
        outbox.push_own(frame("own"));
        outbox.close(reason);
        assert_eq!(outbox.try_next(), Some(Outgoing::Close(reason)));
        outbox.answer(Some(frame("ack")));
        assert_eq!(outbox.try_next(), Some(Outgoing::Close(reason)));
    }
}

#[test]
fn a_close_at_once_waits_for_neither_the_queue_nor_the_answer() {
    for draining in [None, Some(RESTART), Some(CloseReason::Removed)] {
        let outbox = Outbox::new(10 * TEN);
        outbox.push(Durable, frame("a"));
        outbox.begin_command();
        outbox.push_own(frame("own"));
        if let Some(reason) = draining {
            outbox.close(reason);
        }
        outbox.close_at_once(SOONER);
        assert_eq!(all_of(&outbox), [Outgoing::Close(SOONER)]);
        outbox.push(Durable, frame("b"));
        outbox.answer(Some(frame("ack")));
        assert_eq!(all_of(&outbox), [Outgoing::Close(SOONER)]);
    }
}

#[test]
fn a_close_at_once_leaves_a_reason_that_did_not_drain() {
    let outbox = Outbox::new(10 * TEN);
    outbox.push(Durable, frame("a"));
    outbox.close(CloseReason::SessionEnded);
    outbox.close_at_once(SOONER);
    let ended = Outgoing::Close(CloseReason::SessionEnded);
    assert_eq!(all_of(&outbox), [ended]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_answer_is_woken_by_a_close_at_once() {
    let outbox = Arc::new(Outbox::new(10 * TEN));
    outbox.begin_command();
    outbox.close(RESTART);
    let reader = outbox.clone();
    let read = tokio::spawn(async move { reader.next().await });
    // The clock only moves on once the reader waits.
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!read.is_finished());
    outbox.close_at_once(SOONER);
    assert_eq!(read.await.unwrap(), Outgoing::Close(SOONER));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_answer_is_woken_by_it() {
    for answer in [None, Some(frame("ack"))] {
        let outbox = Arc::new(Outbox::new(10 * TEN));
        outbox.begin_command();
        outbox.push_own(frame("own"));
        let reader = outbox.clone();
        let read = tokio::spawn(async move { reader.next().await });
        // The clock only moves on once the reader waits.
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(!read.is_finished());
        let first = answer.clone().unwrap_or_else(|| frame("own"));
        outbox.answer(answer);
        assert_eq!(read.await.unwrap(), Outgoing::Frame(first));
    }
}
