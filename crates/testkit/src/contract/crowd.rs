//! A crowd that logs in while the password ends.

use domain::{PasswordHash, SessionId, StoreError, ports::NewSession};

use super::sessions::{is_live, log_in_as, sorted, token};
use crate::{
    contract::{Stores, scene::at_once},
    sample::{self, later},
};

/// How a password ends.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    Changed,
    Deactivated,
}

/// Crowds log in, and in the midst of each the password that they were judged by is no longer good.
pub(super) async fn nobody_gets_in(stores: &Stores, end: End) {
    for round in 0..4 {
        let user = stores.user(&format!("user {round}")).await;
        let own = log_in_as(stores, &user, token(round)).await;
        let old = stores.users.password(user.id).await.unwrap().unwrap();
        let new = PasswordHash("new".into());
        let answers = at_once(16, |number| {
            let (stores, user, own) = (stores.clone(), user.id, own.id);
            let (old, new) = (old.clone(), new.clone());
            let late = NewSession {
                session: sample::session(user),
                refresh: token(100 + 16 * round + number),
                refresh_expires_at: later(10),
                judged_by: old.clone(),
            };
            async move {
                let users = &stores.users;
                if number == 8 {
                    let ended = match end {
                        End::Changed => {
                            users.change_password(user, own, &old, &new, later(1)).await
                        }
                        End::Deactivated => users.deactivate(user, own, &old, later(1)).await,
                    };
                    return (None, ended.unwrap());
                }
                match stores.sessions.open(&late).await {
                    Ok(()) => (Some(late.session.id), Vec::new()),
                    Err(StoreError::Denied) => (None, Vec::new()),
                    Err(other) => panic!("{other}"),
                }
            }
        })
        .await;
        let (opened, ended): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
        let mut opened: Vec<SessionId> = opened.into_iter().flatten().collect();
        if end == End::Deactivated {
            opened.push(own.id);
        }
        let ended = ended.into_iter().flatten();
        assert_eq!(sorted(ended), sorted(opened.clone()));
        let told = stores.sessions.ended_among(opened.clone()).await.unwrap();
        assert_eq!(sorted(told), sorted(opened));
        assert_eq!(is_live(stores, &own).await, end == End::Changed);
    }
}
