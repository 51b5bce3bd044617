//! [`UserStore`](domain::ports::UserStore): who is an admin.

use domain::{RefreshTokenHash, StoreError, UserId};

use super::{Stores, sessions::log_in_as};
use crate::sample::{self, later};

pub async fn an_account_is_made_an_admin_and_one_no_longer(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let users = &stores.users;
    assert!(!ann.is_admin);
    assert!(!users.has_admin().await.unwrap());
    for (is_admin, at) in [(true, later(1)), (true, later(2)), (false, later(3))] {
        // Looked up before, too, so that a memory of it would show.
        users.by_id(ann.id).await.unwrap();
        users.set_admin(ann.id, is_admin, at).await.unwrap();
        let found = users.by_id(ann.id).await.unwrap().unwrap();
        assert_eq!((found.is_admin, found.updated_at), (is_admin, at));
        let found = users.by_email(&ann.email).await.unwrap().unwrap();
        assert_eq!(found.is_admin, is_admin);
        let (found, _) = users.credentials(&ann.email).await.unwrap().unwrap();
        assert_eq!(found.is_admin, is_admin);
        assert_eq!(users.has_admin().await.unwrap(), is_admin);
    }
    assert_eq!(users.by_id(bob.id).await.unwrap(), Some(bob));
}

pub async fn of_several_admins_any_is_one(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let users = &stores.users;
    for user in [&ann, &bob] {
        users.set_admin(user.id, true, later(1)).await.unwrap();
    }
    users.set_admin(ann.id, false, later(2)).await.unwrap();
    assert!(users.has_admin().await.unwrap());
}

pub async fn nobody_is_an_admin_who_cannot_log_in(stores: &Stores) {
    let ann = stores.user("ann").await;
    let zoe = sample::guest("zoe");
    let users = &stores.users;
    users.admit(&zoe).await.unwrap();
    for id in [UserId(sample::id()), zoe.id, UserId::HOUSE] {
        let refused = users.set_admin(id, true, later(1)).await;
        assert_eq!(refused, Err(StoreError::NotFound), "{id}");
    }
    assert!(!users.has_admin().await.unwrap());
    // An admin who is deactivated is one that nobody has.
    users.set_admin(ann.id, true, later(1)).await.unwrap();
    let own = log_in_as(stores, &ann, RefreshTokenHash([1; 32])).await;
    let password = users.password(ann.id).await.unwrap().unwrap();
    let deactivation = users.deactivate(ann.id, own.id, &password, later(2)).await;
    deactivation.unwrap();
    assert!(!users.has_admin().await.unwrap());
    let refused = users.set_admin(ann.id, true, later(3)).await;
    assert_eq!(refused, Err(StoreError::NotFound));
}

/// A guest who comes again under an admin's nose is a guest still, and an account stays what it is.
pub async fn a_guest_who_comes_again_is_no_admin(stores: &Stores) {
    let ann = stores.user("ann").await;
    let zoe = sample::guest("zoe");
    let users = &stores.users;
    users.set_admin(ann.id, true, later(1)).await.unwrap();
    for _ in 0..2 {
        users.admit(&zoe).await.unwrap();
        let found = users.by_id(zoe.id).await.unwrap().unwrap();
        assert!(!found.is_admin);
    }
}
