//! What an installation can decide: one table of settings, read from flags, environment and file into a [`Config`].
//!
//! To add a setting: a row in `table/`, a field in `types.rs`, a line in `build.rs`, and
//! `UPDATE_DOCS=1 cargo test -p app`, which writes docs/CONFIGURATION.md anew.

mod base_url;
mod build;
mod dsn;
mod duration;
mod fault;
mod file;
mod markdown;
mod origins;
mod rate;
mod reader;
mod setting;
pub mod signing_secret;
mod sources;
mod table;
mod types;

pub use base_url::BaseUrl;
pub use build::Purpose;
pub use fault::{Fault, Faults, Origin};
pub use markdown::markdown;
pub use setting::{Group, Kind, Secrecy, Setting};
pub use sources::{Environment, FILE_VARIABLE, Sources};
pub use table::{GROUPS, settings};
pub use types::{
    AppEnv, Auth, Config, Database, DatabaseKind, Delivery, Fleet, Http, Log, LogFormat, LogLevel,
    Redis, Shutdown, Streams, Traces, Transport, WebSocket,
};

pub(crate) use setting::flag;

impl Config {
    /// Reads what the sources say.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn load(sources: &Sources<'_>, purpose: Purpose) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let values = sources::gather(sources, &mut faults);
        build::build(reader::Reader::new(values, faults), purpose)
    }

    /// `NAME=value` of every setting that has a value, separated by blanks, with secrets as `***`.
    pub fn describe(&self) -> String {
        let pairs: Vec<_> = self
            .shown
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join(" ")
    }
}

#[cfg(test)]
mod tests;
