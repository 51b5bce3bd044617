//! Who is in a room.

mod add_member;
mod list_members;
mod remove_member;
mod telling;

pub(crate) use telling::{tell_joined, tell_left};

pub use add_member::{AddMember, AddMemberError, AddMemberInput};
pub use list_members::{ListMembers, ListMembersError};
pub use remove_member::{RemoveMember, RemoveMemberError};
