//! What the SQL adapters write into their columns alike.

use domain::{Interval, Role, Seq, UserId, UserStatus, Visibility, values::RoomName};

/// SQL keeps signed numbers: no room comes near the end of them, but a cursor from outside may lie beyond.
pub(crate) fn number(seq: Seq) -> i64 {
    clamped(seq.0)
}

pub(crate) fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How an interval is written.
pub(crate) fn interval_number(interval: Interval) -> i16 {
    match interval {
        Interval::Minute => 0,
        Interval::Hour => 1,
        Interval::Day => 2,
    }
}

/// A room that stands at a number, and could go on to another.
pub(crate) type Standing<R> = (R, u64, u64);

/// Those of rooms that are gone, and the others: nothing of the first is to be counted any more.
pub(crate) fn gone_apart<R>(
    rooms: Vec<(bool, Standing<R>)>,
) -> (Vec<Standing<R>>, Vec<Standing<R>>) {
    let (gone, others): (Vec<_>, Vec<_>) = rooms.into_iter().partition(|(is_gone, _)| *is_gone);
    let alone = |rooms: Vec<(bool, Standing<R>)>| rooms.into_iter().map(|(_, it)| it).collect();
    (alone(gone), alone(others))
}

/// How many rows of activity are touched where so many events are counted: at most one for each interval.
pub(crate) fn rows_of(events: u32) -> u64 {
    3 * u64::from(events)
}

/// Of rooms that stand at a number each, and could go on to another: up to where each goes on, `limit` events in all. Answers
/// them, those without any left out, and how many events that are.
pub(crate) fn take_from_each<R>(standing: Vec<Standing<R>>, limit: u32) -> (Vec<Standing<R>>, u64) {
    let mut left = u64::from(limit);
    let mut todo = Vec::new();
    for (room, seq, last) in standing {
        let upto = last.min(seq + left);
        left -= upto - seq;
        if upto > seq {
            todo.push((room, seq, upto));
        }
    }
    (todo, u64::from(limit) - left)
}

/// What a room is found by that guests know by its name; a direct room's key begins in another way.
pub(crate) fn guests_key(name: &RoomName) -> String {
    format!("guests:{name}")
}

/// What no two users have in common; a guest's name may be anybody's. No name can be chosen that has it as its key.
pub(crate) fn guest_key(id: UserId) -> String {
    format!("\n{id}")
}

pub(crate) fn role_text(role: Role) -> &'static str {
    match role {
        Role::Owner => "OWNER",
        Role::Admin => "ADMIN",
        Role::Member => "MEMBER",
    }
}

pub(crate) fn user_status_text(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Online => "ONLINE",
        UserStatus::Offline => "OFFLINE",
    }
}

pub(crate) fn visibility_text(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "private",
        Visibility::Public => "public",
    }
}
