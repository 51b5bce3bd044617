//! Accounts and log-ins.

mod authenticate;
mod change_password;
mod create_admin;
mod deactivate_account;
mod log_in;
mod log_out;
mod log_out_everywhere;
mod refresh_session;
mod register_user;
mod revocation;
mod tokens;
mod vouching;

pub use authenticate::{Authenticate, AuthenticateError, Proof};
pub use change_password::{ChangePassword, ChangePasswordInput};
pub use create_admin::{CreateAdmin, CreatedAdmin};
pub use deactivate_account::DeactivateAccount;
pub use log_in::{LogIn, LogInError, LogInInput};
pub use log_out::{LogOut, LogOutError};
pub use log_out_everywhere::{LogOutEverywhere, LogOutEverywhereError};
pub use refresh_session::{RefreshSession, RefreshSessionError};
pub use register_user::{RegisterUser, RegisterUserError, RegisterUserInput};
pub use tokens::{LoggedIn, RefreshToken, TokenIssue};
pub use vouching::ChangeAccountError;
