use std::{
    collections::BTreeMap,
    os::unix::fs::symlink,
    sync::{
        Barrier,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;
use crate::config::{Environment, Purpose, Sources};

/// 32 bytes of 1, then of 2, and so on.
#[derive(Default)]
struct Counting(AtomicU8);

impl Randomness for Counting {
    fn secret(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed) + 1; 32]
    }
}

fn config(folder: &Path, environment: &str, secret: Option<&str>) -> Config {
    let mut variables = Environment::new();
    variables.insert("DATA_DIR".into(), folder.into());
    variables.insert("APP_ENV".into(), environment.into());
    variables.extend(secret.map(|secret| ("JWT_ACCESS_SECRET".into(), secret.into())));
    let sources = Sources {
        flags: BTreeMap::new(),
        file: None,
        environment: &variables,
        read_file: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    Config::load(&sources, Purpose::Task).unwrap()
}

fn load_in(folder: &Path) -> Result<String, SigningSecretError> {
    let config = config(folder, "development", None);
    load(&config, &Counting::default()).map(|secret| secret.expose_secret().to_owned())
}

/// A folder with a file of this content and mode.
fn folder_with(content: &[u8], mode: u32) -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(FILE_NAME);
    fs::write(&path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    folder
}

fn refusal(content: &[u8], mode: u32) -> String {
    load_in(folder_with(content, mode).path())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_secret_that_is_given_is_used_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    let given = "0".repeat(32);
    for environment in ["development", "production"] {
        let config = config(folder.path(), environment, Some(&given));
        let secret = load(&config, &Counting::default()).unwrap();
        assert_eq!(secret.expose_secret(), given);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn only_development_makes_its_own() {
    let folder = TempDir::new().unwrap();
    for environment in ["staging", "production"] {
        let config = config(folder.path(), environment, None);
        let refused = load(&config, &Counting::default());
        assert!(matches!(refused, Err(SigningSecretError::Missing)));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn development_makes_one_for_its_owner_alone_and_keeps_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("not/yet/there");
    let first = load_in(&data).unwrap();
    assert_eq!(first, "02".repeat(32), "all 256 random bits");
    assert_eq!(load_in(&data).unwrap(), first);

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.join(FILE_NAME)), 0o600);
    assert_eq!(mode(&data), 0o700);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "the draft is gone");
}

#[test]
fn processes_that_start_at_once_agree_on_one_secret() {
    let folder = TempDir::new().unwrap();
    let config = config(folder.path(), "development", None);
    let (random, start) = (Counting::default(), Barrier::new(8));
    let start_one = || {
        start.wait();
        load(&config, &random).unwrap().expose_secret().to_owned()
    };
    let secrets: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start_one)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        secrets.iter().all(|secret| *secret == secrets[0]),
        "{secrets:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_secret_that_somebody_wrote_by_hand_may_end_with_a_newline() {
    let folder = folder_with(format!("{}\n", "a".repeat(32)).as_bytes(), 0o400);
    assert_eq!(load_in(folder.path()).unwrap(), "a".repeat(32));
}

#[test]
fn a_file_that_is_open_to_others_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        let refusal = refusal(&[b'a'; 32], mode);
        assert!(refusal.contains(&format!("mode {mode:o}")), "{refusal}");
    }
}

#[test]
fn a_file_that_cannot_hold_the_secret_is_refused_without_showing_it() {
    for (content, reason) in [
        (&b""[..], "too short"),
        (b"hunter2", "too short"),
        (b"hunter2                        \n", "too short"),
        (&[0xff; 40], "is not text"),
    ] {
        let refusal = refusal(content, 0o600);
        assert!(
            refusal.contains(reason) && !refusal.contains("hunter2"),
            "{refusal}"
        );
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join(FILE_NAME)).unwrap();
    assert!(
        load_in(folder.path())
            .unwrap_err()
            .to_string()
            .contains("is no file")
    );
}

#[test]
fn a_link_that_leads_nowhere_is_never_written_through() {
    let folder = TempDir::new().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    symlink(&elsewhere, folder.path().join(FILE_NAME)).unwrap();
    assert!(matches!(
        load_in(folder.path()),
        Err(SigningSecretError::Io { .. })
    ));
    assert!(!elsewhere.exists());
}
