//! What a log says about a user.

use domain::{RoomEvent, RoomEventKind, UserId};

/// With which event the user came in last.
pub fn joined(log: &[RoomEvent], user: UserId) -> Option<u64> {
    let is_joining = |event: &&RoomEvent| match &event.kind {
        RoomEventKind::MemberJoined(member) => member.user_id == user,
        _ => false,
    };
    log.iter().rfind(is_joining).map(|event| event.seq.0)
}

/// The event ends the user's membership.
pub fn takes_out(event: &RoomEvent, user: UserId) -> bool {
    match &event.kind {
        RoomEventKind::MemberLeft { user_id, .. } => *user_id == user,
        RoomEventKind::RoomDeleted => true,
        _ => false,
    }
}

/// With which event the user's latest membership ended.
pub fn ended(log: &[RoomEvent], user: UserId) -> Option<u64> {
    let joined = joined(log, user)?;
    let since = log.iter().skip(joined as usize);
    let mut ends = since.filter(|event| takes_out(event, user));
    ends.next().map(|event| event.seq.0)
}

pub fn is_member(log: &[RoomEvent], user: UserId) -> bool {
    joined(log, user).is_some() && ended(log, user).is_none()
}

pub fn is_deleted(log: &[RoomEvent]) -> bool {
    matches!(
        log.last().map(|event| &event.kind),
        Some(RoomEventKind::RoomDeleted)
    )
}
