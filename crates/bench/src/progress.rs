use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::room::Room;

/// Tells once a second how far it is, in one line, until it is dropped. Nothing where nobody looks on.
pub(crate) struct Progress(Option<AbortHandle>);

impl Progress {
    pub(crate) fn show(seconds: u16, rooms: &[Room]) -> Self {
        if !stderr().is_terminal() {
            return Self(None);
        }
        let rooms = rooms.to_vec();
        let showing = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            for second in 0_u16.. {
                ticks.tick().await;
                let so_far = rooms.iter().map(Room::so_far);
                let (sent, told) = so_far.fold((0, 0), |all, it| (all.0 + it[0], all.1 + it[2]));
                let second = second.min(seconds);
                eprint!("\r{second} of {seconds} s: {sent} messages sent, {told} deliveries ");
            }
        });
        Self(Some(showing.abort_handle()))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(showing) = &self.0 {
            showing.abort();
            eprintln!();
        }
    }
}
