use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{
    postgres::Postgres,
    redis::{Redis, fresh_prefix},
};

use crate::{api::Client, documented::Document};

/// How long anything may take before a test fails. Never a wait by itself: what is awaited is an event.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A node: the real binary in a folder of its own, on a free port.
pub struct Server {
    process: Process,
    folder: Folder,
    address: String,
    sockets: String,
    metrics: String,
    document: Arc<Document>,
    settings: Vec<(String, String)>,
}

/// A node that has been started and may not listen yet.
pub struct Starting {
    process: Process,
    folder: Folder,
    joins_others: bool,
    settings: Vec<(String, String)>,
}

/// Ends with its owner, and shows its log when the test fails.
struct Process {
    child: Child,
    log: Arc<Log>,
}

enum Folder {
    Own(TempDir),
    Given(PathBuf),
}

#[derive(Default)]
struct Log {
    lines: Mutex<(Vec<Value>, bool)>,
    grown: Condvar,
}

/// How a node is started.
#[derive(Default)]
pub struct Start {
    settings: Vec<(String, String)>,
    folder: Option<PathBuf>,
}

impl Start {
    /// With this setting.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// With the data of an earlier node.
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Starts it and waits until it listens.
    pub async fn start(self) -> Server {
        self.spawn().listening().await
    }

    /// Starts it, and waits for nothing. With `BLACKBOX_STORE=postgres` in the environment a node that no test gave a
    /// folder or a database is one over Postgres and Redis; `BLACKBOX_SETTINGS`, words such as `WS_TRANSPORT=takeover`, are
    /// settings of all nodes, where a test says nothing else.
    pub fn spawn(self) -> Starting {
        let has_store = self.settings.iter().any(|(name, _)| name == "DATABASE_URL");
        let is_asked = std::env::var_os("BLACKBOX_STORE").is_some_and(|store| store == "postgres");
        let joins_others = is_asked && !has_store && self.folder.is_none();
        let folder = match self.folder {
            Some(path) => Folder::Given(path),
            None => Folder::Own(tempfile::tempdir().unwrap()),
        };
        let backends = if joins_others { backends() } else { Vec::new() };
        let backends = backends.into_iter();
        let mut settings: Vec<_> = backends.map(|(name, it)| (name.to_owned(), it)).collect();
        let of_all = std::env::var("BLACKBOX_SETTINGS").unwrap_or_default();
        let of_all = of_all.split_whitespace();
        settings.extend(of_all.map(|it| {
            let (name, value) = it.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        }));
        settings.extend(self.settings);
        let mut child = binary(folder.path())
            .envs(settings.iter().cloned())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Log::default());
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let keeper = log.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // What is no JSON, such as a panic, is kept as text.
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                keeper.lines.lock().unwrap().0.push(value);
                keeper.grown.notify_all();
            }
            keeper.lines.lock().unwrap().1 = true;
            keeper.grown.notify_all();
        });
        let process = Process { child, log };
        Starting {
            process,
            folder,
            joins_others,
            settings,
        }
    }
}

impl Starting {
    /// Waits until it listens.
    pub async fn listening(self) -> Server {
        let Self {
            process,
            folder,
            settings,
            ..
        } = self;
        let listening = process.log.wait_for("listening");
        let address = |name: &str| listening["fields"][name].as_str().unwrap().to_owned();
        let (address, sockets, metrics) =
            (address("address"), address("sockets"), address("metrics"));
        let document = Document::fetch(&format!("http://{address}")).await;
        let server = Server {
            process,
            folder,
            address,
            sockets,
            metrics,
            document: Arc::new(document),
            settings,
        };
        if self.joins_others {
            eventually("it hears itself through Redis", async || {
                let ready = server.client().get("/health/ready").await;
                (ready.body["bus"] == "connected").then_some(())
            })
            .await;
        }
        server
    }

    /// Waits for a line of the log with this message.
    pub fn wait_for_log(&self, message: &str) -> Value {
        self.process.log.wait_for(message)
    }

