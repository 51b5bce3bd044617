//! What a piece of work costs, in instructions of the processor: callgrind counts them, and they are the same on a busy machine.

use std::{env, process::Command};

/// Says in the process that is counted how often the work is to be done.
const TURNS: &str = "INSTRUCTIONS_TURNS";

/// A piece of work, and how many instructions one turn of it takes in a build that is not optimised.
pub struct Budget {
    /// The name of the test that holds it, with its modules.
    pub test: &'static str,
    /// How many instructions a turn took when this was last looked at.
    pub known: u64,
    /// It is done so often, and then so often: what the program does besides is the same.
    pub turns: [u64; 2],
}

/// A turn may take so much more or less, in percent: what is hashed and where memory lies differs from process to process.
const TOLERANCE: u64 = 3;

impl Budget {
    /// Counts the instructions of a turn in processes of their own, and holds them against what is known.
    ///
    /// # Panics
    /// A turn takes more than it did; or less, and then the number is to be lowered, so that it stays a guard. Or valgrind is
    /// not there.
    pub fn hold(&self, work: impl FnOnce(u64)) {
        if let Some(each) = self.measure(work)
            && let Err(told) = self.verdict(each)
        {
            panic!("{told}");
        }
    }

    /// How many instructions a turn takes; none in the process that is counted.
    fn measure(&self, work: impl FnOnce(u64)) -> Option<u64> {
        if let Ok(turns) = env::var(TURNS) {
            work(turns.parse().expect("a number of turns"));
            return None;
        }
        let [few, many] = self.turns.map(|turns| self.count(turns));
        Some((many - few) / (self.turns[1] - self.turns[0]))
    }

    fn verdict(&self, each: u64) -> Result<(), String> {
        let (test, known, part) = (self.test, self.known, self.known * TOLERANCE / 100);
        if (known - part..=known + part).contains(&each) {
            return Ok(());
        }
        Err(format!(
            "{test} takes {each} instructions a turn, and took {known}: mend what became dearer, or write the new number there"
        ))
    }

    fn count(&self, turns: u64) -> u64 {
        let this = env::current_exe().expect("the path of this program");
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(this)
            .args([
                "--exact",
                self.test,
                "--include-ignored",
                "--test-threads",
                "1",
            ])
            .env(TURNS, turns.to_string())
            .output()
            .expect("valgrind is there: scripts/install-backends.sh installs it");
        let said = String::from_utf8_lossy(&output.stderr);
        let passed = String::from_utf8_lossy(&output.stdout).contains("1 passed");
        assert!(
            output.status.success() && passed,
            "{}: {output:?}",
            self.test
        );
        let collected = said
            .lines()
            .find_map(|line| line.split_once("Collected : "));
        let (_, count) = collected.expect("callgrind says what it has counted");
        count.trim().parse().expect("a number of instructions")
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    fn known(known: u64) -> Budget {
        Budget {
            test: "instructions::tests::a_turn_is_counted_as_often_as_it_is_done",
            known,
            turns: [1_000, 11_000],
        }
    }

    #[test]
    fn what_became_dearer_or_cheaper_is_found() {
        for (each, is_found) in [(96, true), (97, false), (103, false), (104, true)] {
            assert_eq!(known(100).verdict(each).is_err(), is_found, "{each}");
        }
    }

    #[test]
    #[ignore = "needs valgrind; the test command runs it"]
    fn a_turn_is_counted_as_often_as_it_is_done() {
        let work = |turns| (0..turns).for_each(|turn: u64| drop(black_box(turn.to_string())));
        if let Some(each) = known(0).measure(work) {
            // An allocation, some digits and a release.
            assert!((50..5_000).contains(&each), "{each}");
        }
    }
}
