use std::{collections::HashMap, sync::Arc};

use domain::{
    Resumption, RoomId, RoomSnapshot, Seq, StoreError, TRACED, User,
    ports::{Arrival, SessionStore},
};
use tracing::instrument;

use super::standing::Standing;
use crate::Caller;

/// Finds out which rooms a new socket follows, and from where.
pub struct OpenSocket {
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) standing: Standing,
    pub(crate) rooms_per_socket: usize,
}

/// Where a socket starts.
#[derive(Debug, PartialEq, Eq)]
pub struct SocketStart {
    /// Whose it is.
    pub user: User,
    /// The rooms it follows, each as it stood at one moment.
    pub rooms: Vec<RoomSnapshot>,
    /// How the client comes back into each of the rooms of which it said what it has.
    pub resumptions: Vec<Resumption>,
    /// True when it also follows every room that its user comes into later.
    pub follows_all: bool,
}

/// Why no socket is opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenSocketError {
    /// The log-in has ended since the token was checked.
    #[error("the log-in has ended")]
    SessionEnded,
    /// A room is not the caller's, or is not at all: the same answer.
    #[error("a room is not the caller's")]
    RoomForbidden,
    /// More rooms than one socket may name.
    #[error("too many rooms for one socket")]
    TooManyRooms,
    /// What the client has of a room that it does not name among those to be followed.
    #[error("since names a room that room_id does not")]
    NotNamed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenSocket {
    /// The start of a socket that follows the rooms that are named, or, with none, every room of the caller. `since`
    /// says up to where the client has the log of a room.
    ///
    /// # Errors
    /// [`OpenSocketError`].
    #[instrument(target = TRACED, name = "OpenSocket", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        mut named: Vec<RoomId>,
        since: HashMap<RoomId, Seq>,
    ) -> Result<SocketStart, OpenSocketError> {
        named.sort_unstable();
        named.dedup();
        if named.len().max(since.len()) > self.rooms_per_socket {
            return Err(OpenSocketError::TooManyRooms);
        }
        if !named.is_empty() && since.keys().any(|room| named.binary_search(room).is_err()) {
            return Err(OpenSocketError::NotNamed);
        }
        let follows_all = named.is_empty();
        let wanted = named.len();
        let only = (!follows_all).then_some(named);
        // Asked again, now that the socket is registered: a log-out before this is seen here, one after it closes it.
        let (session, user) = (caller.session_id, caller.user_id);
        let arrival = self.sessions.arrival(session, user, only).await?;
        let Arrival { user, mut rooms } = arrival.ok_or(OpenSocketError::SessionEnded)?;
        if !follows_all && rooms.len() < wanted {
            return Err(OpenSocketError::RoomForbidden);
        }
        let standing = &self.standing;
        let resumptions = standing.resume(caller.user_id, since, &mut rooms).await?;
        Ok(SocketStart {
            user,
            rooms,
            resumptions,
            follows_all,
        })
    }
}

#[cfg(test)]
mod tests;
