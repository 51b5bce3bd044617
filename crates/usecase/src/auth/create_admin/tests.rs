use domain::{
    PasswordHash, StoreError,
    ports::{HashError, MockEventBus, MockPasswordHasher, MockUserStore},
    values::Password,
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, bus_hearing, clock, ids, now, silent_bus};

fn input() -> RegisterUserInput {
    RegisterUserInput {
        username: ann().username,
        email: ann().email,
        password: Password::parse("correct horse").expect("a password"),
    }
}

fn create_admin(
    users: MockUserStore,
    passwords: MockPasswordHasher,
    new_ids: &[u64],
    bus: Arc<MockEventBus>,
) -> CreateAdmin {
    let users: Arc<dyn UserStore> = Arc::new(users);
    CreateAdmin {
        users: users.clone(),
        register: RegisterUser {
            users,
            passwords: Arc::new(passwords),
            clock: clock(),
            ids: ids(new_ids),
        },
        bus,
        clock: clock(),
    }
}

/// Makes no account.
fn promote_only(users: MockUserStore, bus: Arc<MockEventBus>) -> CreateAdmin {
    create_admin(users, MockPasswordHasher::new(), &[], bus)
}

fn hasher() -> MockPasswordHasher {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_hash()
        .return_const(Ok(PasswordHash("$argon2id$new".into())));
    passwords
}

/// Whether somebody has Ann's address, and whether there is an admin.
fn users(known: Option<User>, has_admin: bool) -> MockUserStore {
    let mut users = MockUserStore::new();
    users
        .expect_by_email()
        .with(eq(ann().email))
        .return_const(Ok(known));
    users.expect_has_admin().return_const(Ok(has_admin));
    users
}

fn is_made_admin(users: &mut MockUserStore, order: &mut Sequence) {
    users
        .expect_set_admin()
        .with(eq(ann().id), eq(true), eq(now()))
        .times(1)
        .in_sequence(order)
        .return_const(Ok(()));
}

fn is_made(users: &mut MockUserStore, order: &mut Sequence) {
    users
        .expect_create()
        .with(eq(ann()), eq(PasswordHash("$argon2id$new".into())))
        .times(1)
        .in_sequence(order)
        .return_const(Ok(()));
}

fn told(order: &mut Sequence) -> Arc<MockEventBus> {
    let user_id = ann().id;
    bus_hearing(order, [BusEvent::UserChanged { user_id }])
}

fn an_admin() -> User {
    User {
        is_admin: true,
        ..ann()
    }
}

#[tokio::test]
async fn who_has_no_account_is_given_one_and_made_an_admin() {
    let mut order = Sequence::new();
    let mut users = users(None, false);
    is_made(&mut users, &mut order);
    is_made_admin(&mut users, &mut order);
    let create = create_admin(users, hasher(), &[1], told(&mut order));
    let user = an_admin();
    let created = CreatedAdmin { user, is_new: true };
    assert_eq!(create.execute(input()).await, Ok(created));
}

#[tokio::test]
async fn who_has_an_account_is_made_an_admin_and_keeps_the_password() {
    let mut order = Sequence::new();
    let mut users = users(Some(ann()), true);
    is_made_admin(&mut users, &mut order);
    let user = an_admin();
    let created = CreatedAdmin {
        user,
        is_new: false,
    };
    let create = promote_only(users, told(&mut order));
    assert_eq!(create.execute(input()).await, Ok(created));
}

#[tokio::test]
async fn the_first_admin_is_a_new_account() {
    let mut order = Sequence::new();
    let mut users = users(None, false);
    is_made(&mut users, &mut order);
    is_made_admin(&mut users, &mut order);
    let create = create_admin(users, hasher(), &[1], told(&mut order));
    assert_eq!(create.execute_first(input()).await, Ok(Some(an_admin())));
}

#[tokio::test]
async fn where_there_is_an_admin_there_is_no_first_one() {
    let create = promote_only(users(None, true), silent_bus());
    assert_eq!(create.execute_first(input()).await, Ok(None));
}

/// Anybody could have registered it before.
#[tokio::test]
async fn the_account_of_somebody_else_is_not_made_the_first_admin() {
    let create = promote_only(users(Some(ann()), false), silent_bus());
    assert_eq!(
        create.execute_first(input()).await,
        Err(RegisterUserError::EmailTaken)
    );
}

#[tokio::test]
async fn whoever_could_not_be_made_an_admin_is_told_to_nobody() {
    for failure in [away(), StoreError::NotFound] {
        let mut users = users(Some(ann()), false);
        users.expect_set_admin().return_const(Err(failure.clone()));
        let create = promote_only(users, silent_bus());
        assert_eq!(
            create.execute(input()).await,
            Err(RegisterUserError::Store(failure))
        );
    }
}

#[tokio::test]
async fn where_no_account_can_be_made_there_is_no_admin() {
    let mut passwords = MockPasswordHasher::new();
    passwords
        .expect_hash()
        .return_const(Err(HashError::Overloaded));
    let create = create_admin(users(None, false), passwords, &[], silent_bus());
    assert_eq!(
        create.execute(input()).await,
        Err(RegisterUserError::Hash(HashError::Overloaded))
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut users = MockUserStore::new();
    users.expect_by_email().return_const(Err(away()));
    users.expect_has_admin().return_const(Err(away()));
    let create = promote_only(users, silent_bus());
    let failed = RegisterUserError::Store(away());
    assert_eq!(create.execute(input()).await, Err(failed));
    let failed = RegisterUserError::Store(away());
    assert_eq!(create.execute_first(input()).await, Err(failed));
}
