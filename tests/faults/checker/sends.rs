use std::collections::{HashMap, HashSet};

use super::stored::Stored;
use crate::traffic::{Sent, Told};

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
            }
        }
        for row in &self.messages {
            if !asked.contains(row.reference.as_str()) {
                faults.push(format!("{} is there and nobody sent it", row.reference));
            }
        }
    }
}
