//! Passwords and tokens.

mod argon2id;
mod jwt;

pub use argon2id::{Argon2Hasher, Argon2Options};
pub use jwt::{JwtOptions, JwtTokens};
