//! Which text each setting has: flag before environment before file before default.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use super::{
    fault::{Fault, Origin},
    file,
    setting::Setting,
    table,
};

/// The environment of a process, as [`std::env::vars_os`] gives it.
pub type Environment = BTreeMap<OsString, OsString>;

/// The environment name of `--config`.
pub const FILE_VARIABLE: &str = "CHATTERSTACK_CONFIG";

/// What was said, and where.
pub struct Sources<'a> {
    /// Values from the command line, by the names of their settings.
    pub flags: BTreeMap<&'static str, String>,
    /// The value of `--config`.
    pub file: Option<PathBuf>,
    /// The environment; an empty variable counts as unset.
    pub environment: &'a Environment,
    /// Reads a file.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// A text, and where it came from. No `Debug`: it may be a secret.
pub(super) struct Value {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// The texts that are to be parsed, by the names of their settings.
pub(super) type Values = BTreeMap<&'static str, Value>;

pub(super) fn gather(sources: &Sources<'_>, faults: &mut Vec<Fault>) -> Values {
    let mut in_file = read_file(sources, faults);
    let mut values = Values::new();
    for setting in table::settings() {
        let from_file = in_file.remove(setting.name);
        let value = from_flag(setting, sources)
            .or_else(|| from_environment(setting, sources.environment, faults))
            .or(from_file)
            .or_else(|| from_default(setting));
        if let Some(value) = value {
            values.insert(setting.name, value);
        }
    }
    values
}

fn from_flag(setting: &Setting, sources: &Sources<'_>) -> Option<Value> {
    let text = sources.flags.get(setting.name)?.clone();
    Some(Value {
        text,
        origin: Origin::Flag(setting.flag()),
    })
}

fn from_environment(
    setting: &Setting,
    environment: &Environment,
    faults: &mut Vec<Fault>,
) -> Option<Value> {
    let (name, raw) = setting
        .names()
        .find_map(|name| Some((name, variable(environment, name)?)))?;
    let origin = Origin::Environment(name);
    match raw.to_str() {
        Some(text) => Some(Value {
            text: text.to_owned(),
            origin,
        }),
        None => {
            faults.push(Fault {
                setting: setting.name.to_owned(),
                origin,
                reason: "must be UTF-8".to_owned(),
            });
            from_default(setting)
        }
    }
}

fn from_default(setting: &Setting) -> Option<Value> {
    let text = setting.default?.to_owned();
    Some(Value {
        text,
        origin: Origin::Default,
    })
}

fn variable<'e>(environment: &'e Environment, name: &str) -> Option<&'e OsStr> {
    let value = environment.get(OsStr::new(name))?;
    (!value.is_empty()).then_some(value)
}

fn read_file(sources: &Sources<'_>, faults: &mut Vec<Fault>) -> Values {
    let (path, origin) = match (&sources.file, variable(sources.environment, FILE_VARIABLE)) {
        (Some(path), _) => (path.clone(), Origin::Flag("config".to_owned())),
        (None, Some(path)) => (path.into(), Origin::Environment(FILE_VARIABLE)),
        (None, None) => return Values::new(),
    };
    match (sources.read_file)(&path) {
        Ok(text) => file::values(&text, &path, faults),
        Err(error) => {
            let setting = format!("configuration file {}", path.display());
            let reason = format!("cannot be read: {error}");
            faults.push(Fault {
                setting,
                origin,
                reason,
            });
            Values::new()
        }
    }
}
