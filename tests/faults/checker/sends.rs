use std::collections::{HashMap, HashSet};

use super::stored::Stored;
use crate::traffic::{Change, Record, Sent, Told};

impl Stored {
    /// What was acknowledged is there as it was told, in the order of each sender; what was given up is there once at
    /// most; nothing is there unasked.
    pub fn kept(&self, senders: &[Vec<Sent>], faults: &mut Vec<String>) {
        let mut by_reference = HashMap::new();
        for row in &self.messages {
            if by_reference.insert(row.reference.as_str(), row).is_some() {
                faults.push(format!("{} is there twice", row.reference));
            }
        }
        let mut asked = HashSet::new();
        for sender in senders {
            let mut last = 0;
            for sent in sender {
                asked.insert(sent.reference.as_str());
                let Some(Told { id, seq }) = &sent.acknowledged else {
                    continue;
                };
                let reference = &sent.reference;
                match by_reference.get(reference.as_str()) {
                    Some(row) if row.id == *id && row.seq == *seq => {}
                    Some(row) => faults.push(format!("{reference}, told as {seq}, is {}", row.seq)),
                    None => faults.push(format!("{reference} was acknowledged and is lost")),
                }
                if *seq <= last {
                    faults.push(format!("{reference} has come before what was sent earlier"));
                }
                last = *seq;
                if let Some(change) = sent.changed
                    && !self.holds(change, id)
                {
                    let fault = format!("{reference} was answered to be {change:?}, which is lost");
                    faults.push(fault);
                }
            }
        }
        for row in &self.messages {
            if !asked.contains(row.reference.as_str()) {
                faults.push(format!("{} is there and nobody sent it", row.reference));
            }
        }
    }

    /// The log tells that this was done to the message.
    fn holds(&self, change: Change, message: &str) -> bool {
        let kind = match change {
            Change::Edited => "message_edited",
            Change::Deleted => "message_deleted",
        };
        let mut log = self.log.iter();
        log.any(|event| event.kind == kind && event.subject == message)
    }

    /// The user was taken in, and put out, as often as was answered, or more often: an answer may be lost.
    pub fn moved(&self, record: &Record, faults: &mut Vec<String>) {
        for (kind, answered) in [
            ("member_joined", record.taken_in),
            ("member_left", record.put_out),
        ] {
            let moves = self.log.iter().filter(|event| event.kind == kind);
            let logged = moves.filter(|event| event.subject == record.user).count();
            if logged < answered {
                faults.push(format!(
                    "{kind} was answered {answered} times and is there {logged} times"
                ));
            }
        }
    }
}
