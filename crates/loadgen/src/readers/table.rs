use std::time::Duration;

use super::{Arguments, round::Round};

/// One figure of all rounds.
struct Spread {
    least: Duration,
    median: Duration,
    most: Duration,
}

impl Spread {
    fn of(mut figures: Vec<Duration>) -> Self {
        figures.sort_unstable();
        Self {
            least: figures[0],
            median: figures[figures.len() / 2],
            most: figures[figures.len() - 1],
        }
    }
}

/// A share of the deliveries, of each round.
fn spread(rounds: &[Round], share: f64) -> Spread {
    Spread::of(
        rounds
            .iter()
            .map(|round| round.latencies.at(share))
            .collect(),
    )
}

/// Prints a Markdown table of both measurements and their ratios. There is at least one round of each.
pub fn print(arguments: &Arguments, without: &[Round], with: &[Round]) {
    let shares = [0.5, 0.99, 1.0];
    let line = |rounds: &[Round]| {
        let cells = shares.map(|share| {
            let Spread {
                least,
                median,
                most,
            } = spread(rounds, share);
            let [least, median, most] = [least, median, most].map(milliseconds);
            format!("{median:.2} ms ({least:.2} to {most:.2})")
        });
        cells.join(" | ")
    };
    let ratios = shares.map(|share| {
        let [with, without] =
            [with, without].map(|rounds| milliseconds(spread(rounds, share).median));
        format!("{:.2}", with / without)
    });
    let gone = Spread::of(with.iter().filter_map(|round| round.gone_after).collect());
    println!(
        "| beside those who read | p50: median (least to most) | p99 | longest | gone after |"
    );
    println!("| --- | --- | --- | --- | --- |");
    println!("| nobody | {} | |", line(without));
    println!(
        "| {} that never read | {} | {:.1} s (at most {:.1} s) |",
        arguments.stuck,
        line(with),
        gone.median.as_secs_f64(),
        gone.most.as_secs_f64()
    );
    println!("| ratio of the medians | {} | |", ratios.join(" | "));
    println!();
    let deliveries = arguments.messages() * usize::from(arguments.receivers);
    println!(
        "{} readers, {} messages a second of {} bytes for {} s; {deliveries} deliveries in each measurement, each message \
         to each reader once and in order.",
        arguments.receivers, arguments.rate, arguments.bytes, arguments.seconds
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
