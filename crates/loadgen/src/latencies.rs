use std::time::Duration;

/// How long each of many things took. All are kept, so that every share of them is exact.
pub struct Latencies(Vec<Duration>);

impl From<Vec<Duration>> for Latencies {
    fn from(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }
}

impl Latencies {
    /// The time within which this share of them was over; 1 is the longest. Zero when there are none.
    pub fn at(&self, share: f64) -> Duration {
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        let found = self.0.get(rank.saturating_sub(1));
        found.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_time_within_which_that_many_were_over() {
        let latencies = Latencies::from(
            (1..=100)
                .rev()
                .map(Duration::from_millis)
                .collect::<Vec<_>>(),
        );
        let shares = [0.0, 0.5, 0.99, 1.0].map(|share| latencies.at(share).as_millis());
        assert_eq!(shares, [1, 50, 99, 100]);
        assert_eq!(Latencies::from(Vec::new()).at(0.5), Duration::ZERO);
    }
}
