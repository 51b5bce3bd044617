use async_trait::async_trait;
use domain::{
    RefreshTokenHash, RoomId, Session, SessionId, StoreError, StoreResult, Timestamp, UserId,
    ports::{Arrival, NewSession, Rotation, SessionStore},
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Sqlite,
    fault::Fault,
    rooms,
    rows::{self, micros},
};

#[async_trait]
impl SessionStore for Sqlite {
    async fn open(&self, new: &NewSession) -> StoreResult<()> {
        let new = new.clone();
        self.write(move |connection| {
            let session = &new.session;
            let opened = connection
                .prepare_cached(
                    "INSERT INTO sessions (id, user_id, created_at)
                     SELECT ?1, id, ?3 FROM users WHERE id = ?2 AND password_hash = ?4 AND deactivated_at IS NULL",
                )?
                .execute(params![
                    session.id.0,
                    session.user_id.0,
                    micros(session.created_at),
                    new.judged_by.0,
                ])?;
            if opened == 0 {
                return Err(StoreError::Denied.into());
            }
            keep(connection, new.refresh, session.id, new.refresh_expires_at)
        })
        .await
    }

    async fn rotate(
        &self,
        old: RefreshTokenHash,
        new: RefreshTokenHash,
        now: Timestamp,
        new_expires_at: Timestamp,
    ) -> StoreResult<Rotation> {
        self.write(move |connection| rotate(connection, old, new, now, new_expires_at))
            .await
    }

    async fn by_refresh_token(&self, token: RefreshTokenHash) -> StoreResult<Option<Session>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT s.* FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = ?1",
                )?
                .query_row([token.0], rows::session)
                .optional()?)
        })
        .await
    }

    async fn is_live(&self, id: SessionId) -> StoreResult<bool> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND revoked_at IS NULL")?
                .exists([id.0])?)
        })
        .await
    }

    async fn arrival(
        &self,
        id: SessionId,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Option<Arrival>> {
        let only = only.map(|rooms| rows::id_list(rooms.iter().map(|room| room.0)));
        self.read(move |connection| {
            let user = connection
                .prepare_cached(
                    "SELECT u.* FROM sessions s JOIN users u ON u.id = s.user_id
                     WHERE s.id = ?1 AND s.user_id = ?2 AND s.revoked_at IS NULL",
                )?
                .query_row([id.0, user.0], rows::user)
                .optional()?;
            let Some(user) = user else {
                return Ok(None);
            };
            let rooms = rooms::snapshots(connection, user.id, only.as_deref())?;
            Ok(Some(Arrival { user, rooms }))
        })
        .await
    }

    async fn ended_among(&self, ids: Vec<SessionId>) -> StoreResult<Vec<SessionId>> {
        let ids = rows::id_list(ids.iter().map(|id| id.0));
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT unhex(asked.value) AS id FROM json_each(?1) asked
                 WHERE NOT EXISTS (SELECT 1 FROM sessions s
                                   WHERE s.id = unhex(asked.value) AND s.revoked_at IS NULL)",
            )?;
            let ended = statement.query_map([ids], |row| Ok(SessionId(row.get("id")?)))?;
            Ok(ended.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn revoke(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        self.write(move |connection| revoke(connection, user, id, at))
            .await
    }
}

fn rotate(
    connection: &Connection,
    old: RefreshTokenHash,
    new: RefreshTokenHash,
    now: Timestamp,
    new_expires_at: Timestamp,
) -> Result<Rotation, Fault> {
    let found = connection
        .prepare_cached(
            "SELECT s.*, t.expires_at, t.spent_at IS NOT NULL AS spent
             FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
             WHERE t.hash = ?1 AND s.revoked_at IS NULL",
        )?
        .query_row([old.0], |row| {
            let expires_at = rows::time(row, "expires_at")?;
            Ok((
                rows::session(row)?,
                expires_at,
                row.get::<_, bool>("spent")?,
            ))
        })
        .optional()?;
    let Some((session, expires_at, spent)) = found else {
        return Ok(Rotation::Refused);
    };
    // Before the expiry: a thief who waits is a thief still.
    if spent {
        revoke(connection, session.user_id, session.id, now)?;
        return Ok(Rotation::Reused(session));
    }
    if expires_at <= now {
        return Ok(Rotation::Refused);
    }
    connection
        .prepare_cached("UPDATE refresh_tokens SET spent_at = ?2 WHERE hash = ?1")?
        .execute(params![old.0, micros(now)])?;
    keep(connection, new, session.id, new_expires_at)?;
    Ok(Rotation::Rotated(session))
}

fn keep(
    connection: &Connection,
    token: RefreshTokenHash,
    session: SessionId,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![token.0, session.0, micros(expires_at)])?;
    Ok(())
}

fn revoke(
    connection: &Connection,
    user: UserId,
    id: SessionId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let ended = connection
        .prepare_cached(
            "UPDATE sessions SET revoked_at = ?3 WHERE id = ?1 AND user_id = ?2 AND revoked_at IS NULL",
        )?
        .execute(params![id.0, user.0, micros(at)])?;
    Ok(ended == 1)
}

/// Ends the log-ins of a user, but for one if it is named.
pub(super) fn revoke_all_but(
    connection: &Connection,
    user: UserId,
    kept: Option<SessionId>,
    at: Timestamp,
) -> Result<Vec<SessionId>, Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE sessions SET revoked_at = ?3 WHERE user_id = ?1 AND id IS NOT ?2 AND revoked_at IS NULL
         RETURNING id",
    )?;
    let ended = statement.query_map(params![user.0, kept.map(|id| id.0), micros(at)], |row| {
        Ok(SessionId(row.get("id")?))
    })?;
    Ok(ended.collect::<Result<_, _>>()?)
}
