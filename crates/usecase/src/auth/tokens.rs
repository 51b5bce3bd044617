use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    AccessClaims, RefreshTokenHash, SessionId, Timestamp, User, UserId,
    ports::{AccessTokens, Clock, IdSource, Randomness},
};
use sha2::{Digest, Sha256};

/// The secret that renews a log-in, in the form that the client holds: 256 random bits in URL-safe base64.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// A new one.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self(URL_SAFE_NO_PAD.encode(randomness.secret()))
    }

    /// One that a client presents; whether it is good shows when it is looked up.
    #[must_use]
    pub fn presented(text: String) -> Self {
        Self(text)
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> RefreshTokenHash {
        RefreshTokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text, for the client alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

/// What a client gets for a log-in, and for each renewal.
#[derive(Clone)]
pub struct LoggedIn {
    /// For every request.
    pub access_token: String,
    /// How long it is good.
    pub expires_in: Duration,
    /// For the next renewal, once.
    pub refresh_token: RefreshToken,
    /// Who logged in.
    pub user: User,
}

/// How tokens are made, at log-in and at each renewal alike.
#[derive(Clone)]
pub struct TokenIssue {
    pub(crate) tokens: Arc<dyn AccessTokens>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) access_ttl: Duration,
    pub(crate) refresh_ttl: Duration,
}

impl TokenIssue {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn session_id(&self) -> SessionId {
        SessionId(self.ids.next())
    }

    pub(crate) fn refresh_token(&self) -> RefreshToken {
        RefreshToken::generate(&*self.randomness)
    }

    pub(crate) fn refresh_expiry(&self, now: Timestamp) -> Timestamp {
        later(now, self.refresh_ttl)
    }

    pub(crate) fn access_token(
        &self,
        user_id: UserId,
        session_id: SessionId,
        now: Timestamp,
    ) -> String {
        self.tokens.issue(&AccessClaims {
            user_id,
            session_id,
            token_id: self.ids.next(),
            issued_at: now,
            expires_at: later(now, self.access_ttl),
        })
    }
}

/// `now + span`, at the end of time if it lies beyond.
fn later(now: Timestamp, span: Duration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use domain::ports::MockRandomness;

    use super::*;

    #[test]
    fn a_refresh_token_is_url_safe_and_is_stored_as_its_sha_256() {
        let mut randomness = MockRandomness::new();
        randomness.expect_secret().return_const([0xff; 32]);
        let token = RefreshToken::generate(&randomness);
        assert_eq!(token.expose().len(), 43);
        assert!(!token.expose().contains(['+', '/', '=']));
        // RFC 6234's SHA-256 of "abc".
        let abc = RefreshToken::presented("abc".into()).hash().0;
        assert_eq!(abc[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert!(!format!("{token:?}").contains(token.expose()));
    }

    #[test]
    fn a_life_beyond_the_end_of_time_ends_with_it() {
        let minute = Duration::from_secs(60);
        assert_eq!(later(Timestamp::UNIX_EPOCH, minute).as_second(), 60);
        assert_eq!(later(Timestamp::MAX, minute), Timestamp::MAX);
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(later(now, Duration::MAX), Timestamp::MAX);
    }
}
