use serde::{Deserialize, Serialize};

use crate::{
    Timestamp, UserId,
    values::{Email, Username},
};

/// A registered account, without its credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Unique, whatever the case of its letters.
    pub username: Username,
    /// What others see; the same as `username` until an account can choose another.
    pub name: Username,
    /// Unique, in lower case.
    pub email: Email,
    /// What the user last declared.
    pub status: UserStatus,
    /// Others see what the user is writing before it is sent, where they write it as a draft.
    pub shares_drafts: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a user declares about themselves. Whether they hold a socket is presence, which is another thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum UserStatus {
    /// Here.
    Online,
    /// Away; what a new account starts with.
    Offline,
}
