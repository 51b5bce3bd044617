use std::{fmt, str::FromStr};

use anyhow::{Context, Result, ensure};

/// What is measured: so many rooms of so many sockets, of which so many send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub rooms: usize,
    /// Sockets in each.
    pub members: usize,
    /// Sockets in each that send, one message after the other: so many are under way in a room.
    pub senders: usize,
}

impl Shape {
    /// How many there are in all.
    pub fn sockets(self) -> usize {
        self.rooms * self.members
    }
}

impl FromStr for Shape {
    type Err = anyhow::Error;

    /// As `1x1000x16`: rooms, sockets in each, senders in each.
    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, 'x').map(str::parse);
        let mut next = || {
            let part = parts.next().context("rooms x sockets x senders")?;
            Ok::<usize, anyhow::Error>(part?)
        };
        let shape = Self {
            rooms: next()?,
            members: next()?,
            senders: next()?,
        };
        let fits = shape.rooms >= 1 && (1..shape.members).contains(&shape.senders);
        ensure!(
            fits,
            "a room needs a sender, and a socket that does not send"
        );
        // A sender has four digits.
        ensure!(shape.senders < 10_000, "too many senders");
        Ok(shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} × {:>4}, {} under way in each",
            self.rooms, self.members, self.senders
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_rooms_times_sockets_times_senders() {
        let shape: Shape = "100x10x1".parse().unwrap();
        assert_eq!((shape.rooms, shape.members, shape.senders), (100, 10, 1));
        assert_eq!(shape.sockets(), 1_000);
        for wrong in [
            "", "1x10", "0x10x1", "1x10x10", "1x10x0", "1x2x3x4", "axbxc",
        ] {
            assert!(wrong.parse::<Shape>().is_err(), "{wrong}");
        }
    }
}
