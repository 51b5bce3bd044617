use std::collections::{BTreeMap, HashMap};

use super::stored::{Count, Event, Reaction, Stored};
use crate::traffic::{EMOJI, Reacted};

/// By message and emoji: who stands there, since which event, and what was counted.
type Standing = BTreeMap<(String, String), (BTreeMap<String, u64>, Count)>;

impl Stored {
    /// The reactions that stand, and how many are counted, are what the log comes to, and each event counted rightly.
    pub fn counted(&self, faults: &mut Vec<String>) {
        let mut standing = Standing::new();
        for event in &self.log {
            if event.kind == "message_deleted" {
                standing.retain(|(message, _), _| *message != event.subject);
            }
            if let Err(fault) = apply(&mut standing, event) {
                return faults.push(fault);
            }
        }
        let mut reactions = Vec::new();
        let mut counts = Vec::new();
        for ((message, emoji), (users, count)) in standing {
            reactions.extend(users.into_iter().map(|(user, seq)| Reaction {
                message: message.clone(),
                emoji: emoji.clone(),
                user,
                seq,
            }));
            // What stands no longer has no row.
            counts.extend(Some(count).filter(|count| count.count > 0));
        }
        differ(&reactions, &self.reactions, faults);
        differ(&counts, &self.counts, faults);
    }

    /// What was acknowledged is in the log once, what was not is there once at most, and nothing is there unasked.
    pub fn asked_for(&self, asked: &[Reacted], faults: &mut Vec<String>) {
        let mut logged = HashMap::new();
        for event in &self.log {
            if let Some(it) = event.reacted.as_ref().filter(|it| it.emoji == EMOJI) {
                let reaction = (it.user.as_str(), event.subject.as_str());
                let (added, removed) = logged.entry(reaction).or_insert((0, 0));
                *if is_added(event) { added } else { removed } += 1;
            }
        }
        for it in asked {
            let reaction = (it.user.as_str(), it.message.as_str());
            let (added, removed) = logged.remove(&reaction).unwrap_or_default();
            let told = |what: &str, is_done: bool, times: u32| {
                let is_so = times == 1 || (times == 0 && !is_done);
                let answered = if is_done { "" } else { "not " };
                (!is_so).then(|| {
                    format!(
                        "{reaction:?} was {answered}answered as {what}, and is so {times} times"
                    )
                })
            };
            faults.extend(told("added", it.is_added, added));
            match it.is_removed {
                Some(is_removed) => faults.extend(told("removed", is_removed, removed)),
                None if removed > 0 => faults.push(format!("{reaction:?} was removed unasked")),
                None => {}
            }
        }
        for reaction in logged.keys() {
            faults.push(format!(
                "{reaction:?} is in the log and nobody asked for it"
            ));
        }
    }
}

fn is_added(event: &Event) -> bool {
    event.kind == "reaction_added"
}

/// What the event changes; or what is wrong with it.
fn apply(standing: &mut Standing, event: &Event) -> Result<(), String> {
    let Some(it) = &event.reacted else {
        return Ok(());
    };
    let seq = event.seq;
    let key = (event.subject.clone(), it.emoji.clone());
    let (users, count) = standing.entry(key).or_insert_with(|| {
        let none = Count {
            message: event.subject.clone(),
            emoji: it.emoji.clone(),
            count: 0,
            first_seq: seq,
            last_seq: seq,
        };
        (BTreeMap::new(), none)
    });
    if is_added(event) {
        if users.is_empty() {
            count.first_seq = seq;
        }
        if let Some(before) = users.insert(it.user.clone(), seq) {
            return Err(format!("{seq} adds what stands there since {before}"));
        }
    } else if users.remove(&it.user).is_none() {
        return Err(format!("{seq} removes what does not stand there"));
    }
    count.count = users.len() as u64;
    count.last_seq = seq;
    if count.count != it.count {
        return Err(format!("{seq} counts {} of {}", it.count, count.count));
    }
    Ok(())
}

/// Tells what one side has and the other has not.
fn differ<T: Eq + std::fmt::Debug>(expected: &[T], there: &[T], faults: &mut Vec<String>) {
    for row in expected.iter().filter(|row| !there.contains(row)) {
        faults.push(format!("by the log there is {row:?}"));
    }
    for row in there.iter().filter(|row| !expected.contains(row)) {
        faults.push(format!("the log knows nothing of {row:?}"));
    }
}
