//! Real Redis servers for tests.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::LazyLock,
};

use crate::process::{Keeper, Running, as_nobody, find, free_port, run, signal, wait_until};

/// A server in a folder of its own, on a free port of the loopback, that keeps nothing. It ends with its owner, however
/// that ends.
pub struct Redis {
    // Before the keeper, so that it has ended when its folder goes.
    server: Running,
    keeper: Keeper,
    port: u16,
    arguments: Vec<String>,
}

static SHARED: LazyLock<Redis> = LazyLock::new(Redis::start);
static CLUSTER: LazyLock<Redis> = LazyLock::new(Redis::start_cluster);

/// A prefix of keys and channels that nobody else uses.
#[must_use]
pub fn fresh_prefix() -> String {
    format!("t{}", crate::sample::unique())
}

impl Redis {
    /// The one of this test process.
    #[must_use]
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One of its own.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// One of its own with more arguments.
    ///
    /// # Panics
    /// When Redis is not installed, with the package that brings it.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        let server = Self {
            keeper: Keeper::new("redis"),
            port: free_port(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            server: Running::default(),
        };
        server.run_server();
        server
    }

    /// A cluster of one node, which all tests of this process share.
    ///
    /// # Panics
    /// When Redis is not installed, with the package that brings it.
    pub fn cluster() -> &'static Self {
        &CLUSTER
    }

    fn start_cluster() -> Self {
        let server = Self::start_with(&[
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &free_port().to_string(),
            // A node that never met another does not know its own address.
            "--cluster-announce-ip",
            "127.0.0.1",
        ]);
        server.cli(&["cluster", "addslotsrange", "0", "16383"]);
        wait_until("the cluster serves", || {
            server
                .cli(&["cluster", "info"])
                .contains("cluster_state:ok")
        });
        server
    }

    /// `redis-cluster://127.0.0.1:<port>`.
    #[must_use]
    pub fn cluster_url(&self) -> String {
        format!("redis-cluster://127.0.0.1:{}", self.port)
    }

    /// `redis://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder; what is put there goes with it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.keeper.folder()
    }

    /// What redis-cli answers.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let cli = find("redis-cli", Vec::new(), "redis-server");
        run(Command::new(cli).args(["-p", &port]).args(arguments))
    }

    /// Stops it in its tracks (SIGSTOP): connections stay open and nothing answers.
    pub fn freeze(&self) {
        signal("STOP", &[self.server.pid()]);
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) {
        signal("CONT", &[self.server.pid()]);
    }

    /// Kills it (SIGKILL).
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Starts it again on the same port, empty, after [`kill`](Self::kill).
    pub fn restart(&self) {
        self.run_server();
    }

    fn run_server(&self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder().join("log"))
            .expect("a log");
        let program = find("redis-server", Vec::new(), "redis-server");
        let child = as_nobody(&program)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("Redis starts");
        self.keeper.note("redis", child.id());
        self.server.begin(child);
        let cli = find("redis-cli", Vec::new(), "redis-server");
        wait_until("Redis answers", || {
            self.server.assert_runs(&self.folder().join("log"));
            let port = self.port.to_string();
            let asked = Command::new(&cli).args(["-p", &port, "ping"]).output();
            // One that wants a password is up too.
            asked.is_ok_and(|said| {
                let said = String::from_utf8_lossy(&said.stdout).into_owned();
                said.contains("PONG") || said.contains("NOAUTH")
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_comes_back_empty() {
        let server = Redis::start();
        assert_eq!(server.cli(&["set", "a", "1"]), "OK");
        server.freeze();
        server.thaw();
        assert_eq!(server.cli(&["get", "a"]), "1");
        server.kill();
        server.restart();
        assert_eq!(server.cli(&["get", "a"]), "");
    }
}
