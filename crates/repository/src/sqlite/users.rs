use async_trait::async_trait;
use domain::{
    Conflict, PasswordHash, SessionId, StoreError, StoreResult, Timestamp, User, UserId,
    UserStatus, ports::UserStore, values::Email,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Sqlite,
    fault::Fault,
    rows::{self, micros},
    sessions::revoke_all_but,
};

#[async_trait]
impl UserStore for Sqlite {
    async fn create(&self, user: &User, password: &PasswordHash) -> StoreResult<()> {
        let (user, password) = (user.clone(), password.clone());
        self.write(move |connection| insert(connection, &user, &password))
            .await
    }

    async fn admit(&self, guest: &User) -> StoreResult<()> {
        let guest = guest.clone();
        self.write(move |connection| {
            let admitted = connection
                .prepare_cached(
                    "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at,
                                        updated_at, guest_id)
                     VALUES (?1, ?2, ?3, ?2, ?4, '', ?5, ?6, ?6, ?7)
                     ON CONFLICT (id) DO UPDATE
                     SET username = excluded.username, name = excluded.name, updated_at = excluded.updated_at
                     WHERE guest_id IS NOT NULL",
                )?
                .execute(params![
                    guest.id.0,
                    guest.username.as_str(),
                    rows::guest_key(guest.id),
                    guest.email.as_str(),
                    rows::user_status_text(guest.status),
                    micros(guest.updated_at),
                    guest.guest_id.as_ref().map(|id| id.as_str()),
                ])?;
            if admitted == 0 {
                return Err(StoreError::Denied.into());
            }
            Ok(())
        })
        .await
    }

    async fn by_id(&self, id: UserId) -> StoreResult<Option<User>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT * FROM users WHERE id = ?1")?
                .query_row([id.0], rows::user)
                .optional()?)
        })
        .await
    }

    async fn by_email(&self, email: &Email) -> StoreResult<Option<User>> {
        let email = email.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT * FROM users WHERE email = ?1")?
                .query_row([email.as_str()], rows::user)
                .optional()?)
        })
        .await
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<(User, PasswordHash)>> {
        let email = email.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM users
                     WHERE email = ?1 AND deactivated_at IS NULL AND password_hash <> ''",
                )?
                .query_row([email.as_str()], |row| {
                    Ok((rows::user(row)?, PasswordHash(row.get("password_hash")?)))
                })
                .optional()?)
        })
        .await
    }

    async fn password(&self, id: UserId) -> StoreResult<Option<PasswordHash>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT password_hash FROM users
                     WHERE id = ?1 AND deactivated_at IS NULL AND password_hash <> ''",
                )?
                .query_row([id.0], |row| Ok(PasswordHash(row.get(0)?)))
                .optional()?)
        })
        .await
    }

    async fn set_status(&self, id: UserId, status: UserStatus, at: Timestamp) -> StoreResult<()> {
        self.write(move |connection| {
            let found = connection
                .prepare_cached("UPDATE users SET status = ?2, updated_at = ?3 WHERE id = ?1")?
                .execute(params![id.0, rows::user_status_text(status), micros(at)])?;
            if found == 0 {
                return Err(StoreError::NotFound.into());
            }
            Ok(())
        })
        .await
    }

    async fn share_drafts(&self, id: UserId, shared: bool, at: Timestamp) -> StoreResult<()> {
        self.write(move |connection| {
            let found = connection
                .prepare_cached(
                    "UPDATE users SET shares_drafts = ?2, updated_at = ?3 WHERE id = ?1",
                )?
                .execute(params![id.0, shared, micros(at)])?;
            if found == 0 {
                return Err(StoreError::NotFound.into());
            }
            Ok(())
        })
        .await
    }

    async fn shares_drafts(&self, id: UserId) -> StoreResult<Option<bool>> {
        let user = UserStore::by_id(self, id).await?;
        Ok(user.map(|user| user.shares_drafts))
    }

    async fn set_admin(&self, id: UserId, is_admin: bool, at: Timestamp) -> StoreResult<()> {
        self.write(move |connection| {
            let found = connection
                .prepare_cached(
                    "UPDATE users SET is_admin = ?2, updated_at = ?3
                     WHERE id = ?1 AND password_hash <> '' AND deactivated_at IS NULL",
                )?
                .execute(params![id.0, is_admin, micros(at)])?;
            if found == 0 {
                return Err(StoreError::NotFound.into());
            }
            Ok(())
        })
        .await
    }

    async fn has_admin(&self) -> StoreResult<bool> {
        self.read(|connection| {
            let sql =
                "SELECT EXISTS (SELECT 1 FROM users WHERE is_admin = 1 AND deactivated_at IS NULL)";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        })
        .await
    }

    async fn end_log_ins(&self, id: UserId, at: Timestamp) -> StoreResult<Vec<SessionId>> {
        self.write(move |connection| revoke_all_but(connection, id, None, at))
            .await
    }

    async fn change_password(
        &self,
        id: UserId,
        by: SessionId,
        judged_by: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
    ) -> StoreResult<Vec<SessionId>> {
        let (judged_by, new) = (judged_by.clone(), new.clone());
        self.write(move |connection| {
            must_stand(connection, id, by)?;
            let changed = connection
                .prepare_cached(
                    "UPDATE users SET password_hash = ?3
                     WHERE id = ?1 AND password_hash = ?2 AND deactivated_at IS NULL",
                )?
                .execute(params![id.0, judged_by.0, new.0])?;
            if changed == 0 {
                return Err(StoreError::Denied.into());
            }
            revoke_all_but(connection, id, Some(by), at)
        })
        .await
    }

    async fn deactivate(
        &self,
        id: UserId,
        by: SessionId,
        judged_by: &PasswordHash,
        at: Timestamp,
    ) -> StoreResult<Vec<SessionId>> {
        let judged_by = judged_by.clone();
        self.write(move |connection| {
            must_stand(connection, id, by)?;
            let changed = connection
                .prepare_cached(
                    "UPDATE users SET deactivated_at = ?3
                     WHERE id = ?1 AND password_hash = ?2 AND deactivated_at IS NULL",
                )?
                .execute(params![id.0, judged_by.0, micros(at)])?;
            if changed == 0 {
                return Err(StoreError::Denied.into());
            }
            revoke_all_but(connection, id, None, at)
        })
        .await
    }
}

