use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::{contestant::Contestant, spread::Spread};

/// What was measured of one server in one round.
#[derive(Clone, Copy, Serialize)]
pub struct Figures {
    /// Sockets a second.
    pub opened: f64,
    /// Processor time of the server to open one, in microseconds.
    pub server_micros: f64,
    /// The same of the load.
    pub load_micros: f64,
    /// KiB of the server for each.
    pub resident: f64,
    /// KiB of the system for both ends of each.
    pub kernel: f64,
    /// Percent of a processor that the server takes while all are open and nothing is said.
    pub idle_percent: f64,
}

/// What came of one server, round by round.
pub struct Row {
    pub contestant: Contestant,
    pub figures: Vec<Figures>,
}

impl Row {
    /// Nothing yet.
    pub fn of(contestant: Contestant) -> Self {
        Self {
            contestant,
            figures: Vec::new(),
        }
    }

    fn spread(&self, figure: impl Fn(&Figures) -> f64) -> Spread {
        Spread::of(self.figures.iter().map(figure))
    }

    /// The median of the ratios to another one of the same round.
    fn ratio(&self, other: &Self) -> f64 {
        let pairs = self.figures.iter().zip(&other.figures);
        Spread::of(pairs.map(|(own, others)| own.opened / others.opened)).median()
    }
}

/// Prints a Markdown table, and all figures in JSON.
pub fn print(sockets: u32, rooms: u16, rows: &[Row]) -> Result<()> {
    let plain = rows.iter().find(|it| it.contestant == Contestant::Plain);
    println!(
        "| server | opened a second: median (least to most) | of actix-ws, plain | processor time of the server for each | of the \
         load | KiB of the server for each | KiB of the system, both ends | of a processor while nothing is said |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        let told = |spread: Spread, digits: usize| {
            let [median, least, most] = [spread.median(), spread.at(0.0), spread.at(1.0)];
            format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
        };
        let of_plain = plain.map_or_else(String::new, |plain| format!("{:.2}", row.ratio(plain)));
        println!(
            "| {} | {} | {of_plain} | {:.0} µs | {:.0} µs | {} | {:.1} | {:.2} % |",
            row.contestant.name(),
            told(row.spread(|it| it.opened), 0),
            row.spread(|it| it.server_micros).median(),
            row.spread(|it| it.load_micros).median(),
            told(row.spread(|it| it.resident), 1),
            row.spread(|it| it.kernel).median(),
            row.spread(|it| it.idle_percent).median(),
        );
    }
    let figures = rows
        .iter()
        .map(|row| json!({"server": row.contestant.name(), "rounds": row.figures}));
    let all = json!({"sockets": sockets, "rooms": rooms, "servers": figures.collect::<Vec<_>>()});
    println!("\n```json\n{}\n```", serde_json::to_string(&all)?);
    Ok(())
}
