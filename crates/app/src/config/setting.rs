//! What is known about a setting before it has a value.

use std::{borrow::Cow, time::Duration};

use super::rate;

/// Settings that belong together.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// True when few installations change them: `-h` leaves them out.
    pub tuning: bool,
    /// The settings, in the order in which they are shown.
    pub settings: &'static [Setting],
}

/// One thing that can be configured.
#[derive(Debug)]
pub struct Setting {
    /// Its environment name; the flag and the file key are made of it.
    pub name: &'static str,
    /// Another environment name (and flag, and key) of it; `name` wins over it.
    pub alias: Option<&'static str>,
    /// What holds when nothing is said.
    pub default: Option<&'static str>,
    /// What it may be.
    pub kind: Kind,
    /// How it may be shown.
    pub secrecy: Secrecy,
    /// One paragraph; the first sentence stands alone in `--help`.
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text but none.
    Text,
    /// An IP address, or `localhost`.
    Address,
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A whole number.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A length of time.
    Duration {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// How often something may be done: `<count>/<duration>`, or `off`.
    Rate,
    /// How much there may be: a whole number, or `off`.
    Limit {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `on` or `off`.
    Switch,
    /// Web origins, separated by commas.
    Origins,
    /// Where a service is.
    Url,
}

/// How a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// As it is.
    Open,
    /// Without its password.
    Dsn,
    /// Not at all. It has no flag either: every user of the machine can read a process's arguments.
    Secret,
}

impl Setting {
    pub(super) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            alias: None,
            default: None,
            kind,
            secrecy: Secrecy::Open,
            doc,
        }
    }

    pub(super) const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(super) const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    pub(super) const fn shown(mut self, secrecy: Secrecy) -> Self {
        self.secrecy = secrecy;
        self
    }

    /// Its name, then its alias.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.alias)
    }

    /// Its flag, without the dashes in front.
    pub fn flag(&self) -> String {
        flag(self.name)
    }

    /// True when it can be given on the command line.
    pub fn has_flag(&self) -> bool {
        self.secrecy != Secrecy::Secret
    }

    /// The first sentence of its doc, without the full stop.
    pub fn summary(&self) -> &'static str {
        let end = self.doc.find(". ").unwrap_or(self.doc.len());
        self.doc[..end].trim_end_matches('.')
    }
}

impl Kind {
    /// What stands for the value in `--help`.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Address => "ADDRESS",
            Self::Folder => "FOLDER",
            Self::File => "FILE",
            Self::Integer { .. } => "NUMBER",
            Self::Duration { .. } => "DURATION",
            Self::Rate => "RATE",
            Self::Limit { .. } => "NUMBER|off",
            Self::Choice(_) => "WORD",
            Self::Switch => "on|off",
            Self::Origins => "ORIGINS",
            Self::Url => "URL",
        }
    }

    /// The values that it takes, in words.
    pub fn values(self) -> Cow<'static, str> {
        match self {
            Self::Text => "text".into(),
            Self::Address => "an IP address or localhost".into(),
            Self::Folder => "a folder".into(),
            Self::File => "a file".into(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}").into(),
            Self::Duration { min, max } => {
                format!("a duration from {} to {}", in_words(min), in_words(max)).into()
            }
            Self::Rate => rate::values().into(),
            Self::Limit { min, max } => {
                format!("a whole number from {min} to {max}, or {}", rate::OFF).into()
            }
            Self::Choice(words) => format!("one of {}", words.join(", ")).into(),
            Self::Switch => "on or off".into(),
            Self::Origins => "origins scheme://host[:port], separated by commas".into(),
            Self::Url => "a URL".into(),
        }
    }
}

/// The flag of an environment name, without the dashes in front.
pub(crate) fn flag(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// The duration in the largest unit that leaves no rest.
pub(super) fn in_words(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let (size, unit) = super::duration::UNITS
        .iter()
        .rev()
        .find(|(size, _)| milliseconds > 0 && milliseconds.is_multiple_of(u128::from(*size)))
        .unwrap_or(&(1, "ms"));
    format!("{}{unit}", milliseconds / u128::from(*size))
}
