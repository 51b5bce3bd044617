//! Accounts and log-ins.

mod authenticate;
mod log_in;
mod log_out;
mod refresh_session;
mod register_user;
mod tokens;

pub use authenticate::{Authenticate, AuthenticateError};
pub use log_in::{LogIn, LogInError, LogInInput};
pub use log_out::{LogOut, LogOutError};
pub use refresh_session::{RefreshSession, RefreshSessionError};
pub use register_user::{RegisterUser, RegisterUserError, RegisterUserInput};
pub use tokens::{LoggedIn, RefreshToken, TokenIssue};
