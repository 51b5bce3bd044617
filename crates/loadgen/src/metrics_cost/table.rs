use std::fmt;

use super::Arguments;

/// Both nodes, one right after the other: nanoseconds for each delivery.
pub struct Pair {
    pub with: f64,
    pub without: f64,
}

/// What came of many pairs. At least one.
pub struct Row {
    with: Spread,
    without: Spread,
    /// Of each pair.
    ratio: Spread,
}

/// Figures, the smallest first. At least one.
struct Spread(Vec<f64>);

impl Spread {
    fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<_> = figures.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self(sorted)
    }

    /// The figure below which this share of them is.
    fn at(&self, share: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[(last as f64 * share).round() as usize]
    }

    fn median(&self) -> f64 {
        let (count, half) = (self.0.len(), self.0.len() / 2);
        (self.0[half] + self.0[(count - 1) / 2]) / 2.0
    }

    /// Between these the median of endlessly many is, with 95 % confidence, whatever their distribution: so many of them are
    /// below it as heads come up when so many coins are tossed.
    fn median_is_within(&self) -> (f64, f64) {
        let count = self.0.len() as f64;
        let first = ((count - 1.96 * count.sqrt()) / 2.0).floor().max(1.0) as usize - 1;
        (self.0[first], self.0[self.0.len() - 1 - first])
    }
}

impl Row {
    pub fn of(pairs: &[Pair]) -> Self {
        Self {
            with: Spread::of(pairs.iter().map(|pair| pair.with)),
            without: Spread::of(pairs.iter().map(|pair| pair.without)),
            ratio: Spread::of(pairs.iter().map(|pair| pair.with / pair.without)),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [with, without] = [&self.with, &self.without].map(Spread::median);
        let ratio = self.ratio.median();
        write!(f, "{with:.0} ns with, {without:.0} ns without, {ratio:.4}")
    }
}

/// Prints a Markdown table of the sizes of the room, each with its pairs.
pub fn print(arguments: &Arguments, sizes: &[(usize, Vec<Pair>)]) {
    println!(
        "| sockets in the room | a delivery with metrics: median (least to most) | without | ratio of a pair: median (middle \
         half) | cost | 95 % of the median |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (sockets, pairs) in sizes {
        let row = Row::of(pairs);
        let [with, without] = [&row.with, &row.without].map(|times| {
            let [median, least, most] = [times.median(), times.at(0.0), times.at(1.0)];
            format!("{median:.0} ns ({least:.0} to {most:.0})")
        });
        let ratio = &row.ratio;
        let [median, quarter, three] = [ratio.median(), ratio.at(0.25), ratio.at(0.75)];
        let (least, most) = ratio.median_is_within();
        println!(
            "| {sockets} | {with} | {without} | {median:.4} ({quarter:.3} to {three:.3}) | {:.1} % | {:.1} % to {:.1} % |",
            percent(median),
            percent(least),
            percent(most)
        );
    }
    println!();
    let measured: Vec<_> = sizes
        .iter()
        .map(|(sockets, _)| {
            let messages = arguments.senders(*sockets) * arguments.quota(*sockets);
            format!("{messages} to {sockets}")
        })
        .collect();
    println!(
        "{} pairs of servers, each measured {} times with each size; messages of a measurement: {}; {} under way at once. Each \
         message to each socket once and in order.",
        arguments.servers,
        arguments.pairs,
        measured.join(", "),
        arguments.window
    );
}

/// What is more than nothing, of a hundred.
fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
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

    #[test]
    fn a_row_compares_each_with_the_one_beside_it() {
        let pair = |with, without| Pair { with, without };
        let row = Row::of(&[pair(11.0, 10.0), pair(220.0, 200.0), pair(33.0, 30.0)]);
        assert!((row.ratio.median() - 1.1).abs() < 1e-9);
        assert_eq!(row.to_string(), "33 ns with, 30 ns without, 1.1000");
    }
}
