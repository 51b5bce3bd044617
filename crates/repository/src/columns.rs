//! What the SQL adapters write into their columns alike.

use domain::{Role, Seq, UserStatus, Visibility};

/// SQL keeps signed numbers: no room comes near the end of them, but a cursor from outside may lie beyond.
pub(crate) fn number(seq: Seq) -> i64 {
    clamped(seq.0)
}

pub(crate) fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
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
