use std::process::ExitCode;

use crate::config::Faults;

/// EX_CONFIG of sysexits.h.
const CONFIG_STATUS: u8 = 78;

/// The command does not run.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line is wrong, or asks for help or the version.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] Faults),
}

impl CliError {
    /// 0 for help and the version, 2 for a wrong command line, 78 for a wrong configuration.
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(error) => u8::try_from(error.exit_code()).unwrap_or(1),
            Self::Config(_) => CONFIG_STATUS,
        }
    }

    /// Tells the user, help on standard output and faults on standard error, and gives the status to exit with.
    pub fn report(&self) -> ExitCode {
        match self {
            // A closed pipe is no reason for another status.
            Self::Usage(error) => drop(error.print()),
            Self::Config(faults) => eprintln!("{faults}"),
        }
        self.status().into()
    }
}
