//! The flags, made of the table of settings.

use std::{collections::BTreeMap, path::PathBuf, sync::LazyLock};

use clap::{Arg, ArgMatches, Args, Command as Clap, FromArgMatches, value_parser};

use super::{Command, NewAdmin};
use crate::config::{FILE_VARIABLE, GROUPS, Group, Setting, flag, settings};

pub(super) const CONFIG: &str = "config";

/// The flag of each name and alias: clap wants them for the whole life of the program.
static FLAGS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
    settings()
        .flat_map(Setting::names)
        .map(|name| (name, flag(name)))
        .collect()
});

const AFTER_HELP: &str = "\
A flag wins over the environment, the environment over the file, the file over the default.
JWT_ACCESS_SECRET has no flag, because every user of the machine could read it there.
docs/CONFIGURATION.md says more on each setting.";

pub(super) fn command() -> Clap {
    let commands = Command::WORDS
        .iter()
        .map(|(word, about, _)| Clap::new(*word).about(*about));
    Clap::new("chatterstack")
        .version(env!("CARGO_PKG_VERSION"))
        .about("ChatterStack, a real-time chat server")
        .disable_help_subcommand(true)
        .subcommands(commands)
        .subcommand(admin())
        .subcommand(bench::Arguments::augment_args(Clap::new(BENCH)).about(BENCH_ABOUT))
        .arg(
            Arg::new(CONFIG)
                .long(CONFIG)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .global(true)
                .help(format!("TOML file with settings [env: {FILE_VARIABLE}]")),
        )
        .args(GROUPS.iter().flat_map(|group| {
            let with_flags = group.settings.iter().filter(|setting| setting.has_flag());
            with_flags.map(|setting| arg(group, setting))
        }))
        .after_help(AFTER_HELP)
}

fn admin() -> Clap {
    let create = Clap::new("create")
        .about("Make the account of an address an admin, and the account if there is none")
        .arg(
            Arg::new(EMAIL)
                .required(true)
                .help("The address of the account"),
        )
        .arg(
            Arg::new(USERNAME)
                .help("The name of a new account; what stands before the @ if not given"),
        );
    Clap::new(ADMIN)
        .about("Make admins, who see what is counted of all rooms")
        .subcommand_required(true)
        .subcommand(create)
}

pub(super) const ADMIN: &str = "admin";
const EMAIL: &str = "admin-email";
const USERNAME: &str = "admin-username";

pub(super) const BENCH: &str = "bench";
const BENCH_ABOUT: &str =
    "Talk in rooms of a running server, and check that all is told once and in order";

pub(super) fn bench(matches: &ArgMatches) -> Result<bench::Arguments, clap::Error> {
    bench::Arguments::from_arg_matches(matches)
}

pub(super) fn new_admin(matches: &ArgMatches) -> NewAdmin {
    let text = |name| matches.get_one::<String>(name).cloned();
    NewAdmin {
        email: text(EMAIL).unwrap_or_default(),
        username: text(USERNAME),
    }
}

fn arg(group: &'static Group, setting: &'static Setting) -> Arg {
    let summary = setting.summary();
    let names: Vec<_> = setting.names().collect();
    let default = setting
        .default
        .map(|text| format!(" [default: {text}]"))
        .unwrap_or_default();
    let known_as = format!("[env: {}]{default}", names.join(", "));
    let arg = Arg::new(setting.name)
        .long(FLAGS[setting.name].as_str())
        .value_name(setting.kind.placeholder())
        .help_heading(group.title)
        .hide_short_help(group.tuning)
        .global(true)
        .help(format!("{summary}\n{known_as}"))
        .long_help(format!("{summary}:\n{}\n{known_as}", setting.kind.values()));
    match setting.alias {
        Some(alias) => arg.alias(FLAGS[alias].as_str()),
        None => arg,
    }
}

/// The values that were given, by the names of their settings.
pub(super) fn values(matches: &ArgMatches) -> BTreeMap<&'static str, String> {
    let value = |setting: &'static Setting| {
        let text = matches.get_one::<String>(setting.name)?;
        Some((setting.name, text.clone()))
    };
    settings()
        .filter(|setting| setting.has_flag())
        .filter_map(value)
        .collect()
}
