use domain::ports::MockUserStore;
use mockall::predicate::eq;

use super::*;
use crate::sample::{away, bob};

#[tokio::test]
async fn an_address_leads_to_its_account_or_to_nobody() {
    for (answer, told) in [
        (Ok(Some(bob())), Ok(bob())),
        (Ok(None), Err(GetUserError::NotFound)),
        (Err(away()), Err(GetUserError::Store(away()))),
    ] {
        let mut users = MockUserStore::new();
        users
            .expect_by_email()
            .with(eq(bob().email))
            .return_const(answer);
        let find_user = FindUser {
            users: Arc::new(users),
        };
        assert_eq!(find_user.execute(&bob().email).await, told);
    }
}
