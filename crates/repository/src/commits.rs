use std::sync::atomic::{AtomicU64, Ordering};

use domain::{CommitStats, ports::CommitCounts};

/// Counts commits by how many changes they had.
#[derive(Debug, Default)]
pub struct CommitSizes {
    changes: AtomicU64,
    /// How many commits had at most 1, 2, 4, 8, … changes.
    by_size: [AtomicU64; SIZES],
}

/// Up to 65,536 changes in a commit; what has more counts there.
const SIZES: usize = 17;

impl CommitSizes {
    /// So many changes were committed together.
    pub(crate) fn record(&self, changes: usize) {
        let Some(below) = changes.checked_sub(1) else {
            return;
        };
        let size = usize::BITS - below.leading_zeros();
        let size = (size as usize).min(SIZES - 1);
        self.by_size[size].fetch_add(1, Ordering::Relaxed);
        self.changes.fetch_add(changes as u64, Ordering::Relaxed);
    }
}

impl CommitCounts for CommitSizes {
    fn so_far(&self) -> CommitStats {
        let sizes = self.by_size.iter().enumerate();
        CommitStats {
            changes: self.changes.load(Ordering::Relaxed),
            sizes: sizes
                .map(|(size, commits)| (1 << size, commits.load(Ordering::Relaxed)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_counts_with_those_of_up_to_twice_as_many_changes() {
        let commits = CommitSizes::default();
        for changes in [0, 1, 1, 2, 3, 4, 5, 256, 257, 65_536, 1_000_000] {
            commits.record(changes);
        }
        let told = commits.so_far();
        assert_eq!(told.changes, 1_066_065);
        assert_eq!(
            Vec::from_iter(told.sizes.values()),
            [
                (1, 2),
                (2, 1),
                (4, 2),
                (8, 1),
                (256, 1),
                (512, 1),
                (65_536, 2)
            ]
        );
    }
}
