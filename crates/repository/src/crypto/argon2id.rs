use std::{num::NonZero, sync::Arc, thread};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{Error, phc},
};
use async_trait::async_trait;
use domain::{
    PasswordHash,
    ports::{HashError, PasswordHasher},
    values::Password,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// The cost of a hash, and how many are worked on.
#[derive(Debug, Clone)]
pub struct Argon2Options {
    /// Memory in KiB (`m`).
    pub memory_kib: u32,
    /// Passes over it (`t`).
    pub passes: u32,
    /// Lanes (`p`).
    pub lanes: u32,
    /// How many are hashed at once; each holds its memory and a thread.
    pub parallel: usize,
    /// How many more may wait; beyond these, `Overloaded`.
    pub waiting: usize,
}

impl Default for Argon2Options {
    /// The first choice of OWASP's cheat sheet on password storage, one hash for every core, and 64 waiting.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
            parallel: thread::available_parallelism().map_or(1, NonZero::get),
            waiting: 64,
        }
    }
}

/// Argon2id (RFC 9106) in PHC form. A hash that was made at another cost is checked at its own.
pub struct Argon2Hasher {
    argon2: Argon2<'static>,
    /// What a password is compared with when there is no account.
    decoy: PasswordHash,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher of this cost. Hashes once, to have something to compare with when there is no account.
    ///
    /// # Errors
    /// The parameters are none that Argon2 knows.
    pub fn new(options: &Argon2Options) -> Result<Self, HashError> {
        let params = Params::new(options.memory_kib, options.passes, options.lanes, None)
            .map_err(|error| HashError::Other(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let parallel = options.parallel.max(1);
        Ok(Self {
            decoy: hash(&argon2, b"nobody's password")?,
            argon2,
            admitted: Arc::new(Semaphore::new(parallel + options.waiting)),
            running: Arc::new(Semaphore::new(parallel)),
        })
    }

    /// Runs `work` on a thread that may be slow. The permits go with it, because a caller who is gone does not stop it.
    async fn run<T, F>(&self, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(&Argon2<'static>) -> Result<T, HashError> + Send + 'static,
    {
        let admission = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| HashError::Overloaded)?;
        let turn = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|error| HashError::Other(error.to_string()))?;
        let argon2 = self.argon2.clone();
        let done = spawn_blocking(move || {
            let _until_done = (admission, turn);
            work(&argon2)
        });
        done.await
            .map_err(|error| HashError::Other(error.to_string()))?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let password = password.clone();
        self.run(move |argon2| hash(argon2, password.expose().as_bytes()))
            .await
    }

    async fn verify(
        &self,
        password: &Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, HashError> {
        let password = password.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let matches = self
            .run(move |argon2| verify(argon2, password.expose().as_bytes(), &hash))
            .await?;
        Ok(matches && known)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<PasswordHash, HashError> {
    let hash: phc::PasswordHash = argon2
        .hash_password(password)
        .map_err(|error| HashError::Other(error.to_string()))?;
    Ok(PasswordHash(hash.to_string()))
}

fn verify(argon2: &Argon2<'_>, password: &[u8], hash: &PasswordHash) -> Result<bool, HashError> {
    let hash =
        phc::PasswordHash::new(&hash.0).map_err(|error| HashError::Other(error.to_string()))?;
    match argon2.verify_password(password, &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(HashError::Other(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password() -> Password {
        Password::parse("correct horse").unwrap()
    }

    #[tokio::test]
    async fn a_hash_names_the_algorithm_and_the_cost_that_owasp_advises() {
        let hasher = Argon2Hasher::new(&Argon2Options::default()).unwrap();
        let hash = hasher.hash(&password()).await.unwrap();
        assert!(
            hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.0
        );
        assert!(
            hasher
                .decoy
                .0
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
    }

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_sent_away_and_nobody_waits_longer() {
        let cheap = Argon2Options {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
            parallel: 1,
            waiting: 1,
        };
        let hasher = Arc::new(Argon2Hasher::new(&cheap).unwrap());
        let busy = Arc::clone(&hasher.running).acquire_owned().await.unwrap();
        let admitted = Arc::clone(&hasher.admitted).acquire_owned().await.unwrap();

        let waiting = tokio::spawn({
            let hasher = Arc::clone(&hasher);
            async move { hasher.hash(&password()).await }
        });
        while hasher.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            hasher.hash(&password()).await.unwrap_err(),
            HashError::Overloaded
        );

        drop((busy, admitted));
        assert!(waiting.await.unwrap().is_ok());
        assert!(hasher.hash(&password()).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_no_hash_is_a_fault_and_not_a_wrong_password() {
        let hasher = Argon2Hasher::new(&Argon2Options::default()).unwrap();
        let answer = hasher
            .verify(&password(), Some(PasswordHash("plain".to_owned())))
            .await;
        assert!(matches!(answer, Err(HashError::Other(_))));
    }
}
