//! Holds what clients saw against what the database says.

mod lists;
mod reactions;
mod sends;
mod stored;
mod tests;

use self::stored::Stored;
use crate::{
    rig::Rig,
    traffic::{Outcome, Traffic},
};

/// Ends the traffic, judges what was seen, and tells the numbers in one line.
///
/// - I1: what was acknowledged (a message, an edit, a deletion, a reaction, one that was taken back, a member taken in or put
///   out) is stored once, as it was told, and every member who stayed saw it; the reactions that stand, and their counts, are what the log comes to;
/// - I2: what each client saw, over all its sockets, is the log over its membership: in order, once, without a gap;
/// - I3: what was not acknowledged is stored once or not at all, however often it was sent;
/// - I4: presence is true within two leases, and who goes is told to be gone;
/// - I5: every node serves again, and says so (what it says meanwhile is for the scenario to ask);
/// - I6: sockets, open files and memory of the nodes come back to where they were.
pub async fn judge(scenario: &str, rig: &Rig, traffic: Traffic) -> Outcome {
    let outcome = traffic.finish(rig).await;
    assert_true_to_log(scenario, rig, &outcome);
    println!("{scenario}: I1-I6 hold; {outcome}");
    outcome
}

fn assert_true_to_log(scenario: &str, rig: &Rig, outcome: &Outcome) {
    let mut faults = Stored::read(&rig.fleet, &outcome.room).faults(outcome);
    let count = faults.len();
    if count > 0 {
        let stories = outcome.seen.iter().flat_map(|record| &record.story);
        stories.for_each(|line| println!("{scenario}: {line}"));
    }
    faults.truncate(20);
    assert_eq!(
        count, 0,
        "{scenario}: the first of {count} faults: {faults:#?}; {outcome}"
    );
}

/// No receiver lost its socket.
pub fn assert_sockets_stayed_open(outcome: &Outcome) {
    assert_eq!(outcome.ends(), [0; 0], "receivers lost their sockets");
}

impl Stored {
    /// All that is wrong, in words.
    fn faults(&self, outcome: &Outcome) -> Vec<String> {
        let mut faults = Vec::new();
        self.numbered(&mut faults);
        self.kept(&outcome.sent, &mut faults);
        self.counted(&mut faults);
        self.asked_for(&outcome.reacted, &mut faults);
        for (receiver, record) in outcome.seen.iter().enumerate() {
            let mut own = record.breaches.clone();
            self.all_seen(record, outcome.last, &mut own);
            self.none_leaked(record, &mut own);
            self.moved(record, &mut own);
            let told = own
                .into_iter()
                .map(|fault| format!("receiver {receiver}: {fault}"));
            faults.extend(told);
        }
        faults
    }
}
