use proptest::prelude::*;

/// How many users there are.
pub(super) const USERS: u8 = 3;

/// What can happen. A [`Pick`] is made among what there is at that moment; a step for which there is nothing is
/// passed over.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Commit,
    CommitLeftOrJoined(u8),
    CommitRoomDeleted,
    /// The bus delivers what it was given first.
    Hear,
    /// It delivers something else first.
    HearLater(Pick),
    HearAgain(Pick),
    Lose(Pick),
    TellHead,
    GapDue,
    StartRead,
    /// The answer is the log as it was at some moment since the read began.
    AnswerRead(Pick),
    FailRead,
    /// A socket comes with a snapshot of some moment, and with what it has: no more than the snapshot.
    Join {
        user: u8,
        snapshot: Pick,
        has: Option<Pick>,
    },
    /// A socket that listens is told, by a snapshot of some moment, that its user is in the room.
    JoinAgain {
        listener: Pick,
        snapshot: Pick,
    },
    Leave(Pick),
}

/// Picks one of so many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick(u8);

impl Pick {
    pub(super) fn of(self, count: usize) -> usize {
        usize::from(self.0) % count
    }
}

/// One draw for each step, and not a strategy for each kind of step, which takes many times as long.
pub(super) fn step() -> impl Strategy<Value = Step> {
    (0..57_u8, any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(kind, first, second, third)| {
        let (one, other, user) = (Pick(first), Pick(second), third % USERS);
        match kind {
            0..8 => Step::Commit,
            8..16 => Step::Hear,
            16..22 => Step::StartRead,
            22..28 => Step::AnswerRead(one),
            28..33 => Step::Join {
                user,
                snapshot: one,
                has: (third < 128).then_some(other),
            },
            33..36 => Step::CommitLeftOrJoined(user),
            36..39 => Step::HearLater(one),
            39..42 => Step::Lose(one),
            42..44 => Step::HearAgain(one),
            44..46 => Step::TellHead,
            46..48 => Step::GapDue,
            48..50 => Step::Leave(one),
            50..52 => Step::JoinAgain {
                listener: one,
                snapshot: other,
            },
            52..54 => Step::FailRead,
            _ if third < 16 => Step::CommitRoomDeleted,
            _ => Step::Commit,
        }
    })
}
