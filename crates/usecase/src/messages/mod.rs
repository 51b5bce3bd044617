//! Messages.

mod delete_message;
mod edit_message;
mod list_messages;
mod mark_message;
mod search_messages;
mod send_message;

pub use delete_message::DeleteMessage;
pub use edit_message::{ChangeMessageError, EditMessage};
pub use list_messages::{Cursor, History, ListMessages, ListMessagesError, MessageList};
pub use mark_message::{MarkMessage, MarkMessageError};
pub use search_messages::{SearchMessages, SearchMessagesError};
pub use send_message::{SendMessage, SendMessageError, SendMessageInput, SentMessage};
