use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::{contestant::Contestant, spread::Spread};

/// What was measured of one server in one round.
#[derive(Clone, Copy, Serialize)]
pub struct Figures {
    /// Seconds from the first handshake until the last client had all that it missed.
    pub took: f64,
    /// Messages a second that were told meanwhile.
    pub told: f64,
    /// Processor time of the server for one client, in microseconds.
    pub server_micros: f64,
    /// Seconds that the slowest client waited.
    pub slowest: f64,
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

    /// By its transport: what it is asked for is the same.
    fn name(&self) -> &'static str {
        match self.contestant {
            Contestant::ChatterstackTakeover => "ChatterStack, connections taken over",
            _ => "ChatterStack",
        }
    }

    fn spread(&self, figure: impl Fn(&Figures) -> f64) -> Spread {
        Spread::of(self.figures.iter().map(figure))
    }
}

/// Prints a Markdown table, and all figures in JSON.
pub fn print(sockets: u32, rooms: u16, missed: u16, rows: &[Row]) -> Result<()> {
    println!(
        "| server | all are back after: median (least to most) | messages told a second | processor time of the server for each | the \
         slowest client |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for row in rows {
        let took = row.spread(|it| it.took);
        println!(
            "| {} | {:.1} s ({:.1} to {:.1}) | {:.0} | {:.0} µs | {:.2} s |",
            row.name(),
            took.median(),
            took.at(0.0),
            took.at(1.0),
            row.spread(|it| it.told).median(),
            row.spread(|it| it.server_micros).median(),
            row.spread(|it| it.slowest).median(),
        );
    }
    let figures = rows
        .iter()
        .map(|row| json!({"server": row.name(), "rounds": row.figures}));
    let all = json!({"sockets": sockets, "rooms": rooms, "missed": missed, "servers": figures.collect::<Vec<_>>()});
    println!("\n```json\n{}\n```", serde_json::to_string(&all)?);
    Ok(())
}
