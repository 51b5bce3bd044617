//! Accounts, seen by others.

mod find_user;
mod get_user;
mod set_user_status;
mod share_drafts;

pub use find_user::FindUser;
pub use get_user::{GetUser, GetUserError};
pub use set_user_status::{SetUserStatus, SetUserStatusError};
pub use share_drafts::{ShareDrafts, ShareDraftsError};
