//! The contracts of password hashers and access tokens.

use std::sync::Arc;

use domain::ports::{AccessTokens, PasswordHasher};
use repository::crypto::{Argon2Hasher, Argon2Options, JwtOptions, JwtTokens};
use testkit::contract::access_tokens::Subject;

testkit::password_hasher_contract!(async {
    // The least that Argon2 takes: the cost that is advised has a test of its own.
    let cheap = Argon2Options {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
        parallel: 2,
        waiting: 64,
    };
    let hasher: Arc<dyn PasswordHasher> = Arc::new(Argon2Hasher::new(&cheap).unwrap());
    (hasher, ())
});

testkit::access_tokens_contract!(async {
    let subject = Subject {
        tokens: signer("a secret of more than thirty-two bytes", "us", "you"),
        strangers: vec![
            (
                "secret",
                signer("a secret of more than thirty-two bites", "us", "you"),
            ),
            (
                "issuer",
                signer("a secret of more than thirty-two bytes", "them", "you"),
            ),
            (
                "audience",
                signer("a secret of more than thirty-two bytes", "us", "them"),
            ),
        ],
    };
    (subject, ())
});

fn signer(secret: &str, issuer: &str, audience: &str) -> Box<dyn AccessTokens> {
    Box::new(JwtTokens::new(&JwtOptions {
        secret: secret.into(),
        issuer: issuer.to_owned(),
        audience: audience.to_owned(),
    }))
}
