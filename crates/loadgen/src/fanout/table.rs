use anyhow::Result;
use serde_json::json;

use super::{
    measurement::{Latency, Saturated},
    shape::Shape,
};
use crate::{contestant::Contestant, spread::Spread};

/// What came of one server, round by round.
pub struct Row {
    pub contestant: Contestant,
    pub saturated: Vec<Saturated>,
    pub latencies: Vec<Latency>,
}

impl Row {
    /// Nothing yet.
    pub fn of(contestant: Contestant) -> Self {
        Self {
            contestant,
            saturated: Vec::new(),
            latencies: Vec::new(),
        }
    }

    fn deliveries(&self) -> Spread {
        Spread::of(self.saturated.iter().map(|it| it.deliveries))
    }

    /// The median of the ratios to another one of the same round.
    fn ratio(&self, other: &Self, figure: impl Fn(&Self) -> Vec<f64>) -> Option<f64> {
        let pairs = figure(self).into_iter().zip(figure(other));
        let ratios: Vec<_> = pairs.map(|(own, others)| own / others).collect();
        (!ratios.is_empty()).then(|| Spread::of(ratios.into_iter()).median())
    }
}

/// Prints Markdown tables, and all figures in JSON.
pub fn print(shape: Shape, rows: &[Row]) -> Result<()> {
    let [raw, plain] = [Contestant::Raw, Contestant::Plain]
        .map(|contestant| rows.iter().find(|it| it.contestant == contestant));
    println!("\n{shape}:\n");
    println!(
        "| server | deliveries a second: median (least to most) | of the raw loop | of actix-ws, plain | processor time of the \
         server for each | of the load |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let deliveries = row.deliveries();
        let [median, least, most] = [deliveries.median(), deliveries.at(0.0), deliveries.at(1.0)];
        let saturated = |it: &Row| {
            it.saturated
                .iter()
                .map(|it| it.deliveries)
                .collect::<Vec<_>>()
        };
        let of_raw = told(raw.and_then(|raw| row.ratio(raw, saturated)));
        let of_plain = told(plain.and_then(|plain| row.ratio(plain, saturated)));
        let server = Spread::of(row.saturated.iter().map(|it| it.server_nanos)).median();
        let load = Spread::of(row.saturated.iter().map(|it| it.load_nanos)).median();
        println!(
            "| {} | {median:.0} ({least:.0} to {most:.0}) | {of_raw} | {of_plain} | {server:.0} ns | {load:.0} ns |",
            row.contestant.name()
        );
    }
    if rows.iter().any(|it| !it.latencies.is_empty()) {
        println!(
            "\n| server | messages a second | p50: median (least to most) | p99 | longest | p99 of the raw loop's |"
        );
        println!("| --- | --- | --- | --- | --- | --- |");
    }
    for row in rows.iter().filter(|it| !it.latencies.is_empty()) {
        let times = |figure: fn(&Latency) -> f64| {
            let spread = Spread::of(row.latencies.iter().map(figure));
            let [median, least, most] = [spread.median(), spread.at(0.0), spread.at(1.0)];
            format!("{median:.0} µs ({least:.0} to {most:.0})")
        };
        let rate = Spread::of(row.latencies.iter().map(|it| it.rate)).median();
        let p99 = |it: &Row| it.latencies.iter().map(|it| it.p99).collect::<Vec<_>>();
        println!(
            "| {} | {rate:.0} | {} | {} | {} | {} |",
            row.contestant.name(),
            times(|it| it.p50),
            times(|it| it.p99),
            times(|it| it.most),
            told(raw.and_then(|raw| row.ratio(raw, p99))),
        );
    }
    let figures = rows.iter().map(|row| {
        json!({"server": row.contestant.name(), "saturated": row.saturated, "latencies": row.latencies})
    });
    let shape = json!({"rooms": shape.rooms, "sockets": shape.members, "under_way": shape.senders});
    let all = json!({"shape": shape, "servers": figures.collect::<Vec<_>>()});
    println!("\n```json\n{}\n```", serde_json::to_string(&all)?);
    Ok(())
}

fn told(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_of_the_same_round() {
        let row = |figures: [f64; 3]| {
            let mut row = Row::of(Contestant::Raw);
            row.saturated = figures
                .map(|deliveries| Saturated {
                    deliveries,
                    server_nanos: 1.0,
                    load_nanos: 1.0,
                })
                .into();
            row
        };
        let figure = |it: &Row| it.saturated.iter().map(|it| it.deliveries).collect();
        let (own, other) = (row([1.0, 20.0, 300.0]), row([2.0, 40.0, 100.0]));
        assert_eq!(own.ratio(&other, figure), Some(0.5));
        assert_eq!(Row::of(Contestant::Raw).ratio(&other, figure), None);
    }
}
