/// Figures, the smallest first. At least one.
pub struct Spread(Vec<f64>);

impl Spread {
    /// Sorts them.
    pub fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<_> = figures.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self(sorted)
    }

    /// The figure below which this share of them is.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[(last as f64 * share).round() as usize]
    }

    /// The one in the middle.
    pub fn median(&self) -> f64 {
        let (count, half) = (self.0.len(), self.0.len() / 2);
        (self.0[half] + self.0[(count - 1) / 2]) / 2.0
    }

    /// Between these the median of endlessly many is, with 95 % confidence, whatever their distribution: so many of them are
    /// below it as heads come up when so many coins are tossed.
    pub fn median_is_within(&self) -> (f64, f64) {
        let count = self.0.len() as f64;
        let first = ((count - 1.96 * count.sqrt()) / 2.0).floor().max(1.0) as usize - 1;
        (self.0[first], self.0[self.0.len() - 1 - first])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(count: u32) -> Spread {
        Spread::of((1..=count).rev().map(f64::from))
    }

    #[test]
    fn the_median_is_in_the_middle_or_between_the_two_there() {
        assert_eq!(spread(1).median(), 1.0);
        assert_eq!(spread(4).median(), 2.5);
        assert_eq!(spread(5).median(), 3.0);
    }

    #[test]
    fn a_share_of_the_figures_is_below() {
        let spread = spread(5);
        assert_eq!(
            [0.0, 0.25, 0.75, 1.0].map(|it| spread.at(it)),
            [1.0, 2.0, 4.0, 5.0]
        );
    }

    #[test]
    fn the_median_is_within_the_bounds_of_the_sign_test() {
        assert_eq!(spread(1).median_is_within(), (1.0, 1.0));
        assert_eq!(spread(10).median_is_within(), (1.0, 10.0));
        assert_eq!(spread(40).median_is_within(), (13.0, 28.0));
    }
}
