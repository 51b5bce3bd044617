use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use domain::{
    Conflict, PasswordHash, SessionId, StoreError, StoreResult, Timestamp, User, UserId,
    UserStatus, ports::UserStore, values::Email,
};

use super::{
    Postgres,
    fault::Fault,
    rows::{self, user_columns},
    sessions::{lock_account, revoke_all_but},
    statement::{execute, row},
};

#[async_trait]
impl UserStore for Postgres {
    async fn create(&self, user: &User, password: &PasswordHash) -> StoreResult<()> {
        self.run(async |client: &mut Client| insert(client, user, password).await)
            .await
    }

    async fn admit(&self, guest: &User) -> StoreResult<()> {
        self.run(async |client: &mut Client| {
            let admitted = execute(
                client,
                "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at,
                                    updated_at, guest_id)
                 VALUES ($1, $2, $3, $2, $4, '', $5, $6, $6, $7)
                 ON CONFLICT DO NOTHING",
                &[
                    &guest.id.0,
                    &guest.username.as_str(),
                    &rows::guest_key(guest.id),
                    &guest.email.as_str(),
                    &rows::user_status_text(guest.status),
                    &guest.updated_at,
                    &guest.guest_id.as_ref().map(|id| id.as_str()),
                ],
            )
            .await?;
            if admitted == 1 {
                return Ok(());
            }
            // Their id is taken, or is being taken by another call, which was waited for: by its own, or by one of the others
            // that are made of it.
            let named = "UPDATE users SET username = $2, name = $2, updated_at = $3
                 WHERE id = $1 AND guest_id IS NOT NULL";
            let name = guest.username.as_str();
            match execute(client, named, &[&guest.id.0, &name, &guest.updated_at]).await? {
                0 => Err(StoreError::Denied.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn by_id(&self, id: UserId) -> StoreResult<Option<User>> {
        self.run(async |client: &mut Client| {
            let sql = concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1");
            let found = row(client, sql, &[&id.0]).await?;
            found.as_ref().map(rows::user).transpose()
        })
        .await
    }

    async fn by_email(&self, email: &Email) -> StoreResult<Option<User>> {
        self.run(async |client: &mut Client| {
            let sql = concat!("SELECT ", user_columns!(), " FROM users WHERE email = $1");
            let found = row(client, sql, &[&email.as_str()]).await?;
            found.as_ref().map(rows::user).transpose()
        })
        .await
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<(User, PasswordHash)>> {
        self.run(async |client: &mut Client| {
            let sql = concat!(
                "SELECT ",
                user_columns!(),
                ", password_hash FROM users
                  WHERE email = $1 AND deactivated_at IS NULL AND password_hash <> ''"
            );
            let Some(found) = row(client, sql, &[&email.as_str()]).await? else {
                return Ok(None);
            };
            let hash = PasswordHash(found.try_get("password_hash")?);
            Ok(Some((rows::user(&found)?, hash)))
        })
        .await
    }

    async fn password(&self, id: UserId) -> StoreResult<Option<PasswordHash>> {
        self.run(async |client: &mut Client| {
            let sql = "SELECT password_hash FROM users
                       WHERE id = $1 AND deactivated_at IS NULL AND password_hash <> ''";
            let Some(found) = row(client, sql, &[&id.0]).await? else {
                return Ok(None);
            };
            Ok(Some(PasswordHash(found.try_get("password_hash")?)))
        })
        .await
    }

    async fn set_status(&self, id: UserId, status: UserStatus, at: Timestamp) -> StoreResult<()> {
        self.run(async |client: &mut Client| {
            let sql = "UPDATE users SET status = $2, updated_at = $3 WHERE id = $1";
            let status = rows::user_status_text(status);
            match execute(client, sql, &[&id.0, &status, &at]).await? {
                0 => Err(StoreError::NotFound.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn share_drafts(&self, id: UserId, shared: bool, at: Timestamp) -> StoreResult<()> {
        self.run(async |client: &mut Client| {
            let sql = "UPDATE users SET shares_drafts = $2, updated_at = $3 WHERE id = $1";
            match execute(client, sql, &[&id.0, &shared, &at]).await? {
                0 => Err(StoreError::NotFound.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn shares_drafts(&self, id: UserId) -> StoreResult<Option<bool>> {
        let user = UserStore::by_id(self, id).await?;
        Ok(user.map(|user| user.shares_drafts))
    }

    async fn set_admin(&self, id: UserId, is_admin: bool, at: Timestamp) -> StoreResult<()> {
        self.run(async |client: &mut Client| {
            let sql = "UPDATE users SET is_admin = $2, updated_at = $3
                 WHERE id = $1 AND password_hash <> '' AND deactivated_at IS NULL";
            match execute(client, sql, &[&id.0, &is_admin, &at]).await? {
                0 => Err(StoreError::NotFound.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn has_admin(&self) -> StoreResult<bool> {
        self.run(async |client: &mut Client| {
            let sql = "SELECT 1 FROM users WHERE is_admin AND deactivated_at IS NULL LIMIT 1";
            Ok(row(client, sql, &[]).await?.is_some())
        })
        .await
    }

    async fn end_log_ins(&self, id: UserId, at: Timestamp) -> StoreResult<Vec<SessionId>> {
        self.change(async |transaction: &Transaction<'_>| {
            lock_account(transaction, id).await?;
            revoke_all_but(transaction, id, None, at).await
        })
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
        self.change(async |transaction: &Transaction<'_>| {
            lock_account(transaction, id).await?;
            must_stand(transaction, id, by).await?;
            let changed = execute(
                transaction,
                "UPDATE users SET password_hash = $3
                 WHERE id = $1 AND password_hash = $2 AND deactivated_at IS NULL",
                &[&id.0, &judged_by.0, &new.0],
            )
            .await?;
            if changed == 0 {
                return Err(StoreError::Denied.into());
            }
            revoke_all_but(transaction, id, Some(by), at).await
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
        self.change(async |transaction: &Transaction<'_>| {
            lock_account(transaction, id).await?;
            must_stand(transaction, id, by).await?;
            let changed = execute(
                transaction,
                "UPDATE users SET deactivated_at = $3
                 WHERE id = $1 AND password_hash = $2 AND deactivated_at IS NULL",
                &[&id.0, &judged_by.0, &at],
            )
            .await?;
            if changed == 0 {
                return Err(StoreError::Denied.into());
            }
            revoke_all_but(transaction, id, None, at).await
        })
        .await
    }
}

/// `NotFound` unless the log-in stands and is of this user. It is locked too, so that it does not end meanwhile.
async fn must_stand(
    transaction: &Transaction<'_>,
    user: UserId,
    session: SessionId,
) -> Result<(), Fault> {
    let stands =
        "SELECT 1 FROM sessions WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL FOR SHARE";
    match row(transaction, stands, &[&session.0, &user.0]).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::NotFound.into()),
    }
}

/// One that is under way with the same address or name is waited for. Who was first is asked for in a statement that
/// begins after it: a broken index would name one of the two only, and not always the same.
async fn insert(client: &Client, user: &User, password: &PasswordHash) -> Result<(), Fault> {
    let key = user.username.key();
    let inserted = execute(
        client,
        "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING",
        &[
            &user.id.0,
            &user.username.as_str(),
            &key,
            &user.name.as_str(),
            &user.email.as_str(),
            &password.0,
            &rows::user_status_text(user.status),
            &user.created_at,
            &user.updated_at,
        ],
    )
    .await?;
    if inserted == 1 {
        return Ok(());
    }
    let taken = row(
        client,
        "SELECT bool_or(email = $1) AS email FROM users WHERE email = $1 OR username_key = $2",
        &[&user.email.as_str(), &key],
    )
    .await?;
    let email: Option<bool> = taken.map(|row| row.try_get("email")).transpose()?.flatten();
    Err(match email {
        Some(true) => StoreError::Conflict(Conflict::EmailTaken),
        Some(false) => StoreError::Conflict(Conflict::UsernameTaken),
        None => StoreError::Other("the id of the account is taken".to_owned()),
    }
    .into())
}
