use proptest::prelude::*;

pub const ROOMS: usize = 3;
pub const USERS: usize = 2;
/// Two devices of the first user, one of the second, and one of the second that names its rooms.
pub const CLIENTS: usize = 4;

/// What can happen. A pick is made among what there is at that moment; a step for which there is nothing is passed over.
#[derive(Debug, Clone)]
pub enum Step {
    /// So many events, of which the bus is told but tells nobody yet.
    Commit {
        room: usize,
        count: u8,
    },
    LeaveOrJoin {
        room: usize,
        user: usize,
    },
    DeleteRoom(usize),
    /// The bus tells so many of what it was told first.
    Hear(u8),
    /// It tells something else first.
    HearLater(u8),
    HearAgain(u8),
    Lose(u8),
    SayLost,
    SayLostIn(usize),
    /// A client that is away takes the next step of the handshake: it registers, asks where it stands, starts.
    Connect {
        client: usize,
        forgets: bool,
    },
    Disconnect(usize),
    /// A client that is there gives a command, or the command that it gave is carried out.
    Command {
        client: usize,
        command: Command,
    },
    /// A client reads so many frames.
    Read {
        client: usize,
        frames: u8,
    },
    LogFails,
    LogHolds,
    LogAnswers,
    Pass {
        ms: u16,
    },
}

#[derive(Debug, Clone, Copy)]
pub enum Command {
    Send(usize),
    Subscribe(usize),
    Unsubscribe(usize),
    /// With what the client has of the room, or less by so many.
    Resume {
        room: usize,
        less: u8,
    },
}

/// A step, and whether all that can happen because of it happens before the next.
pub fn step() -> impl Strategy<Value = (Step, bool)> {
    let draw = (0..64_u8, any::<u8>(), any::<u8>(), any::<u8>());
    draw.prop_map(|(kind, first, second, third)| {
        let (room, client) = (usize::from(second) % ROOMS, usize::from(third) % CLIENTS);
        let user = usize::from(third) % USERS;
        let step = match kind {
            0..8 => Step::Commit {
                room,
                count: 1 + first % 4,
            },
            8..10 => Step::LeaveOrJoin { room, user },
            10 if first < 64 => Step::DeleteRoom(room),
            10..18 => Step::Hear(1 + first % 6),
            18..21 => Step::HearLater(first),
            21..23 => Step::HearAgain(first),
            23..26 => Step::Lose(first),
            26 => Step::SayLost,
            27 => Step::SayLostIn(room),
            28..39 => Step::Connect {
                client,
                forgets: first < 32,
            },
            39 => Step::Disconnect(client),
            40..51 => Step::Command {
                client,
                command: match first % 8 {
                    0..3 => Command::Send(room),
                    3 => Command::Subscribe(room),
                    4 | 5 => Command::Unsubscribe(room),
                    _ => Command::Resume {
                        room,
                        less: first / 8 % 16,
                    },
                },
            },
            51..60 => Step::Read {
                client,
                frames: first % 24,
            },
            60 => Step::LogFails,
            61 => Step::LogHolds,
            62 => Step::LogAnswers,
            _ => Step::Pass {
                ms: u16::from(first) * 8,
            },
        };
        (step, second % 4 != 3)
    })
}
