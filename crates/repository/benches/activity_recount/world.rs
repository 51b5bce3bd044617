//! What is said in a few hundred rooms over two months: the same in every run, and for every database.

use domain::Timestamp;
use uuid::Uuid;

pub const ROOMS: usize = 300;
pub const USERS: usize = 500;
const DAYS: usize = 60;

/// 2026-01-01 at 0:00, in microseconds.
const START: i64 = 1_767_225_600_000_000;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// All that is said is in between; whole days.
pub fn begin() -> Timestamp {
    time(START - DAY)
}

/// See [`begin`].
pub fn end() -> Timestamp {
    time(START + 100 * DAY)
}

pub fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("a time of this century")
}

/// Ids that count up, as those of the product do.
fn id(kind: u128, number: usize) -> Uuid {
    const FIRST: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;
    Uuid::from_u128(FIRST + (kind << 48) + number as u128)
}

pub fn user(number: usize) -> Uuid {
    id(1, number)
}

pub fn room(number: usize) -> Uuid {
    id(2, number)
}

pub fn message(number: usize) -> Uuid {
    id(3, number)
}

/// When an account was made.
pub fn user_made(number: usize) -> i64 {
    START + (number * DAYS / USERS) as i64 * DAY
}

/// A message as its row says it in the end.
pub struct Sent {
    pub room: usize,
    pub seq: i64,
    pub sender: usize,
    pub at: i64,
    pub is_deleted: bool,
}

/// A row of a room's log.
pub struct Event {
    pub room: usize,
    pub seq: i64,
    pub kind: &'static str,
    pub actor: usize,
    pub subject: Option<Uuid>,
    pub at: i64,
}

/// What happens between two counts.
pub struct Chapter {
    /// The first message of it; the others follow.
    pub first: usize,
    pub events: Vec<Event>,
    /// Messages of earlier chapters that were deleted in it.
    pub struck: Vec<Uuid>,
    /// A room that was deleted in it.
    pub gone: Option<usize>,
}

pub struct World {
    dice: Dice,
    /// The last number of each room's log.
    pub last: Vec<i64>,
    pub messages: Vec<Sent>,
    standing: Vec<usize>,
}

impl World {
    pub fn new() -> Self {
        Self {
            dice: Dice(2_026),
            last: vec![0; ROOMS],
            messages: Vec::new(),
            standing: Vec::new(),
        }
    }

    /// So many messages over sixty days from this one on; one of twenty events is a deletion, of a message of any age.
    pub fn go_on(&mut self, from_day: i64, count: usize, gone: Option<usize>) -> Chapter {
        let first = self.messages.len();
        let (mut events, mut struck) = (Vec::new(), Vec::new());
        if first == 0 {
            for room in 0..ROOMS {
                events.push(self.event(room, "room_created", 0, None, START));
            }
        }
        for number in 0..count {
            let day = from_day + (number * DAYS / count) as i64;
            let at = START + day * DAY + self.time_of_day();
            if self.dice.below(20) == 0 && !self.standing.is_empty() {
                let pick = self.dice.below(self.standing.len());
                let index = self.standing.swap_remove(pick);
                let sent = &mut self.messages[index];
                sent.is_deleted = true;
                let (room, by) = (sent.room, sent.sender);
                let subject = Some(message(index));
                events.push(self.event(room, "message_deleted", by, subject, at));
                if index < first {
                    struck.push(message(index));
                }
            }
            // A few rooms and a few users say the most.
            let (most, loudest) = (self.dice.below(ROOMS) + 1, self.dice.below(USERS) + 1);
            let (room, sender) = (self.dice.below(most), self.dice.below(loudest));
            let index = self.messages.len();
            let subject = Some(message(index));
            let event = self.event(room, "message_sent", sender, subject, at);
            self.standing.push(index);
            self.messages.push(Sent {
                room,
                seq: event.seq,
                sender,
                at,
                is_deleted: false,
            });
            events.push(event);
        }
        if let Some(room) = gone {
            events.push(self.event(room, "room_deleted", 0, None, START));
        }
        Chapter {
            first,
            events,
            struck,
            gone,
        }
    }

    /// Of every two one is in the hours of work; one of fifty is at the very edge of a minute.
    fn time_of_day(&mut self) -> i64 {
        let hour = match self.dice.below(2) {
            0 => self.dice.below(24),
            _ => 9 + self.dice.below(8),
        };
        let minute = (hour * 60 + self.dice.below(60)) as i64 * 60 * SECOND;
        match self.dice.below(50) {
            0 => minute,
            1 => minute + 60 * SECOND - 1,
            _ => minute + self.dice.below(60_000_000) as i64,
        }
    }

    fn event(
        &mut self,
        room: usize,
        kind: &'static str,
        actor: usize,
        subject: Option<Uuid>,
        at: i64,
    ) -> Event {
        self.last[room] += 1;
        let seq = self.last[room];
        Event {
            room,
            seq,
            kind,
            actor,
            subject,
            at,
        }
    }
}

/// Numbers that look like chance (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}
