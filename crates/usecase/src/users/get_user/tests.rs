use domain::ports::MockUserStore;
use mockall::predicate::eq;

use super::*;
use crate::sample::{away, bob};

#[tokio::test]
async fn an_id_leads_to_its_account_or_to_nobody() {
    for (answer, told) in [
        (Ok(Some(bob())), Ok(bob())),
        (Ok(None), Err(GetUserError::NotFound)),
        (Err(away()), Err(GetUserError::Store(away()))),
    ] {
        let mut users = MockUserStore::new();
        users.expect_by_id().with(eq(bob().id)).return_const(answer);
        let get_user = GetUser {
            users: Arc::new(users),
        };
        assert_eq!(get_user.execute(bob().id).await, told);
    }
}
