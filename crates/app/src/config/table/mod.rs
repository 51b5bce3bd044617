//! Every setting: the single truth behind flags, environment names, file keys, `--help` and docs/CONFIGURATION.md.

mod accounts;
mod fleet;
mod rates;
mod server;
mod sockets;
mod storage;
mod streams;

use super::setting::{Group, Setting};

/// Every setting, in groups.
pub const GROUPS: &[Group] = &[
    server::SERVER,
    server::LOGS,
    accounts::ACCOUNTS,
    storage::STORAGE,
    sockets::SOCKETS,
    server::REQUESTS,
    rates::RATES,
    accounts::PASSWORDS,
    storage::ENGINE,
    fleet::FLEET,
    sockets::DELIVERY,
    streams::STREAMS,
    server::ANALYTICS,
    server::TRACES,
    server::SHUTDOWN,
];

/// Every setting.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

/// The setting of this name.
///
/// # Panics
/// When there is none: a mistake in this crate, which every test that loads a configuration finds.
pub(super) fn setting(name: &str) -> &'static Setting {
    settings()
        .find(|setting| setting.name == name)
        .unwrap_or_else(|| panic!("the table has no setting {name}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_and_no_alias_stands_twice() {
        let names: Vec<_> = settings().flat_map(Setting::names).collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(names.len(), distinct.len());
    }

    #[test]
    fn a_name_is_of_capitals_digits_and_underscores() {
        for name in settings().flat_map(Setting::names) {
            let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(good), "{name}");
        }
    }

    #[test]
    fn a_doc_is_one_paragraph_whose_first_sentence_fits_into_help() {
        for setting in settings() {
            assert!(setting.doc.ends_with('.'), "{}", setting.name);
            assert!(!setting.doc.contains('\n'), "{}", setting.name);
            assert!(!setting.doc.contains("  "), "{}", setting.name);
            assert!(
                setting.summary().len() <= 80,
                "{}: {}",
                setting.name,
                setting.summary()
            );
        }
    }
}
