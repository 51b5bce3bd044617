//! [`PasswordHasher`].

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use domain::{
    ports::{HashError, PasswordHasher},
    values::Password,
};

use super::scene::at_once;

type Hasher = Arc<dyn PasswordHasher>;

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

pub async fn a_password_matches_its_own_hash_alone(hasher: &Hasher) {
    for text in [
        "correct horse",
        "  blanks count  ",
        "пароль-🔑-pässword",
        &"x".repeat(128),
    ] {
        let hash = hasher.hash(&password(text)).await.unwrap();
        assert!(
            hasher
                .verify(&password(text), Some(hash.clone()))
                .await
                .unwrap()
        );
        let other = password("another one");
        assert!(!hasher.verify(&other, Some(hash)).await.unwrap());
    }
}

pub async fn the_whole_of_a_long_password_counts(hasher: &Hasher) {
    let long = "x".repeat(127);
    let hash = hasher.hash(&password(&format!("{long}a"))).await.unwrap();
    let other = password(&format!("{long}b"));
    assert!(!hasher.verify(&other, Some(hash)).await.unwrap());
}

pub async fn a_hash_has_a_salt_of_its_own_and_tells_no_password(hasher: &Hasher) {
    let secret = password("correct horse");
    let one = hasher.hash(&secret).await.unwrap();
    let two = hasher.hash(&secret).await.unwrap();
    assert_ne!(one, two);
    assert!(one.0.starts_with('$') && !one.0.contains("horse"));
}

pub async fn without_an_account_no_password_is_right(hasher: &Hasher) {
    assert!(
        !hasher
            .verify(&password("correct horse"), None)
            .await
            .unwrap()
    );
}

pub async fn the_runtime_is_not_kept_waiting(hasher: &Hasher) {
    let secret = password("correct horse");
    let hash = hasher.hash(&secret).await.unwrap();
    assert!(lets_others_go_on(|| hasher.hash(&secret)).await);
    assert!(lets_others_go_on(|| hasher.verify(&secret, Some(hash.clone()))).await);
    assert!(lets_others_go_on(|| hasher.verify(&secret, None)).await);
}

/// What is computed on the runtime's own thread is there at the first look, every time; what is computed beside it
/// is so once in a while, when it was quick.
async fn lets_others_go_on<F: Future>(mut call: impl FnMut() -> F) -> bool {
    let mut waited = false;
    for _ in 0..50 {
        let mut call = pin!(call());
        let first_look = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        if first_look.is_pending() {
            waited = true;
            call.await;
        }
    }
    waited
}

pub async fn a_crowd_is_served_or_sent_away(hasher: &Hasher) {
    let answers = at_once(512, |_| {
        let hasher = hasher.clone();
        async move { hasher.hash(&password("correct horse")).await }
    })
    .await;
    assert!(answers.iter().any(Result::is_ok));
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(_) | Err(HashError::Overloaded)))
    );
    // Afterwards there is room again.
    hasher.hash(&password("correct horse")).await.unwrap();
}
