use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use domain::{
    RefreshTokenHash, RoomId, Session, SessionId, StoreError, StoreResult, Timestamp, UserId,
    ports::{Arrival, NewSession, Rotation, SessionStore},
};
use tokio::try_join;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    Postgres,
    fault::Fault,
    rooms,
    rows::{self, user_columns},
    statement::{self, execute, row},
};

#[async_trait]
impl SessionStore for Postgres {
    async fn open(&self, new: &NewSession) -> StoreResult<()> {
        self.run(async |client: &mut Client| {
            let session = &new.session;
            // Waits for a change of the password that is under way, and then judges by what it has left. FOR KEY SHARE
            // would not wait, and could be given the row as it stood before.
            let opened = execute(
                client,
                "WITH account AS (
                     SELECT id FROM users WHERE id = $2 AND password_hash = $6 AND deactivated_at IS NULL FOR SHARE
                 ), opened AS (
                     INSERT INTO sessions (id, user_id, created_at) SELECT $1, id, $3 FROM account RETURNING id
                 )
                 INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT $4, id, $5 FROM opened",
                &[
                    &session.id.0,
                    &session.user_id.0,
                    &session.created_at,
                    &new.refresh.0.as_slice(),
                    &new.refresh_expires_at,
                    &new.judged_by.0,
                ],
            )
            .await?;
            match opened {
                0 => Err(StoreError::Denied.into()),
                _ => Ok(()),
            }
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
        self.change(async |transaction: &Transaction<'_>| {
            rotate(transaction, old, new, now, new_expires_at).await
        })
        .await
    }

    async fn by_refresh_token(&self, token: RefreshTokenHash) -> StoreResult<Option<Session>> {
        self.run(async |client: &mut Client| {
            let found = row(
                client,
                "SELECT s.id, s.user_id, s.created_at
                 FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = $1",
                &[&token.0.as_slice()],
            )
            .await?;
            found.as_ref().map(rows::session).transpose()
        })
        .await
    }

    async fn is_live(&self, id: SessionId) -> StoreResult<bool> {
        self.run(async |client: &mut Client| {
            let live = "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL";
            Ok(row(client, live, &[&id.0]).await?.is_some())
        })
        .await
    }

    async fn arrival(
        &self,
        id: SessionId,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Option<Arrival>> {
        self.run(async |client: &mut Client| {
            let client = &*client;
            let whose = concat!(
                "SELECT ",
                user_columns!(),
                " FROM users WHERE id = $2 AND EXISTS
                  (SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL)"
            );
            let asked: [&(dyn ToSql + Sync); 2] = [&id.0, &user.0];
            // Both at once, in one round trip.
            let (holder, rooms) = try_join!(
                row(client, whose, &asked),
                rooms::snapshots(client, user, only)
            )?;
            let user = holder.as_ref().map(rows::user).transpose()?;
            Ok(user.map(|user| Arrival { user, rooms }))
        })
        .await
    }

    async fn ended_among(&self, ids: Vec<SessionId>) -> StoreResult<Vec<SessionId>> {
        let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
        self.run(async |client: &mut Client| {
            let ended = statement::rows(
                client,
                "SELECT DISTINCT asked.id FROM unnest($1::uuid[]) AS asked (id)
                 WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = asked.id AND s.revoked_at IS NULL)",
                &[&ids],
            )
            .await?;
            rows::all(ended, |row| Ok(SessionId(row.try_get("id")?)))
        })
        .await
    }

    async fn revoke(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        self.run(async |client: &mut Client| {
            let ended = execute(
                client,
                "UPDATE sessions SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
                &[&id.0, &user.0, &at],
            )
            .await?;
            Ok(ended == 1)
        })
        .await
    }
}

/// One who ends all log-ins of a user at a time: two would wait for each other's rows, in any order.
pub(super) async fn lock_account(transaction: &Transaction<'_>, user: UserId) -> Result<(), Fault> {
    let lock = "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE";
    row(transaction, lock, &[&user.0]).await?;
    Ok(())
}

/// Ends the log-ins of a user, but for one if it is named. The account is locked, so that none is being opened: a
/// statement that began before would not see one that was.
pub(super) async fn revoke_all_but(
    transaction: &Transaction<'_>,
    user: UserId,
    kept: Option<SessionId>,
    at: Timestamp,
) -> Result<Vec<SessionId>, Fault> {
    let ended = statement::rows(
        transaction,
        "UPDATE sessions SET revoked_at = $3
         WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND revoked_at IS NULL
         RETURNING id",
        &[&user.0, &kept.map(|id| id.0), &at],
    )
    .await?;
    rows::all(ended, |row| Ok(SessionId(row.try_get("id")?)))
}

async fn rotate(
    transaction: &Transaction<'_>,
    old: RefreshTokenHash,
    new: RefreshTokenHash,
    now: Timestamp,
    new_expires_at: Timestamp,
) -> Result<Rotation, Fault> {
    // One at a time for each log-in: what became of the token is asked in the next statement, which sees all that was
    // done before the lock was granted.
    let locked = row(
        transaction,
        "SELECT s.id FROM sessions s JOIN refresh_tokens t ON t.session_id = s.id
         WHERE t.hash = $1 AND s.revoked_at IS NULL
         FOR NO KEY UPDATE OF s",
        &[&old.0.as_slice()],
    )
    .await?;
    if locked.is_none() {
        return Ok(Rotation::Refused);
    }
    let found = row(
        transaction,
        "SELECT s.id, s.user_id, s.created_at, t.expires_at, t.spent_at IS NOT NULL AS spent
         FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
         WHERE t.hash = $1",
        &[&old.0.as_slice()],
    )
    .await?;
    let Some(found) = found else {
        return Ok(Rotation::Refused);
    };
    let session = rows::session(&found)?;
    // Before the expiry: a thief who waits is a thief still.
    if found.try_get("spent")? {
        let revoke = "UPDATE sessions SET revoked_at = $2 WHERE id = $1";
        execute(transaction, revoke, &[&session.id.0, &now]).await?;
        return Ok(Rotation::Reused(session));
    }
    if found.try_get::<_, Timestamp>("expires_at")? <= now {
        return Ok(Rotation::Refused);
    }
    execute(
        transaction,
        "WITH spent AS (
             UPDATE refresh_tokens SET spent_at = $2 WHERE hash = $1 RETURNING session_id
         )
         INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT $3, session_id, $4 FROM spent",
        &[
            &old.0.as_slice(),
            &now,
            &new.0.as_slice(),
            &new_expires_at,
        ],
    )
    .await?;
    Ok(Rotation::Rotated(session))
}

#[cfg(test)]
mod tests;