/// `NotFound` unless the log-in stands and is of this user.
fn must_stand(connection: &Connection, user: UserId, session: SessionId) -> Result<(), Fault> {
    let stands = connection
        .prepare_cached(
            "SELECT 1 FROM sessions WHERE id = ?1 AND user_id = ?2 AND revoked_at IS NULL",
        )?
        .exists([session.0, user.0])?;
    if stands {
        Ok(())
    } else {
        Err(StoreError::NotFound.into())
    }
}

fn insert(connection: &Connection, user: &User, password: &PasswordHash) -> Result<(), Fault> {
    // Asked first, because a failed insert names one broken index only, and not always the same one.
    let taken: Option<bool> = connection
        .prepare_cached("SELECT max(email = ?1) FROM users WHERE email = ?1 OR username_key = ?2")?
        .query_row([user.email.as_str(), &user.username.key()], |row| {
            row.get(0)
        })?;
    match taken {
        Some(true) => return Err(StoreError::Conflict(Conflict::EmailTaken).into()),
        Some(false) => return Err(StoreError::Conflict(Conflict::UsernameTaken).into()),
        None => {}
    }
    connection
        .prepare_cached(
            "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            user.id.0,
            user.username.as_str(),
            user.username.key(),
            user.name.as_str(),
            user.email.as_str(),
            password.0,
            rows::user_status_text(user.status),
            micros(user.created_at),
            micros(user.updated_at),
        ])?;
    Ok(())
}
