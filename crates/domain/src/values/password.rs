use std::fmt;

use super::text::{InvalidValue, bounded};

/// A password in the clear: 8 to 128 characters, taken as they are. Never shown, never serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Parses it. The upper bound keeps the work of hashing bounded.
    ///
    /// # Errors
    /// Names the rule that was broken.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        bounded(raw, 8..=128).map(|text| Self(text.to_owned()))
    }

    /// The text, for the hasher alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let password = Password::parse("correct horse").unwrap();
        assert!(!format!("{password:?}").contains("horse"));
        assert_eq!(password.expose(), "correct horse");
        assert_eq!(Password::parse("seven77").unwrap_err().code, "too_short");
    }
}
