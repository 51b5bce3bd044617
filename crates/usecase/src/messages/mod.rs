//! Messages.

mod add_reaction;
mod delete_message;
mod edit_message;
mod list_messages;
mod list_reactions;
mod mark_message;
mod remove_reaction;
mod search_messages;
mod send_message;

pub use add_reaction::{AddReaction, ReactError};
pub use delete_message::DeleteMessage;
pub use edit_message::{ChangeMessageError, EditMessage};
pub use list_messages::{Cursor, History, ListMessages, ListMessagesError, MessageList};
pub use list_reactions::{ListReactions, ListReactionsError, ReactionList};
pub use mark_message::{MarkMessage, MarkMessageError};
pub use remove_reaction::RemoveReaction;
pub use search_messages::{SearchMessages, SearchMessagesError};
pub use send_message::{SendMessage, SendMessageError, SendMessageInput, SentMessage};
