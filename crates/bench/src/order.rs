use anyhow::{Result, bail, ensure};

use crate::connection::Frame;

/// As long as a short message of people.
const LENGTH: usize = 200;

/// The text of the message of this number, in a room and run that have this tag.
pub(crate) fn content(tag: &str, number: u64) -> String {
    format!("{:.<LENGTH$}", format!("bench {tag} {number} "))
}

/// The check of a socket: each event of the room is the one after the last, and each message comes once, in the order in which it
/// was said.
pub(crate) struct Order {
    tag: String,
    /// Up to where it has the log of the room.
    pub(crate) last: u64,
    /// How many messages have come, which is the number of the next.
    pub(crate) messages: u64,
    /// It has come back, and waits to be told that it has all from there on.
    resumes_from: Option<u64>,
}

/// What a frame tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The message of this number; not live, if the socket has come back and is told what it missed.
    Message {
        number: u64,
        is_live: bool,
    },
    /// That the socket has all that it missed: so many events.
    Resumed(u64),
    Other,
}

impl Order {
    /// Of a room and run that have this tag, behind this event.
    pub(crate) fn behind(last: u64, tag: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            last,
            messages: 0,
            resumes_from: None,
        }
    }

    /// The socket is another one, that said up to where it has the log.
    pub(crate) fn comes_back(&mut self) {
        self.resumes_from = Some(self.last);
    }

    /// Takes a frame.
    ///
    /// # Errors
    /// What the server has lost, doubled or told out of order.
    pub(crate) fn take(&mut self, frame: &Frame) -> Result<Told> {
        if frame.event == "resumed" {
            return self.resumed(frame);
        }
        let Some(seq) = frame.seq else {
            return Ok(Told::Other);
        };
        ensure!(
            seq == self.last + 1,
            "event {seq} came behind event {}",
            self.last
        );
        self.last = seq;
        if frame.event != "receive_message" {
            return Ok(Told::Other);
        }
        let (number, told) = (self.messages, frame.data["content"].as_str());
        ensure!(
            told == Some(content(&self.tag, number).as_str()),
            "in place of message {number} came {told:?}"
        );
        self.messages += 1;
        let is_live = self.resumes_from.is_none();
        Ok(Told::Message { number, is_live })
    }

    fn resumed(&mut self, frame: &Frame) -> Result<Told> {
        let told = |name: &str| frame.data[name].as_u64();
        if frame.data["recovered"] != true {
            bail!(
                "a socket missed more than the server tells who comes back: {}",
                frame.data
            );
        }
        let from = self.resumes_from.take();
        let (Some(from), Some(to)) = (from, told("to")) else {
            bail!("a socket is said to have come back: {}", frame.data);
        };
        ensure!(
            told("from") == Some(from) && to == self.last,
            "a socket that had all up to {from} and was told up to {} has resumed: {}",
            self.last,
            frame.data
        );
        Ok(Told::Resumed(to - from))
    }
}

#[cfg(test)]
mod tests;
