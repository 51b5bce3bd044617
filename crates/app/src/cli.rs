//! The command line: which command, and the configuration it runs with.

mod error;
mod flags;
pub mod healthcheck;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

pub use error::CliError;

use crate::config::{Config, Environment, Purpose, Sources};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run the server.
    Serve,
    /// Bring the database to the newest schema.
    Migrate,
    /// Fill the database with a demo team.
    Seed,
    /// Make somebody an admin.
    CreateAdmin(NewAdmin),
    /// Print the OpenAPI document.
    OpenApi,
    /// Ask a running server whether it lives.
    Healthcheck,
    /// Talk in rooms of a running server, and check what it tells.
    Bench(bench::Arguments),
}

/// Who is to be an admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAdmin {
    /// The address of the account, which is made when it is not there.
    pub email: String,
    /// The name of an account that is made; what stands before the @ if not given.
    pub username: Option<String>,
}

impl Command {
    /// The word on the command line, what it does, and what it is.
    const WORDS: &[(&str, &str, Self)] = &[
        ("serve", "Run the server (the default)", Self::Serve),
        (
            "migrate",
            "Bring the database to the newest schema",
            Self::Migrate,
        ),
        (
            "seed",
            "Fill the database with a demo team, and print its log-ins",
            Self::Seed,
        ),
        (
            "openapi",
            "Print the OpenAPI document as YAML",
            Self::OpenApi,
        ),
        (
            "healthcheck",
            "Ask a running server whether it lives",
            Self::Healthcheck,
        ),
    ];

    fn purpose(&self) -> Purpose {
        match self {
            Self::Serve | Self::Seed => Purpose::Serve,
            Self::Migrate
            | Self::CreateAdmin(_)
            | Self::OpenApi
            | Self::Healthcheck
            | Self::Bench(_) => Purpose::Task,
        }
    }
}

/// Reads the command line and the configuration. Touches nothing but what it is given; `args` begins with the name
/// of the program.
///
/// # Errors
/// A command line that is wrong, or asks for help; or every fault of the configuration.
pub fn parse<A>(
    args: A,
    environment: &Environment,
    read_file: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<(Command, Config), CliError>
where
    A: IntoIterator,
    A::Item: Into<OsString> + Clone,
{
    let matches = flags::command().try_get_matches_from(args)?;
    let (command, matches) = match matches.subcommand() {
        Some((flags::ADMIN, inner)) => match inner.subcommand() {
            Some((_, inner)) => (Command::CreateAdmin(flags::new_admin(inner)), inner),
            None => (Command::Serve, inner),
        },
        Some((flags::BENCH, inner)) => (Command::Bench(flags::bench(inner)?), inner),
        Some((word, inner)) => (command_of(word), inner),
        None => (Command::Serve, &matches),
    };
    let sources = Sources {
        flags: flags::values(matches),
        file: matches.get_one::<PathBuf>(flags::CONFIG).cloned(),
        environment,
        read_file,
    };
    let config = Config::load(&sources, command.purpose())?;
    Ok((command, config))
}

/// [`parse`] with the arguments, environment and files of this process.
///
/// # Errors
/// As [`parse`].
pub fn from_process() -> Result<(Command, Config), CliError> {
    parse(
        std::env::args_os(),
        &std::env::vars_os().collect(),
        &|path| std::fs::read_to_string(path),
    )
}

fn command_of(word: &str) -> Command {
    let found = Command::WORDS.iter().find(|(name, ..)| *name == word);
    let (_, _, command) = found.expect("clap takes only the words that it was given");
    command.clone()
}

#[cfg(test)]
mod tests;
