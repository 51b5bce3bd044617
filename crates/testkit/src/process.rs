//! Servers that a test starts: real ones, from the binaries that are installed, in folders of their own.

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a server may take to come up or to go away.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder under the temporary one, and a shell that outlives the test: when the test's end of the pipe closes,
/// however the test ended, it kills what the folder's `*.pid` files name and removes the folder.
pub(crate) struct Keeper {
    folder: PathBuf,
    shell: Child,
    pipe: Option<ChildStdin>,
}

const KEEPER: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
for file in "$0"/*.pid "$0"/data/postmaster.pid; do
    [ -f "$file" ] && kill -9 "$(head -n 1 "$file")" 2>/dev/null
done
for attempt in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$0" 2>/dev/null && break; sleep 0.1; done
"#;

impl Keeper {
    pub(crate) fn new(kind: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{kind}-{}", crate::sample::unique()));
        fs::create_dir(&folder).expect("a folder for a server");
        if is_root() {
            run(Command::new("chown").arg("nobody:").arg(&folder));
        }
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let pipe = shell.stdin.take();
        Self {
            folder,
            shell,
            pipe,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes what the keeper kills by.
    pub(crate) fn note(&self, name: &str, pid: u32) {
        let mut file = fs::File::create(self.folder.join(format!("{name}.pid"))).expect("a file");
        writeln!(file, "{pid}").expect("a line");
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.shell.wait();
    }
}

/// The process of a server, if it runs. It ends with its owner.
#[derive(Default)]
pub(crate) struct Running {
    // A std Mutex, held to start and stop.
    child: Mutex<Option<Child>>,
}

impl Running {
    pub(crate) fn begin(&self, child: Child) {
        *self.child() = Some(child);
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// # Panics
    /// When it does not run.
    pub(crate) fn pid(&self) -> u32 {
        self.pid_if_it_runs().expect("it runs")
    }

    pub(crate) fn pid_if_it_runs(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    /// # Panics
    /// When it has ended, with what it wrote.
    pub(crate) fn assert_runs(&self, log: &Path) {
        let ended = self
            .child()
            .as_mut()
            .and_then(|child| child.try_wait().ok().flatten());
        assert!(
            ended.is_none(),
            "the server ended: {}",
            fs::read_to_string(log).unwrap_or_default()
        );
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().expect("no panic while it is held")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A program that will not run as root, as somebody else where the tests do. In a process group of its own, so that
/// Ctrl-C reaches its owner alone.
pub(crate) fn as_nobody(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.process_group(0);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// Runs a command to its end and answers what it wrote.
///
/// # Panics
/// When it fails, with what it said.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Sends a signal to processes that may have ended already.
pub(crate) fn signal(name: &str, pids: &[u32]) {
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status();
}

/// A port that nobody listens on, and that the system gives to no outgoing connection: one that it does could be taken
/// while a server that was killed is away, even by who tries to reach that server.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u32 = 16_000;
    /// Linux begins to give ports out at 32,768.
    const COUNT: u32 = 16_000;
    static TRIED: AtomicU32 = AtomicU32::new(0);
    // Processes begin in different places.
    let start = std::process::id().wrapping_mul(97);
    loop {
        let next = start.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + next % COUNT).expect("it is below 32,000");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Asks until it is so.
///
/// # Panics
/// When it is never so.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Finds a program on the path or in one of these folders.
///
/// # Panics
/// When it is nowhere, with the package that brings it.
pub(crate) fn find(program: &str, folders: Vec<PathBuf>, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(folders)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| {
            panic!("{program} is missing: install it (Debian: apt-get install {package})")
        })
}
