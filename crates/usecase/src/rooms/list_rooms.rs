use std::sync::Arc;

use domain::{Room, StoreError, TRACED, ports::RoomStore, values::PageSize};
use tracing::instrument;

use crate::Caller;

/// Lists rooms.
pub struct ListRooms {
    pub(crate) rooms: Arc<dyn RoomStore>,
}

/// Which rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomScope {
    /// Those that the caller is in.
    Mine,
    /// Those that everybody may join.
    Public,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListRoomsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListRooms {
    /// The rooms, with `name_contains` those whose name has it in it.
    ///
    /// # Errors
    /// [`ListRoomsError`].
    #[instrument(target = TRACED, name = "ListRooms", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        scope: RoomScope,
        name_contains: Option<&str>,
        limit: PageSize<100>,
    ) -> Result<Vec<Room>, ListRoomsError> {
        let found = match scope {
            RoomScope::Mine => {
                self.rooms
                    .of_user(caller.user_id, name_contains, limit.get())
                    .await
            }
            RoomScope::Public => self.rooms.public(name_contains, limit.get()).await,
        };
        Ok(found?)
    }
}

#[cfg(test)]
mod tests;
