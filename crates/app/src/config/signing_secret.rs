//! The secret that signs access tokens: the one that was given, or in development one that is made and kept.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use domain::ports::Randomness;
use secrecy::SecretString;

use super::{AppEnv, Config};

/// Bytes that a secret must have: as many as the SHA-256 that it keys gives out (RFC 7518, section 3.2).
pub const MIN_BYTES: usize = 32;

/// The file in `DATA_DIR`.
pub const FILE_NAME: &str = "jwt_secret";

const MAX_FILE_BYTES: u64 = 4_096;

/// There is no secret to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningSecretError {
    /// Only development makes its own.
    #[error("JWT_ACCESS_SECRET must be set, except where APP_ENV is development")]
    Missing,
    /// Somebody else may have read it.
    #[error("{path} is open to others (mode {mode:03o}): remove it, and a new one is made", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// What the file holds cannot be the secret.
    #[error("{path} {reason}: remove it, and a new one is made", path = .path.display())]
    Bad {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// The file could not be read or made.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The configured secret; in development without one, that of [`FILE_NAME`], which is made when it is not there.
///
/// # Errors
/// [`SigningSecretError`].
pub fn load(config: &Config, random: &dyn Randomness) -> Result<SecretString, SigningSecretError> {
    match (&config.auth.access_secret, config.environment) {
        (Some(secret), _) => Ok(secret.clone()),
        (None, AppEnv::Development) => kept(&config.data_dir, random),
        (None, AppEnv::Staging | AppEnv::Production) => Err(SigningSecretError::Missing),
    }
}

/// A new one: 64 hexadecimal digits.
#[must_use]
pub fn fresh(random: &dyn Randomness) -> SecretString {
    hex(&random.secret()).into()
}

fn kept(folder: &Path, random: &dyn Randomness) -> Result<SecretString, SigningSecretError> {
    let path = folder.join(FILE_NAME);
    if let Some(secret) = read(&path)? {
        return Ok(secret);
    }
    let failed = |source| SigningSecretError::Io {
        path: path.clone(),
        source,
    };
    make(folder, &path, random).map_err(failed)?;
    // Read back, not returned: another process may have made it first.
    read(&path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

/// Makes the file whole or not at all: it is written under another name, with its mode from the first moment, and
/// then linked, which fails when the name is taken. One that is there already stays.
fn make(folder: &Path, path: &Path, random: &dyn Randomness) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let draft = folder.join(format!(".{FILE_NAME}.{}", hex(&random.secret()[..8])));
    let written = write(&draft, &hex(&random.secret())).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        written => written?,
    }
    removed?;
    File::open(folder)?.sync_all()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Option<SecretString>, SigningSecretError> {
    let failed = |source| SigningSecretError::Io {
        path: path.to_owned(),
        source,
    };
    let bad = |reason| SigningSecretError::Bad {
        path: path.to_owned(),
        reason,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Of the open file, so that it cannot be exchanged between the look and the reading.
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(bad("is no file"));
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SigningSecretError::Open {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    match file.take(MAX_FILE_BYTES).read_to_string(&mut text) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(bad("is not text")),
        read => read.map_err(failed)?,
    };
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.len() < MIN_BYTES {
        return Err(bad("is too short"));
    }
    Ok(Some(SecretString::from(secret)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
