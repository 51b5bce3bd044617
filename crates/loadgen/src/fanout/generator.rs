use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use super::{rooms::Rooms, shape::Shape, socket::Socket};
use crate::{
    frames,
    handshake::source,
    protocol::{Protocol, Told},
};

/// Every socket of a measurement, and what is under way. The first sockets of a room send, each one message after the other;
/// all receive.
pub struct Generator<'a> {
    poll: Poll,
    rooms: &'a Rooms,
    shape: Shape,
    /// Room by room.
    sockets: Vec<Member>,
    /// Room by room.
    senders: Vec<Sender>,
    greeted: usize,
    buffer: Vec<u8>,
    frame: Vec<u8>,
    tally: Tally,
}

struct Member {
    socket: Socket,
    /// How many messages of each sender of its room have come.
    came: Vec<u32>,
}

#[derive(Default)]
struct Sender {
    /// How many messages it has sent.
    sent: u32,
    /// Those that are under way, the oldest first.
    under_way: VecDeque<Message>,
}

struct Message {
    due: Instant,
    /// How many sockets have not got it.
    missing: usize,
}

/// What came since it was last taken.
pub struct Tally {
    pub deliveries: u64,
    /// From the moment at which a message was due, in nanoseconds. Of the open loop alone.
    pub latencies: Histogram<u64>,
    is_timed: bool,
    /// The senders whose oldest message has come everywhere.
    done: Vec<usize>,
}

/// How much is read of a socket at once.
const BUFFER: usize = 256 * 1_024;
/// How many sockets are told of at once.
const EVENTS: usize = 4_096;
/// What is not there by then is lost.
const BOUND: Duration = Duration::from_secs(30);
/// Nothing has come for so long: who comes in has been told of.
const QUIET: Duration = Duration::from_millis(500);
/// The longest latency that is told apart, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

impl Tally {
    fn new() -> Result<Self> {
        Ok(Self {
            deliveries: 0,
            latencies: Histogram::new_with_max(LONGEST, 3)?,
            is_timed: false,
            done: Vec::new(),
        })
    }
}

impl<'a> Generator<'a> {
    /// Opens all sockets, and waits until they are in their rooms.
    pub fn open(server: SocketAddr, rooms: &'a Rooms, shape: Shape) -> Result<Self> {
        let poll = Poll::new()?;
        let mut sockets = Vec::with_capacity(shape.sockets());
        for index in 0..shape.sockets() {
            let (room, place) = (index / shape.members, index % shape.members);
            let path = rooms.path(room, place);
            let mut socket = Socket::open(server, source(index), &path)
                .with_context(|| format!("socket {index}"))?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(&mut socket.stream, Token(index), interest)?;
            let came = vec![0; shape.senders];
            sockets.push(Member { socket, came });
        }
        let senders = (0..shape.rooms * shape.senders).map(|_| Sender::default());
        let mut generator = Self {
            poll,
            rooms,
            shape,
            sockets,
            senders: senders.collect(),
            greeted: 0,
            buffer: vec![0; BUFFER],
            frame: Vec::new(),
            tally: Tally::new()?,
        };
        generator.wait_for_greetings()?;
        Ok(generator)
    }

    fn protocol(&self) -> Protocol {
        self.rooms.protocol
    }

    fn wait_for_greetings(&mut self) -> Result<()> {
        // Some came with the answer to the handshake.
        for index in 0..self.sockets.len() {
            self.read(index)?;
        }
        let until = Instant::now() + BOUND;
        while self.protocol().greets() && self.greeted < self.sockets.len() {
            self.step(Some(QUIET))?;
            let late = Instant::now() > until;
            ensure!(!late, "{} sockets were greeted", self.greeted);
        }
        while self.step(Some(QUIET))? > 0 {
            ensure!(Instant::now() < until, "the server is never quiet");
        }
        Ok(())
    }

    /// Each sender sends its next message when its last one has come everywhere, for this long. Answers what came in that
    /// time, and after how long the last of it had come.
    pub fn closed_loop(&mut self, lasts: Duration) -> Result<(Tally, Duration)> {
        let begin = Instant::now();
        for sender in 0..self.senders.len() {
            self.send(sender, begin)?;
        }
        while begin.elapsed() < lasts {
            self.step(Some(BOUND))?;
            for sender in std::mem::take(&mut self.tally.done) {
                self.send(sender, begin)?;
            }
        }
        let took = begin.elapsed();
        let tally = std::mem::replace(&mut self.tally, Tally::new()?);
        self.finish()?;
        Ok((tally, took))
    }