    /// Sends a signal, such as `TERM`, and does not wait.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits until it has given up, and gives what it said.
    pub async fn refused(mut self) -> (ExitStatus, String) {
        let child = &mut self.process.child;
        let status = eventually("the process ends", async || child.try_wait().unwrap()).await;
        self.process.log.wait_for_end();
        (status, self.process.log.text())
    }
}

/// Asks again and again until there is an answer: for what no event tells of.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "it never came: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The binary with the least settings, and none of this process's own.
fn binary(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatterstack"));
    command
        .env_clear()
        .current_dir(folder)
        .env("HOST", "127.0.0.1")
        .env("PORT", "0")
        .env("LOG_FORMAT", "json");
    command
}

/// The settings of a node with a database and a part of Redis to itself.
fn backends() -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", Postgres::shared().database()),
        ("REDIS_URL", Redis::shared().url()),
        ("REDIS_PREFIX", fresh_prefix()),
        ("DB_POOL", "4".to_owned()),
    ]
}

/// Runs a command of the binary to its end.
pub fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    binary(folder)
        .args(arguments)
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

impl Server {
    /// A node with the usual settings.
    pub async fn start() -> Self {
        Start::default().start().await
    }

    /// A client without a token. Every answer is checked against the OpenAPI document.
    pub fn client(&self) -> Client {
        Client::new(self.url(), self.document.clone())
    }

    /// A registered user who has logged in.
    pub async fn user(&self, name: &str) -> Client {
        let email = format!("{}@example.org", name.to_lowercase());
        let account = json!({"username": name, "email": email, "password": "correct horse"});
        let client = self.client();
        let made = client.post("/v1/auth/register", account.clone()).await;
        assert_eq!(made.status, 201, "{made:?}");
        client.log_in(&email, "correct horse").await
    }

    /// Runs another command over the data of this node: what it said, or with which words it failed.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let settings = self.settings.iter();
        let settings: Vec<_> = settings.map(|(name, it)| (&**name, &**it)).collect();
        let output = run(self.folder(), arguments, &settings);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `host:port` of what Prometheus asks.
    pub fn metrics(&self) -> &str {
        &self.metrics
    }

    /// `host:port` of the sockets.
    pub fn sockets(&self) -> &str {
        &self.sockets
    }

    /// Where its data is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Waits for a line of the log with this message.
    pub fn wait_for_log(&self, message: &str) -> Value {
        self.process.log.wait_for(message)
    }

    /// The log so far, as text.
    pub fn log_text(&self) -> String {
        self.process.log.text()
    }

    /// Sends a signal, such as `TERM`, and does not wait.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits for its end, and lets the test go on meanwhile.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.process.child;
        eventually("the process ends", async || child.try_wait().unwrap()).await
    }

    /// What it holds in memory, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Process {
    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the log of the node:\n{}", self.log.text());
        }
    }
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Given(path) => path,
        }
    }
}

impl Log {
    fn wait_for_end(&self) {
        let lines = self.lines.lock().unwrap();
        let waiting = self
            .grown
            .wait_timeout_while(lines, PATIENCE, |(_, ended)| !*ended);
        assert!(waiting.unwrap().0.1, "the log does not end");
    }

    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap();
        lines.0.iter().map(|line| format!("{line}\n")).collect()
    }

    fn wait_for(&self, message: &str) -> Value {
        let found = |lines: &[Value]| {
            let line = lines
                .iter()
                .find(|line| line["fields"]["message"] == message);
            line.cloned()
        };
        let lines = self.lines.lock().unwrap();
        let (lines, _) = self
            .grown
            .wait_timeout_while(lines, PATIENCE, |(lines, ended)| {
                found(lines).is_none() && !*ended
            })
            .unwrap();
        let found = found(&lines.0);
        // A panic with the lock held would hide the log.
        drop(lines);
        found.unwrap_or_else(|| panic!("no {message:?} in the log: {}", self.text()))
    }
}
