//! From texts to types. A fault is noted and a stand-in is answered, so that every fault is found in one go; a
//! configuration with a fault is never handed out.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
    time::Duration,
};

use delivery::Rate;

use super::{
    dsn, duration,
    fault::{Fault, Origin},
    origins, rate,
    setting::{Kind, Secrecy, Setting},
    sources::Values,
    table,
};

pub(super) struct Reader {
    values: Values,
    faults: Vec<Fault>,
    asked: BTreeSet<&'static str>,
}

impl Reader {
    pub(super) fn new(values: Values, faults: Vec<Fault>) -> Self {
        Self {
            values,
            faults,
            asked: BTreeSet::new(),
        }
    }

    /// What the setting says, if anything.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.asked.insert(name);
        let setting = table::setting(name);
        let text = self.values.get(name)?.text.clone();
        if text.is_empty() && matches!(setting.kind, Kind::Text | Kind::Folder | Kind::File) {
            self.fault(name, "must not be empty");
        }
        Some(text)
    }

    /// True when somebody said it, rather than the table.
    pub(super) fn was_said(&self, name: &str) -> bool {
        self.values
            .get(name)
            .is_some_and(|value| value.origin != Origin::Default)
    }

    pub(super) fn integer<T: TryFrom<u64> + Default>(&mut self, name: &'static str) -> T {
        self.optional_integer(name).unwrap_or_default()
    }

    pub(super) fn optional_integer<T: TryFrom<u64>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        let Kind::Integer { min, max } = table::setting(name).kind else {
            panic!("the table does not say that {name} is a number");
        };
        self.or_fault(name, whole_number(&text, min..=max))
    }

    /// A whole number, or `None` for no limit.
    pub(super) fn limit<T: TryFrom<u64>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        let Kind::Limit { min, max } = table::setting(name).kind else {
            panic!("the table does not say that {name} is a limit");
        };
        if text == rate::OFF {
            return None;
        }
        self.or_fault(name, whole_number(&text, min..=max))
    }

    pub(super) fn duration(&mut self, name: &'static str) -> Duration {
        self.optional_duration(name).unwrap_or_default()
    }

    pub(super) fn optional_duration(&mut self, name: &'static str) -> Option<Duration> {
        let text = self.text(name)?;
        let Kind::Duration { min, max } = table::setting(name).kind else {
            panic!("the table does not say that {name} is a duration");
        };
        let Some(parsed) = duration::parse(&text) else {
            self.refuse(
                name,
                "must be a whole number with its unit (ms, s, m, h or d)",
            );
            return None;
        };
        let within = (min..=max).contains(&parsed).then_some(parsed);
        self.or_fault(name, within)
    }

    /// A rate, or `None` for no limit.
    pub(super) fn rate(&mut self, name: &'static str) -> Option<Rate> {
        let text = self.text(name)?;
        if text == rate::OFF {
            return None;
        }
        self.or_fault(name, rate::parse(&text))
    }

    /// One of the setting's words.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, choice)| *choice);
        self.or_fault(name, found)
    }

    pub(super) fn address(&mut self, name: &'static str) -> IpAddr {
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let text = self.text(name).unwrap_or_default();
        let parsed = if text == "localhost" {
            Some(localhost)
        } else {
            text.parse().ok()
        };
        self.or_fault(name, parsed).unwrap_or(localhost)
    }

    pub(super) fn origins(&mut self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        origins::parse(&text).unwrap_or_else(|reason| {
            self.fault(name, &format!("the origin {reason}"));
            Vec::new()
        })
    }

    /// Notes that the setting cannot be used. `reason` must not hold the value of a secret.
    pub(super) fn fault(&mut self, name: &str, reason: &str) {
        self.faults.push(Fault {
            setting: name.to_owned(),
            origin: self
                .values
                .get(name)
                .map_or(Origin::Default, |value| value.origin.clone()),
            reason: reason.to_owned(),
        });
    }

    /// True when none of these has a fault, so that they can be compared.
    pub(super) fn are_sound(&self, names: &[&str]) -> bool {
        !self
            .faults
            .iter()
            .any(|fault| names.contains(&fault.setting.as_str()))
    }

    /// How each setting that has a value may be shown.
    pub(super) fn shown(&self) -> Vec<(&'static str, String)> {
        let show = |setting: &'static Setting| {
            let text = &self.values.get(setting.name)?.text;
            Some((setting.name, shown(setting, text)))
        };
        table::settings().filter_map(show).collect()
    }

    /// All that was found wrong.
    ///
    /// # Panics
    /// When the table has a setting that nobody asked for.
    pub(super) fn finish(self) -> Vec<Fault> {
        for setting in table::settings() {
            assert!(
                self.asked.contains(setting.name),
                "{} is read by nobody",
                setting.name
            );
        }
        self.faults
    }

    fn or_fault<T>(&mut self, name: &str, parsed: Option<T>) -> Option<T> {
        if parsed.is_none() {
            let expected = format!("must be {}", table::setting(name).kind.values());
            self.refuse(name, &expected);
        }
        parsed
    }

    /// Notes a fault, with the value where it may be shown.
    fn refuse(&mut self, name: &str, expected: &str) {
        const SHOWN_CHARACTERS: usize = 60;
        let value = self
            .values
            .get(name)
            .map_or("", |value| value.text.as_str());
        let start: String = value.chars().take(SHOWN_CHARACTERS).collect();
        let more = if start.len() < value.len() { "…" } else { "" };
        let reason = match table::setting(name).secrecy {
            Secrecy::Open => format!("{expected}, not {start:?}{more}"),
            Secrecy::Dsn | Secrecy::Secret => expected.to_owned(),
        };
        self.fault(name, &reason);
    }
}

/// Digits alone: u64's own parser would take a plus sign.
fn whole_number<T: TryFrom<u64>>(text: &str, bounds: RangeInclusive<u64>) -> Option<T> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit());
    let number = is_plain.then(|| text.parse().ok()).flatten()?;
    bounds.contains(&number).then(|| T::try_from(number).ok())?
}

fn shown(setting: &Setting, text: &str) -> String {
    let shown = match setting.secrecy {
        Secrecy::Open => text.to_owned(),
        Secrecy::Dsn => dsn::masked(text),
        Secrecy::Secret => "***".to_owned(),
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"';
    if shown.chars().all(plain) {
        shown
    } else {
        format!("{shown:?}")
    }
}
