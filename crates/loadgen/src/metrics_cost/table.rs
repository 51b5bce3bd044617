use std::fmt;

use super::Arguments;
use crate::spread::Spread;

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

    #[test]
    fn a_row_compares_each_with_the_one_beside_it() {
        let pair = |with, without| Pair { with, without };
        let row = Row::of(&[pair(11.0, 10.0), pair(220.0, 200.0), pair(33.0, 30.0)]);
        assert!((row.ratio.median() - 1.1).abs() < 1e-9);
        assert_eq!(row.to_string(), "33 ns with, 30 ns without, 1.1000");
    }
}
