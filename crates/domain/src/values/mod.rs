//! Values that are valid by construction: `parse` is the only way in, for serde too.

mod content;
mod email;
mod names;
mod page;
mod password;
mod text;

pub use content::{AttachmentUrl, ClientMsgId, Emoji, MessageContent, MimeType, SearchTerm};
pub use email::Email;
pub use names::{GuestId, RoomDescription, RoomName, Username};
pub use page::PageSize;
pub use password::Password;
pub use text::InvalidValue;
