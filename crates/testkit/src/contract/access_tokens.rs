//! [`AccessTokens`].

use domain::{
    AccessClaims, SessionId, Timestamp, UserId,
    ports::{AccessTokens, TokenError},
};

use crate::sample;

/// Those under test, and others whose tokens they must refuse.
pub struct Subject {
    /// Those under test.
    pub tokens: Box<dyn AccessTokens>,
    /// The same in all but one thing, which is named: the secret, the issuer, the audience.
    pub strangers: Vec<(&'static str, Box<dyn AccessTokens>)>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(sample::now().as_second() + second).unwrap()
}

fn claims() -> AccessClaims {
    AccessClaims {
        user_id: UserId(sample::id()),
        session_id: SessionId(sample::id()),
        token_id: sample::id(),
        issued_at: at(0),
        expires_at: at(900),
    }
}

pub async fn a_token_tells_what_was_signed(subject: &Subject) {
    let claims = claims();
    let token = subject.tokens.issue(&claims);
    assert_eq!(subject.tokens.verify(&token, at(0)), Ok(claims));
}

pub async fn a_token_is_refused_from_its_expiry_on(subject: &Subject) {
    let token = subject.tokens.issue(&claims());
    let just_before = at(900)
        .checked_sub(jiff::SignedDuration::from_micros(1))
        .unwrap();
    assert!(subject.tokens.verify(&token, just_before).is_ok());
    for second in [900, 901, 1_000_000] {
        let answer = subject.tokens.verify(&token, at(second));
        assert_eq!(answer, Err(TokenError::Expired), "{second}");
    }
}

pub async fn the_token_of_a_stranger_is_refused(subject: &Subject) {
    assert!(!subject.strangers.is_empty());
    for (differs, stranger) in &subject.strangers {
        let token = stranger.issue(&claims());
        assert!(stranger.verify(&token, at(0)).is_ok());
        assert_eq!(
            subject.tokens.verify(&token, at(0)),
            Err(TokenError::Invalid),
            "{differs}"
        );
        // Nor is it said that it would have expired.
        assert_eq!(
            subject.tokens.verify(&token, at(901)),
            Err(TokenError::Invalid),
            "{differs}"
        );
    }
}

pub async fn a_token_that_was_changed_anywhere_is_refused(subject: &Subject) {
    let token = subject.tokens.issue(&claims());
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    for (position, old) in token.char_indices() {
        let mut changed = token.clone();
        // Far enough away that it also counts in the last character, whose lowest bits do not.
        let new = if old == 'A' { "Q" } else { "A" };
        changed.replace_range(position..=position, new);
        if changed != token {
            let answer = subject.tokens.verify(&changed, at(0));
            assert_eq!(answer, Err(TokenError::Invalid), "at {position}");
        }
    }
}

pub async fn what_is_no_token_is_refused(subject: &Subject) {
    let token = subject.tokens.issue(&claims());
    let body = token.split('.').nth(1).unwrap();
    for text in [
        String::new(),
        "..".to_owned(),
        "é.é.é".to_owned(),
        format!("{token}."),
        format!(" {token}"),
        token[..token.len() - 1].to_owned(),
        token.rsplit_once('.').unwrap().0.to_owned(),
        // {"alg":"none","typ":"JWT"}, with and without a signature.
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."),
        format!(
            "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.{}",
            token.rsplit('.').next().unwrap()
        ),
        "x".repeat(100_000),
    ] {
        let answer = subject.tokens.verify(&text, at(0));
        assert_eq!(answer, Err(TokenError::Invalid), "{text:.100}");
    }
}
