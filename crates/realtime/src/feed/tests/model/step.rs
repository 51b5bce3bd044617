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
    AnswerRead {
        moment: Pick,
        refusals: Refusals,
    },
    FailRead,
    Join {
        user: u8,
        coming: Coming,
    },
    /// A socket that listens comes again, in this way.
    JoinAgain {
        listener: Pick,
        coming: Coming,
    },
    /// A signal says that a listener's membership had ended at some moment.
    End {
        listener: Pick,
        moment: Pick,
    },
    /// One that was held back takes more.
    Release(Pick),
    Leave(Pick),
}

/// How somebody comes: with what the database said about the user at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coming {
    /// A member, from that moment on.
    Live { snapshot: Pick },
    /// A member, with no more than there was at that moment. It wants to be told when it has that, or not.
    Back {
        snapshot: Pick,
        has: Pick,
        resumes: bool,
    },
    /// No member any more, with less than it was entitled to.
    Former { moment: Pick, has: Pick },
}

/// Picks one of so many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick(u8);

impl Pick {
    pub(super) const FIRST: Self = Self(0);

    pub(super) fn of(self, count: usize) -> usize {
        usize::from(self.0) % count
    }
}

/// Which of the events that a listener is offered are refused: a bit for each, again and again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusals(u8);

impl Refusals {
    pub(super) const NONE: Self = Self(0);

    /// The next answer.
    pub(super) fn takes(&mut self) -> bool {
        let refuses = self.0 & 1 == 1;
        self.0 = self.0.rotate_right(1);
        !refuses
    }
}

/// One draw for each step, and not a strategy for each kind of step, which takes many times as long.
pub(super) fn step() -> impl Strategy<Value = Step> {
    let draw = (0..74_u8, any::<u8>(), any::<u8>(), any::<u8>());
    draw.prop_map(|(kind, first, second, third)| {
        let (one, other, user) = (Pick(first), Pick(second), third % USERS);
        let coming = match third / 32 {
            0 | 1 => Coming::Live { snapshot: one },
            2..=5 => Coming::Back {
                snapshot: one,
                has: other,
                resumes: third / 32 != 2,
            },
            _ => Coming::Former {
                moment: one,
                has: other,
            },
        };
        match kind {
            0..8 => Step::Commit,
            8..16 => Step::Hear,
            16..24 => Step::StartRead,
            24..32 => Step::AnswerRead {
                moment: one,
                // One in four answers finds queues that are full.
                refusals: Refusals(if third < 64 { second } else { 0 }),
            },
            32..38 => Step::Join { user, coming },
            38..42 => Step::CommitLeftOrJoined(user),
            42..45 => Step::HearLater(one),
            45..48 => Step::Lose(one),
            48..50 => Step::HearAgain(one),
            50..52 => Step::TellHead,
            52..54 => Step::GapDue,
            54..56 => Step::Leave(one),
            56..61 => Step::JoinAgain {
                listener: Pick(first.rotate_left(4) ^ second),
                coming,
            },
            61..63 => Step::FailRead,
            63..67 => Step::Release(one),
            67..69 => Step::End {
                listener: one,
                moment: other,
            },
            _ if third < 16 => Step::CommitRoomDeleted,
            _ => Step::Commit,
        }
    })
}
