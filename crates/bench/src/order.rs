use anyhow::{Result, ensure};

use crate::connection::Frame;

/// What is said, by number.
const MARK: &str = "bench ";
/// As long as a short message of people.
const LENGTH: usize = 200;

/// The text of the message of this number.
pub(crate) fn content(number: u64) -> String {
    format!("{:.<LENGTH$}", format!("{MARK}{number} "))
}

/// The number of the message of this text, if it is one of this run.
fn number(content: &str) -> Option<u64> {
    content.strip_prefix(MARK)?.split(' ').next()?.parse().ok()
}

/// The check of a listener: each durable event is the one after the last, and each message comes once.
pub(crate) struct Order {
    pub(crate) last: u64,
    seen: Vec<bool>,
    pub(crate) messages: u64,
}

impl Order {
    /// For so many messages, which come behind this event.
    pub(crate) fn behind(last: u64, messages: u64) -> Self {
        Self {
            last,
            seen: vec![false; usize::try_from(messages).unwrap_or_default()],
            messages: 0,
        }
    }

    /// Takes a frame. Answers the number of the message that it tells, if it does.
    ///
    /// # Errors
    /// What the server has lost, doubled or told out of order.
    pub(crate) fn take(&mut self, frame: &Frame) -> Result<Option<u64>> {
        let Some(seq) = frame.seq else {
            return Ok(None);
        };
        ensure!(
            seq == self.last + 1,
            "event {seq} came behind event {}",
            self.last
        );
        self.last = seq;
        let content = frame.data["content"].as_str().and_then(number);
        let Some(number) = content.filter(|_| frame.event == "receive_message") else {
            return Ok(None);
        };
        let place = usize::try_from(number)?;
        let seen = self.seen.get_mut(place);
        ensure!(
            seen.as_deref() == Some(&false),
            "message {number} came twice, or was never sent"
        );
        self.seen[place] = true;
        self.messages += 1;
        Ok(Some(number))
    }

    /// Whether all have come.
    pub(crate) fn is_complete(&self) -> bool {
        self.messages == self.seen.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(seq: u64, number: u64) -> Frame {
        Frame {
            event: "receive_message".to_owned(),
            id: None,
            seq: Some(seq),
            data: json!({"content": content(number)}),
        }
    }

    fn heard(frames: &[(u64, u64)]) -> Result<bool> {
        let mut order = Order::behind(3, 3);
        for (seq, number) in frames {
            assert_eq!(order.take(&told(*seq, *number))?, Some(*number));
        }
        Ok(order.is_complete())
    }

    #[test]
    fn all_that_come_once_and_by_number_are_in_order() {
        assert!(heard(&[(4, 0), (5, 2), (6, 1)]).unwrap());
        assert!(!heard(&[(4, 0), (5, 1)]).unwrap());
    }

    #[test]
    fn what_is_lost_doubled_or_out_of_order_is_a_fault() {
        for faulty in [
            [(4, 0), (6, 1)],
            [(5, 0), (6, 1)],
            [(4, 0), (4, 1)],
            [(4, 0), (3, 1)],
            [(4, 0), (5, 0)],
            [(4, 0), (5, 3)],
        ] {
            assert!(heard(&faulty).is_err(), "{faulty:?}");
        }
    }

    #[test]
    fn what_is_told_of_another_kind_counts_for_the_order_alone() {
        let mut order = Order::behind(3, 1);
        let joined = Frame {
            event: "member.joined".to_owned(),
            ..told(4, 0)
        };
        assert_eq!(order.take(&joined).unwrap(), None);
        let typing = Frame {
            seq: None,
            ..told(0, 0)
        };
        assert_eq!(order.take(&typing).unwrap(), None);
        assert_eq!(order.take(&told(5, 0)).unwrap(), Some(0));
        assert!(order.is_complete());
    }
}
