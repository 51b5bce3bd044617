use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

/// A server that is not there by then is at fault.
const BOUND: Duration = Duration::from_secs(30);
/// How often its log is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// A server of one's own on a free port of the loopback, which ends when this is dropped.
pub struct Server {
    process: Child,
    pub url: String,
}

/// A line of its log.
#[derive(Deserialize)]
struct Line {
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    message: String,
    address: Option<String>,
}

impl Server {
    /// Starts a ChatterStack that keeps all it has in this folder, which it makes; with `DELIVERY_LATENCY` as said.
    pub async fn start(program: &Path, folder: &Path, latency: &str) -> Result<Self> {
        let mut command = Command::new(program);
        command.env("DELIVERY_LATENCY", latency);
        Self::launch(command, folder).await
    }

    /// Starts what this command starts, which is told to listen on a free port, and says where in a line of its log; what it
    /// keeps is in this folder, which is made.
    pub async fn launch(mut command: Command, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let log = folder.join("log");
        let process = command
            .env("HOST", "127.0.0.1")
            .env("PORT", "0")
            .env("LOG_FORMAT", "json")
            .env("LOG_LEVEL", "info")
            .env("DATA_DIR", folder)
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("{command:?} does not start"))?;
        let mut server = Self {
            process,
            url: String::new(),
        };
        let listening = timeout(BOUND, server.listens(&log)).await;
        let address = listening.context("the server does not listen")??;
        server.url = format!("http://{address}");
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    async fn listens(&mut self, log: &Path) -> Result<String> {
        loop {
            let text = fs::read_to_string(log)?;
            if let Some(address) = text.lines().find_map(address) {
                return Ok(address);
            }
            ensure!(self.process.try_wait()?.is_none(), "it has ended: {text}");
            sleep(PAUSE).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and its data is thrown away.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where it listens, if this line says so.
fn address(line: &str) -> Option<String> {
    let Fields { message, address } = serde_json::from_str::<Line>(line).ok()?.fields;
    address.filter(|_| message == "listening")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_the_log_says_where_it_listens() {
        let line = r#"{"level":"INFO","fields":{"message":"listening","address":"127.0.0.1:80"}}"#;
        assert_eq!(address(line).as_deref(), Some("127.0.0.1:80"));
        assert_eq!(
            address(r#"{"fields":{"message":"ready","address":"x"}}"#),
            None
        );
        assert_eq!(address("half a li"), None);
    }
}
