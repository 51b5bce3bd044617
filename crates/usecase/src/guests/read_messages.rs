use std::sync::Arc;

use domain::{
    Message, StoreError, TRACED, UserId,
    ports::{MessagePage, MessageStore, RoomStore, UserStore},
    values::{GuestId, PageSize, RoomName},
};
use tracing::instrument;

use super::{GuestRoom, open_room};

/// Reads what is said in the rooms that guests may come into, without coming in.
pub struct ReadMessages {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadMessagesError {
    /// No such room, or none that lets guests in: the same answer.
    #[error("no such room for guests")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReadMessages {
    /// The newest messages of a room, the oldest of them first.
    ///
    /// # Errors
    /// [`ReadMessagesError`].
    #[instrument(target = TRACED, name = "ReadMessages.of_room", skip_all)]
    pub async fn of_room(
        &self,
        room: &GuestRoom,
        limit: PageSize<200>,
    ) -> Result<Vec<Message>, ReadMessagesError> {
        let room = match room {
            GuestRoom::Made(id) => open_room(&*self.rooms, *id).await?,
            GuestRoom::Named(name) => self.rooms.of_guests(name).await?,
        };
        let room = room.ok_or(ReadMessagesError::RoomNotFound)?;
        let page = MessagePage::Newest { skip: 0 };
        let mut messages = self.messages.page(room.id, page, limit.get()).await?;
        messages.reverse();
        Ok(messages)
    }

    /// True for a name that no room has yet.
    ///
    /// # Errors
    /// The store failed.
    #[instrument(target = TRACED, name = "ReadMessages.is_new", skip_all)]
    pub async fn is_new(&self, room: &RoomName) -> Result<bool, StoreError> {
        Ok(self.rooms.of_guests(room).await?.is_none())
    }

    /// The newest messages of one user in all rooms that let guests in, each with what guests know its room by, the oldest of
    /// them first.
    /// Who is known by no such id has sent none.
    ///
    /// # Errors
    /// The store failed.
    #[instrument(target = TRACED, name = "ReadMessages.of_user", skip_all)]
    pub async fn of_user(
        &self,
        id: &GuestId,
        limit: PageSize<200>,
    ) -> Result<Vec<(GuestRoom, Message)>, StoreError> {
        let user = match id.as_str().parse::<UserId>() {
            Ok(user) if self.users.by_id(user).await?.is_some() => user,
            _ => UserId::of_guest(id),
        };
        let messages = self.messages.among_guests(user, limit.get()).await?;
        let known_by = |(name, message): (Option<RoomName>, Message)| {
            let made = GuestRoom::Made(message.room_id);
            (name.map_or(made, GuestRoom::Named), message)
        };
        Ok(messages.into_iter().rev().map(known_by).collect())
    }
}

#[cfg(test)]
mod tests;
