//! `make fleet`: several nodes behind a proxy on one port, over a Postgres and a Redis that end with it.
//!
//! The one argument is the server's binary. PORT is where the proxy listens on the loopback, 8080 if not given; NODES
//! how many there are, 3 if not given. All other settings reach the nodes.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStderr, Command, ExitCode, Stdio},
    sync::{
        Mutex,
        mpsc::{Sender, channel},
    },
    thread,
};

use testkit::{Proxy, postgres::Postgres, redis::Redis};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::spawn_blocking,
};

/// A node's number and where it listens, or that one has ended.
type Listening = Option<(usize, SocketAddr)>;

/// A node, which ends with its owner.
struct Node(Child);

#[tokio::main]
async fn main() -> ExitCode {
    let binary = env::args_os().nth(1).expect("the path of chatterstack");
    let port = number("PORT", 8_080);
    let count = number("NODES", 3).max(1);
    // Before anything starts, so that Ctrl-C ends it in order from here on.
    let mut interrupt = signal(SignalKind::interrupt()).expect("a signal handler");
    let mut terminate = signal(SignalKind::terminate()).expect("a signal handler");
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("cannot listen on port {port} (PORT): {error}");
            return ExitCode::FAILURE;
        }
    };
    let fleet = spawn_blocking(move || start(Path::new(&binary), usize::from(count)));
    let (postgres, redis, dsn, nodes) = tokio::select! {
        fleet = fleet => match fleet.expect("the fleet starts") {
            Some(fleet) => fleet,
            None => {
                eprintln!("a node has ended before it was up");
                return ExitCode::FAILURE;
            }
        },
        _ = interrupt.recv() => give_up(),
        _ = terminate.recv() => give_up(),
    };
    let backends = nodes.iter().map(|(_, address)| *address).collect();
    let proxy = Proxy::start(listener, backends).expect("an address");
    tell(&proxy, &nodes, &dsn, &redis.url());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    // Nothing new comes in; the nodes close their sockets; then what is beneath them may go.
    for (node, _) in &nodes {
        node.terminate();
    }
    let _ = spawn_blocking(move || drop((nodes, redis, postgres))).await;
    drop(proxy);
    ExitCode::SUCCESS
}

/// The nodes that were started, for who must end them before they are up.
static STARTED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Ends in the midst of the start. Postgres and Redis see to themselves: they end with this process.
fn give_up() -> ! {
    for pid in &*STARTED.lock().expect("no panic while it is held") {
        terminate(*pid);
    }
    std::process::exit(1)
}

fn terminate(pid: u32) {
    let _ = Command::new("kill")
        .args(["-TERM", &pid.to_string()])
        .status();
}

type Nodes = Vec<(Node, SocketAddr)>;

/// None when a node has ended before it listened.
fn start(binary: &Path, count: usize) -> Option<(Postgres, Redis, String, Nodes)> {
    let (postgres, redis) = (Postgres::start(), Redis::start());
    let dsn = postgres.database();
    let mut settings = vec![
        ("DATABASE_URL", dsn.clone()),
        ("REDIS_URL", redis.url()),
        ("JWT_ACCESS_SECRET", secret()),
        ("HOST", Ipv4Addr::LOCALHOST.to_string()),
        ("PORT", "0".to_owned()),
        ("LOG_FORMAT", "pretty".to_owned()),
        // One of its lines tells where a node listens.
        ("LOG_LEVEL", "info".to_owned()),
    ];
    if env::var_os("SHUTDOWN_GRACE").is_none() {
        settings.push(("SHUTDOWN_GRACE", "5s".to_owned()));
    }
    let (listening, addresses) = channel();
    // All at once, as they would be by an orchestrator.
    let nodes: Vec<_> = (1..=count)
        .map(|number| Node::start(binary, number, &settings, listening.clone()))
        .collect();
    drop(listening);
    let mut addresses = (0..count)
        .map(|_| addresses.recv().ok()?)
        .collect::<Option<Vec<_>>>()?;
    addresses.sort_unstable();
    let addresses = addresses.into_iter().map(|(_, address)| address);
    let nodes = nodes.into_iter().zip(addresses).collect();
    Some((postgres, redis, dsn, nodes))
}

impl Node {
    fn start(
        binary: &Path,
        number: usize,
        settings: &[(&str, String)],
        listening: Sender<Listening>,
    ) -> Self {
        let mut child = Command::new(binary)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .env_remove("HTTP_PORT")
            .env_remove("WS_PORT")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C reaches this process, which then ends the nodes before what is beneath them.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let started = STARTED.lock();
        started.expect("no panic while it is held").push(child.id());
        let log = child.stderr.take().expect("a pipe");
        thread::spawn(move || show(number, log, &listening));
        Self(child)
    }

    fn terminate(&self) {
        terminate(self.0.id());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Ends within SHUTDOWN_GRACE; one that was killed has ended already.
        self.terminate();
        let _ = self.0.wait();
    }
}

/// Shows a node's log under its number, and tells where it listens.
fn show(number: usize, log: ChildStderr, listening: &Sender<Listening>) {
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        eprintln!("node {number} | {line}");
        let address = line
            .split_once(": listening address=")
            .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        if let Some(address) = address {
            let _ = listening.send(Some((number, address)));
        }
    }
    let _ = listening.send(None);
    eprintln!("node {number} | has ended");
}

fn tell(proxy: &Proxy, nodes: &Nodes, dsn: &str, redis: &str) {
    let url = format!("http://{}", proxy.address());
    println!("\nThe fleet is up at {url}, which hands each connection to the next node:\n");
    for (i, (node, address)) in nodes.iter().enumerate() {
        println!(
            "  node {}    http://{address}  (process {})",
            i + 1,
            node.0.id()
        );
    }
    println!("  Postgres  {dsn}\n  Redis     {redis}\n");
    println!("Open the page in two windows, or ask one node what another was told:\n");
    let account = r#"{"username":"ann","email":"ann@example.org","password":"correct horse"}"#;
    println!("  curl -s {url}/v1/auth/register -H 'Content-Type: application/json' -d '{account}'");
    println!("  curl -s http://{}/health/ready\n", nodes[0].1);
    println!("kill -9 a node, and the others go on. Ctrl-C ends all; nothing is kept.\n");
}

fn number(setting: &str, otherwise: u16) -> u16 {
    env::var(setting).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{setting} must be a number: {text:?}"))
    })
}

/// What the nodes sign tokens with, for this run alone.
fn secret() -> String {
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .expect("random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
