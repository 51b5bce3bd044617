use std::sync::atomic::{AtomicU64, Ordering};

use domain::ports::Randomness;

/// Secrets that anybody can guess: 1, 2, 3 and so on, the same in every run.
#[derive(Debug, Default)]
pub struct FixedRandomness {
    used: AtomicU64,
}

impl FixedRandomness {
    /// Starts at 1.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            used: AtomicU64::new(0),
        }
    }
}

impl Randomness for FixedRandomness {
    fn secret(&self) -> [u8; 32] {
        let count = self.used.fetch_add(1, Ordering::Relaxed) + 1;
        let mut secret = [0; 32];
        secret[24..].copy_from_slice(&count.to_be_bytes());
        secret
    }
}
