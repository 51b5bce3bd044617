use std::{
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::values::GuestId;

/// The text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

/// By ids, of which most are made here by chance: a hash that is quick, and still differs from process to process, does.
pub type IdMap<K, V> = HashMap<K, V, RandomState>;

/// Ids, each once; as [`IdMap`].
pub type IdSet<K> = HashSet<K, RandomState>;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }
    };
}

id!(
    /// A person or a bot.
    UserId
);
impl SessionId {
    /// Of a guest, who has not logged in: no log-in has it.
    pub const NONE: Self = Self(Uuid::nil());
}

impl UserId {
    /// The product itself: it makes the rooms that nobody made. An account that nobody logs in to, and no member of any room.
    pub const HOUSE: Self = Self(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000));

    /// The user that a guest of this id is, on every node: a UUID of version 5 (RFC 9562, section 5.5).
    #[must_use]
    pub fn of_guest(id: &GuestId) -> Self {
        const GUESTS: Uuid = Uuid::from_u128(0x9f0c_2f7e_3b1d_4c58_a6a5_5d7e_0c41_b2f3);
        Self(Uuid::new_v5(&GUESTS, id.as_str().as_bytes()))
    }

    /// True for what may be an account that somebody has: neither a guest nor the house.
    #[must_use]
    pub fn is_of_account(self) -> bool {
        !self.is_guest() && self != Self::HOUSE
    }

    /// True for a guest: the id of an account is never of version 5.
    #[must_use]
    pub fn is_guest(self) -> bool {
        self.0.get_version_num() == 5
    }
}
id!(
    /// A room, direct ones included.
    RoomId
);
id!(
    /// A message.
    MessageId
);
id!(
    /// A message that is being written; the message itself has the same id once it is sent.
    StreamId
);
id!(
    /// One log-in: the family that all of its refresh tokens belong to.
    SessionId
);
id!(
    /// One open socket.
    ConnectionId
);
id!(
    /// One process of the server, from its start to its end.
    NodeId
);

/// The number of an event in its room's log: 1 for the first, without gaps. 0 is "before the first".
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first event of a room.
    pub const START: Self = Self(0);

    /// The number that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(id: &str) -> UserId {
        UserId::of_guest(&GuestId::parse(id).unwrap())
    }

    /// Nodes of all versions must come to the same one, or a guest is two.
    #[test]
    fn a_guest_is_the_same_user_everywhere_and_for_ever() {
        let zoe = guest("zoe-1");
        assert_eq!(zoe.to_string(), "dfeb84ab-6f60-5cf6-b094-5d8cf76ff475");
        assert_eq!(guest(" zoe-1 "), zoe);
        assert_eq!(
            guest("Zoë").to_string(),
            "30f172b1-166c-5070-bdae-ab539bf16898"
        );
    }

    #[test]
    fn guests_are_told_apart_by_the_letter() {
        let ids = ["zoe", "Zoe", "zo e", "zoé", "zoe\u{301}"].map(guest);
        let each_once: std::collections::HashSet<_> = ids.into_iter().collect();
        assert_eq!(each_once.len(), ids.len());
    }

    #[test]
    fn a_guest_is_told_from_an_account_and_from_the_house_by_the_id_alone() {
        // Also one who calls themselves by the id of an account.
        let account = "01900000-0000-7000-8000-000000000001";
        for known_by in ["zoe", account] {
            assert!(guest(known_by).is_guest(), "{known_by}");
        }
        let account: UserId = account.parse().unwrap();
        for user in [account, UserId::HOUSE, UserId(Uuid::nil())] {
            assert!(!user.is_guest(), "{user}");
        }
    }
}
