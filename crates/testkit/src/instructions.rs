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
        if let Ok(turns) = env::var(TURNS) {
            return work(turns.parse().expect("a number of turns"));
        }
        let [few, many] = self.turns.map(|turns| self.count(turns));
        let each = (many - few) / (self.turns[1] - self.turns[0]);
        let (known, part) = (self.known, self.known * TOLERANCE / 100);
        assert!(
            (known - part..=known + part).contains(&each),
            "{} takes {each} instructions a turn, and took {known}: mend what became dearer, or write the new number there",
            self.test
        );
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
    use std::{hint::black_box, panic::catch_unwind};

    use super::*;

    /// Whether the work of this test is found to take another number than is known; nobody looks where it is counted.
    fn assert_found(test: &'static str, known: u64) {
        let budget = Budget {
            test,
            known,
            turns: [1_000, 11_000],
        };
        let work = |turns| (0..turns).for_each(|turn: u64| drop(black_box(turn.to_string())));
        let is_found = catch_unwind(|| budget.hold(work)).is_err();
        assert_eq!(is_found, env::var_os(TURNS).is_none());
    }

    #[test]
    #[ignore = "needs valgrind; the test command runs it"]
    fn what_became_dearer_is_found() {
        assert_found("instructions::tests::what_became_dearer_is_found", 10);
    }

    #[test]
    #[ignore = "needs valgrind; the test command runs it"]
    fn what_became_cheaper_is_told_too() {
        let test = "instructions::tests::what_became_cheaper_is_told_too";
        assert_found(test, 1_000_000);
    }
}
