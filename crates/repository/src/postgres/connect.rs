use std::{
    error::Error as _,
    future::poll_fn,
    hash::{BuildHasher, RandomState},
    io,
    time::Duration,
};

use deadpool_postgres::{Connect, Manager, ManagerConfig, RecyclingMethod};
use futures_util::{FutureExt, future::BoxFuture};
use rustls::Error as TlsError;
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, Config, Error, error::DbError};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;

use super::{OpenError, PostgresOptions, tls};

/// A peer that takes nothing, or gives no sign of life, for this long is gone. The DSN's `tcp_user_timeout` and
/// `keepalives_…` say otherwise.
const PEER_IS_GONE: Duration = Duration::from_secs(30);

/// The first wait after a failed attempt, and the longest; each is twice as long as the one before.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What bounds the statements of a session. Zero is no bound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) statement: Duration,
    pub(super) lock: Duration,
    pub(super) idle_in_transaction: Duration,
}

impl Bounds {
    /// Those of the sessions that the ports use.
    pub(super) fn usual(options: &PostgresOptions) -> Self {
        Self {
            statement: options.statement_timeout,
            lock: options.lock_timeout,
            // Whoever has stopped in the midst of a transaction must not hold a room for longer than a statement could.
            idle_in_transaction: options.statement_timeout,
        }
    }
}

/// Makes the connections of a pool. Reads the certificates of the authorities. To be called in the runtime that lasts.
///
/// # Errors
/// These cannot be read.
pub(super) fn manager(options: &PostgresOptions) -> Result<Manager, OpenError> {
    let fast = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let config = config(options, Bounds::usual(options));
    let home = AtHome {
        connector: connector(options)?,
        runtime: Handle::current(),
    };
    Ok(Manager::from_connect(config, home, fast))
}

/// Makes connections in one runtime, whoever asks for them. The HTTP server's threads have runtimes of their own, which end
/// before the node does: a connection that was made there would end with them, under whoever uses it then.
struct AtHome {
    connector: MakeRustlsConnect,
    runtime: Handle,
}

impl Connect for AtHome {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let (config, connector) = (config.clone(), self.connector.clone());
        let mut connecting = async move { config.connect(connector).await }.boxed();
        let at_home = poll_fn(move |context| {
            // What is polled here belongs to the runtime in which it is: its socket and its clock.
            let _home = self.runtime.enter();
            connecting.poll_unpin(context)
        });
        async move {
            let (client, connection) = at_home.await?;
            // Its error also ends what is under way, and is told there.
            let task = self.runtime.spawn(async { drop(connection.await) });
            Ok((client, task))
        }
        .boxed()
    }
}

/// How long making one connection may take in all: each host has its `connect_timeout`.
pub(super) fn time_to_connect(options: &PostgresOptions) -> Duration {
    let hosts = options.address.config.get_hosts().len().max(1);
    let hosts = u32::try_from(hosts).unwrap_or(u32::MAX);
    options.connect_timeout.saturating_mul(hosts)
}

fn connector(options: &PostgresOptions) -> Result<MakeRustlsConnect, OpenError> {
    tls::connector(&options.address).map_err(|source| OpenError::Roots {
        address: options.address.to_string(),
        source,
    })
}

