//! Admins: `chatterstack admin create`, and the first one of a development server.

use anyhow::{Context, Result};
use domain::{
    ports::Randomness,
    values::{Email, Password, Username},
};
use usecase::{
    UseCases,
    auth::{CreatedAdmin, RegisterUserInput},
};

use crate::{
    cli::NewAdmin,
    config::{AppEnv, Config, LogLevel},
    system::SystemRandomness,
    wiring,
};

/// Makes the account of this address an admin, and prints its log-in: one that was not there is made, with a password that
/// nobody else sees.
///
/// # Errors
/// What stands against it, for people.
pub async fn create(config: &Config, new: &NewAdmin) -> Result<()> {
    let email = Email::parse(&new.email).context("the address")?;
    let name = new.username.as_deref();
    let name = name.unwrap_or_else(|| new.email.split('@').next().unwrap_or_default());
    let username = Username::parse(name).context("the user name")?;
    let wired = wiring::wire(config).await?;
    let usecases = wiring::usecases(config, &wired.ports);
    let (account, password) = new_account(username, email)?;
    let made = usecases.create_admin.execute(account).await;
    drop(usecases);
    wired.open.close().await;
    let CreatedAdmin { user, is_new } = made?;
    if is_new {
        println!("{} is an admin; the password is {password}", user.email);
    } else {
        println!("{} is an admin, and keeps the password", user.email);
    }
    Ok(())
}

/// In development, makes the first admin where there is none, and tells the log-in in the log. Whatever stands against it
/// stands against nothing else.
pub(crate) async fn make_first(config: &Config, usecases: &UseCases) {
    if config.environment != AppEnv::Development {
        return;
    }
    if let Err(error) = try_make_first(usecases, config.log.level).await {
        tracing::warn!(%error, "there is no first admin: `chatterstack admin create` makes one");
    }
}

const FIRST_NAME: &str = "admin";
const FIRST_ADDRESS: &str = "admin@chatterstack.example";

async fn try_make_first(usecases: &UseCases, level: LogLevel) -> Result<()> {
    let (account, password) =
        new_account(Username::parse(FIRST_NAME)?, Email::parse(FIRST_ADDRESS)?)?;
    if let Some(made) = usecases.create_admin.execute_first(account).await? {
        let email = made.email;
        // Nobody will ever be told again, so it is told however quiet the log is.
        match level {
            LogLevel::Debug | LogLevel::Info => {
                tracing::info!(%email, %password, "the first admin");
            }
            LogLevel::Warn => tracing::warn!(%email, %password, "the first admin"),
            LogLevel::Error => tracing::error!(%email, %password, "the first admin"),
        }
    }
    Ok(())
}

/// With a password of 96 bits that nobody has seen.
fn new_account(username: Username, email: Email) -> Result<(RegisterUserInput, String)> {
    let secret = SystemRandomness.secret();
    let password: String = secret
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let account = RegisterUserInput {
        username,
        email,
        password: Password::parse(&password)?,
    };
    Ok((account, password))
}