    /// Sends so many messages a second, one sender after the other, each when it is due, whatever has become of the others
    /// (no coordinated omission). Answers when all have come.
    pub fn open_loop(&mut self, rate: f64, lasts: Duration) -> Result<Tally> {
        self.tally = Tally::new()?;
        self.tally.is_timed = true;
        let begin = Instant::now();
        let total = (rate * lasts.as_secs_f64()) as usize;
        let mut next = 0;
        while next < total {
            let due = begin + Duration::from_secs_f64(next as f64 / rate);
            if Instant::now() >= due {
                self.send(next % self.senders.len(), due)?;
                next += 1;
            } else {
                // It does not sleep: the system's timers are too coarse.
                self.step(Some(Duration::ZERO))?;
            }
            let late = begin.elapsed() > lasts + BOUND;
            ensure!(!late, "the server does not keep up");
        }
        self.finish()?;
        Ok(std::mem::replace(&mut self.tally, Tally::new()?))
    }

    /// Waits until all that is under way has come.
    fn finish(&mut self) -> Result<()> {
        let until = Instant::now() + BOUND;
        while self.senders.iter().any(|it| !it.under_way.is_empty()) {
            self.step(Some(BOUND))?;
            ensure!(Instant::now() < until, "deliveries are missing");
        }
        self.tally.done.clear();
        Ok(())
    }

    fn send(&mut self, sender: usize, due: Instant) -> Result<()> {
        let (room, place) = (sender / self.shape.senders, sender % self.shape.senders);
        let of_sender = &mut self.senders[sender];
        let message = self.rooms.message(room, place, of_sender.sent);
        of_sender.sent += 1;
        of_sender.under_way.push_back(Message {
            due,
            missing: self.shape.members - usize::from(!self.rooms.protocol.tells_sender()),
        });
        self.frame.clear();
        frames::push_client_text(&mut self.frame, message.as_bytes());
        let member = &mut self.sockets[room * self.shape.members + place];
        Ok(member.socket.write(&self.frame)?)
    }

    /// Takes what has come, and answers at how many sockets; waits for it at most as long as said.
    fn step(&mut self, wait: Option<Duration>) -> Result<usize> {
        let mut events = Events::with_capacity(EVENTS);
        self.poll.poll(&mut events, wait)?;
        let mut readable = 0;
        for event in &events {
            let Token(index) = event.token();
            if event.is_writable() {
                self.sockets[index].socket.flush()?;
            }
            if event.is_readable() {
                readable += 1;
                self.read(index)?;
            }
        }
        Ok(readable)
    }

    fn read(&mut self, index: usize) -> Result<()> {
        let Self {
            sockets,
            senders,
            greeted,
            tally,
            buffer,
            shape,
            ..
        } = self;
        let protocol = self.rooms.protocol;
        let Member { socket, came } = &mut sockets[index];
        let first_sender = index / shape.members * shape.senders;
        let now = Instant::now();
        let reading = socket.read(buffer, |text, answers| {
            match protocol.told(text) {
                Told::Delivery { sender, number } => {
                    let came = came
                        .get_mut(sender)
                        .context("a sender of another measurement")?;
                    let expected = *came;
                    ensure!(
                        protocol.agrees(expected, number),
                        "message {number} of sender {sender} came in place of {expected}"
                    );
                    *came += 1;
                    let place = first_sender + sender;
                    arrived(&mut senders[place], place, expected, now, tally)?;
                }
                Told::Greeting => *greeted += 1,
                Told::Answer(answer) => frames::push_client_text(answers, answer.as_bytes()),
                Told::Other => {}
            }
            Ok(())
        });
        reading.with_context(|| format!("socket {index}"))
    }
}

/// A message of this sender has come to one more socket.
fn arrived(
    sender: &mut Sender,
    place: usize,
    number: u32,
    now: Instant,
    tally: &mut Tally,
) -> Result<()> {
    let oldest = sender.sent - sender.under_way.len() as u32;
    let message = number
        .checked_sub(oldest)
        .and_then(|it| sender.under_way.get_mut(it as usize))
        .context("a message came more often than there are sockets")?;
    message.missing -= 1;
    tally.deliveries += 1;
    if tally.is_timed {
        let took = now.saturating_duration_since(message.due).as_nanos();
        tally.latencies.saturating_record(took as u64);
    }
    while sender.under_way.front().is_some_and(|it| it.missing == 0) {
        sender.under_way.pop_front();
        tally.done.push(place);
    }
    Ok(())
}
