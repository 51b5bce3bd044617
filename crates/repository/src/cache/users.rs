use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    PasswordHash, SessionId, StoreResult, Timestamp, User, UserId, UserStatus, ports::UserStore,
    values::Email,
};

use super::{Afterwards, Cache};

/// Users, of whom those looked up by their id are remembered.
pub struct CachedUsers {
    pub(super) store: Arc<dyn UserStore>,
    pub(super) cache: Arc<Cache>,
}

#[async_trait]
impl UserStore for CachedUsers {
    async fn create(&self, user: &User, password: &PasswordHash) -> StoreResult<()> {
        self.store.create(user, password).await
    }

    async fn admit(&self, guest: &User) -> StoreResult<()> {
        let _forgotten = Afterwards(|| {
            self.cache.forget_user(guest.id);
            self.cache.forget_rooms_of(guest.id);
        });
        self.store.admit(guest).await
    }

    async fn by_id(&self, id: UserId) -> StoreResult<Option<User>> {
        if !self.cache.is_good() {
            return self.store.by_id(id).await;
        }
        let users = &self.cache.users;
        users.get_or_read(id, self.store.by_id(id)).await
    }

    async fn by_email(&self, email: &Email) -> StoreResult<Option<User>> {
        self.store.by_email(email).await
    }

    async fn credentials(&self, email: &Email) -> StoreResult<Option<(User, PasswordHash)>> {
        self.store.credentials(email).await
    }

    async fn password(&self, id: UserId) -> StoreResult<Option<PasswordHash>> {
        self.store.password(id).await
    }

    async fn set_status(&self, id: UserId, status: UserStatus, at: Timestamp) -> StoreResult<()> {
        let _forgotten = Afterwards(|| self.cache.forget_user(id));
        self.store.set_status(id, status, at).await
    }

    async fn share_drafts(&self, id: UserId, shared: bool, at: Timestamp) -> StoreResult<()> {
        let _forgotten = Afterwards(|| self.cache.forget_user(id));
        self.store.share_drafts(id, shared, at).await
    }

    async fn shares_drafts(&self, id: UserId) -> StoreResult<Option<bool>> {
        self.store.shares_drafts(id).await
    }

    async fn set_admin(&self, id: UserId, is_admin: bool, at: Timestamp) -> StoreResult<()> {
        let _forgotten = Afterwards(|| self.cache.forget_user(id));
        self.store.set_admin(id, is_admin, at).await
    }

    async fn has_admin(&self) -> StoreResult<bool> {
        self.store.has_admin().await
    }

    async fn end_log_ins(&self, id: UserId, at: Timestamp) -> StoreResult<Vec<SessionId>> {
        self.store.end_log_ins(id, at).await
    }

    // What is remembered of a user tells nothing of these two: no password, and not whether the account is deactivated.

    async fn change_password(
        &self,
        id: UserId,
        by: SessionId,
        judged_by: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
    ) -> StoreResult<Vec<SessionId>> {
        self.store.change_password(id, by, judged_by, new, at).await
    }

    async fn deactivate(
        &self,
        id: UserId,
        by: SessionId,
        judged_by: &PasswordHash,
        at: Timestamp,
    ) -> StoreResult<Vec<SessionId>> {
        self.store.deactivate(id, by, judged_by, at).await
    }
}