/// What is said when a connection is made. The settings of the session go with it, which saves a round trip and leaves
/// no moment without them; they come after those of the DSN, and so win over them.
fn config(options: &PostgresOptions, bounds: Bounds) -> Config {
    // Zero turns a bound off, and this many is the most that PostgreSQL takes.
    let milliseconds = |bound: Duration| match bound {
        Duration::ZERO => 0,
        bound => bound.as_millis().clamp(1, 2_147_483_647),
    };
    let mut config = options.address.config.clone();
    let own = config.get_options().unwrap_or_default();
    let all = format!(
        "{own} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={} \
         -c TimeZone=UTC -c synchronous_commit=on -c client_min_messages=warning \
         -c default_transaction_isolation=read\\ committed",
        milliseconds(bounds.statement),
        milliseconds(bounds.lock),
        milliseconds(bounds.idle_in_transaction),
    );
    config.options(all.trim_start());
    if config.get_connect_timeout().is_none() {
        // Half, so that the second address of a name has its turn too.
        config.connect_timeout(options.connect_timeout / 2);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(PEER_IS_GONE);
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(PEER_IS_GONE / 2);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(PEER_IS_GONE / 6);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
    config
}

/// One connection. It is closed when this is dropped, whatever is under way on it.
pub(super) struct Session {
    pub(super) client: Client,
    connection: AbortOnDropHandle<()>,
}

impl Session {
    /// Says good-bye first.
    pub(super) async fn close(self) {
        drop(self.client);
        let _ = timeout(Duration::from_secs(1), self.connection).await;
    }
}

/// Connects; a database that is away is waited for until `deadline`, but tried once at least. What no retry mends, such
/// as a wrong password, fails at once.
///
/// # Errors
/// [`OpenError`] names host, database and TLS mode, and the reason.
pub(super) async fn connect_until(
    deadline: Instant,
    options: &PostgresOptions,
    bounds: Bounds,
) -> Result<Session, OpenError> {
    let address = &options.address;
    // Before the authorities are read, which takes its time too.
    let begun = deadline.checked_sub(options.start_timeout);
    let begun = begun.unwrap_or_else(Instant::now);
    let (config, connector) = (config(options, bounds), connector(options)?);
    let mut backoff = BACKOFF.0;
    loop {
        let bound = match deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => time_to_connect(options),
            left => left.min(time_to_connect(options)),
        };
        let failure = match attempt(&config, connector.clone(), bound).await {
            Ok(session) => return Ok(session),
            Err(failure) => failure,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if failure.is_lasting {
            return Err(OpenError::Refused {
                address: address.to_string(),
                reason: failure.reason,
            });
        }
        if !left.is_zero() {
            let wait = jittered(backoff).min(left);
            tracing::warn!(
                host = address.hosts(),
                database = address.database(),
                sslmode = address.tls_mode().as_str(),
                reason = failure.reason,
                retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                "cannot connect to PostgreSQL"
            );
            sleep(wait).await;
            backoff = (backoff * 2).min(BACKOFF.1);
        }
        if Instant::now() >= deadline {
            return Err(OpenError::Unreachable {
                address: address.to_string(),
                waited: begun.elapsed(),
                reason: failure.reason,
            });
        }
    }
}

struct Failure {
    reason: String,
    is_lasting: bool,
}

async fn attempt(
    config: &Config,
    connector: MakeRustlsConnect,
    bound: Duration,
) -> Result<Session, Failure> {
    match timeout(bound, config.connect(connector)).await {
        Ok(Ok((client, connection))) => {
            // Its error also ends what is under way, and is told there.
            let connection = tokio::spawn(async { drop(connection.await) });
            Ok(Session {
                client,
                connection: AbortOnDropHandle::new(connection),
            })
        }
        Ok(Err(error)) => Err(Failure {
            reason: reason(&error),
            is_lasting: is_lasting(&error),
        }),
        Err(_) => Err(Failure {
            reason: format!("no answer within {} ms", bound.as_millis()),
            is_lasting: false,
        }),
    }
}

/// The server says whom or what it does not know or allow (classes 28 and 3D, 42, 22, 0A), its certificate is refused, or
/// the client itself gives up, as when the server has no TLS. All else may heal.
fn is_lasting(error: &Error) -> bool {
    if let Some(code) = error.code() {
        return ["28", "3D", "42", "22", "0A"].contains(&&code.code()[..2]);
    }
    let Some(source) = error.source() else {
        return false;
    };
    match source.downcast_ref::<io::Error>() {
        Some(error) => {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            matches!(inner, Some(TlsError::InvalidCertificate(_)))
        }
        None => true,
    }
}

/// What went wrong, on one line. The library's own text leaves the reason to the source.
pub(super) fn reason(error: &Error) -> String {
    match error.source() {
        Some(source) => match source.downcast_ref::<DbError>() {
            Some(error) => format!("{} ({})", error.message(), error.code().code()),
            None => format!("{error}: {source}"),
        },
        None => error.to_string(),
    }
}

/// Between half of it and all of it, so that nodes that failed together do not come back together.
fn jittered(wait: Duration) -> Duration {
    // Each has other keys, which is chance enough here.
    let chance = RandomState::new().hash_one(()) % 1024;
    wait / 2 + wait / 2 * u32::try_from(chance).unwrap_or_default() / 1024
}

#[cfg(test)]
mod tests;
