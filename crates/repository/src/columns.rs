//! What the SQL adapters write into their columns alike.

use domain::{Role, Seq, UserId, UserStatus, Visibility, values::RoomName};

/// SQL keeps signed numbers: no room comes near the end of them, but a cursor from outside may lie beyond.
pub(crate) fn number(seq: Seq) -> i64 {
    clamped(seq.0)
}

pub(crate) fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
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
