use async_trait::async_trait;
use domain::{
    Conflict, PasswordHash, StoreError, StoreResult, Timestamp, User, UserId, UserStatus,
    ports::UserStore, values::Email,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Sqlite,
    fault::Fault,
    rows::{self, micros},
};

#[async_trait]
impl UserStore for Sqlite {
    async fn create(&self, user: &User, password: &PasswordHash) -> StoreResult<()> {
        let (user, password) = (user.clone(), password.clone());
        self.write(move |connection| insert(connection, &user, &password))
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
        Ok(self.credentials(email).await?.map(|(user, _)| user))
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<(User, PasswordHash)>> {
        let email = email.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT * FROM users WHERE email = ?1")?
                .query_row([email.as_str()], |row| {
                    Ok((rows::user(row)?, PasswordHash(row.get("password_hash")?)))
                })
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
