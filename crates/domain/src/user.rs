use serde::{Deserialize, Serialize};

use crate::{
    Timestamp, UserId,
    values::{Email, GuestId, Username},
};

/// Somebody who can be in rooms and write there: a registered account, without its credentials, or a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Unique, whatever the case of its letters; that of a guest is not, and lasts no longer than they like.
    pub username: Username,
    /// What others see; the same as `username` until an account can choose another.
    pub name: Username,
    /// Unique, in lower case; that of a guest is of the domain `guest.invalid` (RFC 2606), and no mail goes there.
    pub email: Email,
    /// What a guest is known by; none for an account. A guest has no password, and is in public rooms alone that allow guests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_id: Option<GuestId>,
    /// What the user last declared.
    pub status: UserStatus,
    /// Others see what the user is writing before it is sent, where they write it as a draft.
    pub shares_drafts: bool,
    /// An admin of the server: sees what is counted of all rooms, and moderates those that guests may come into.
    #[serde(default)]
    pub is_admin: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The domain of the addresses of those who have none (RFC 2606): no account has one there.
const GUESTS: &str = "guest.invalid";

impl Email {
    /// True where nobody has an address: guests and the house are given those.
    #[must_use]
    pub fn is_of_nobody(&self) -> bool {
        let domain = self.as_str().rsplit('@').next().unwrap_or_default();
        domain == GUESTS || domain.ends_with(".guest.invalid")
    }
}

impl User {
    /// A guest, who was let in at this time.
    ///
    /// # Panics
    /// Never: the address that is made of a UUID is good.
    #[must_use]
    pub fn guest(id: UserId, guest_id: GuestId, name: Username, at: Timestamp) -> Self {
        let address = format!("{}@{GUESTS}", id.0.simple());
        Self {
            id,
            username: name.clone(),
            name,
            email: Email::parse(&address).expect("32 letters and digits, and a domain"),
            guest_id: Some(guest_id),
            status: UserStatus::Offline,
            shares_drafts: true,
            is_admin: false,
            created_at: at,
            updated_at: at,
        }
    }
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
