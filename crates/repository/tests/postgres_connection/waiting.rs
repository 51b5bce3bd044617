use std::{
    fmt::Debug,
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use repository::postgres::{OpenError, migrate};
use testkit::postgres::Postgres;
use tokio::{
    net::TcpSocket,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::options;

/// Hands on what is warned of.
struct Warnings(UnboundedSender<String>);

impl Warnings {
    /// From now on, in this thread.
    fn hear() -> (tracing::subscriber::DefaultGuard, UnboundedReceiver<String>) {
        let (sender, warnings) = unbounded_channel();
        (tracing::subscriber::set_default(Self(sender)), warnings)
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("repository")
    }
    fn event(&self, event: &Event<'_>) {
        struct Line(String);
        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0 += &format!("{field}={value:?} ");
            }
        }
        let mut line = Line(String::new());
        event.record(&mut line);
        let _ = self.0.send(line.0);
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// A port where nobody listens, nor will anybody while the socket is there.
fn nowhere() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

#[tokio::test]
async fn a_server_that_comes_late_is_waited_for() {
    let (_guard, mut warnings) = Warnings::hear();
    let server = Arc::new(Postgres::start());
    let dsn = server.database();
    let (_, database) = dsn.rsplit_once('/').unwrap();
    server.kill();
    let with_password = options(&dsn.replace("chat@", "chat:hunter2@"));
    let opened = tokio::spawn(async move { migrate(&with_password).await });
    let warning = warnings.recv().await.unwrap();
    for part in [
        &format!("host=\"127.0.0.1:{}\"", server.port()),
        &format!("database=\"{database}\""),
        "sslmode=\"prefer\"",
        "Connection refused",
        "retry_in_ms=",
    ] {
        assert!(warning.contains(part), "{part} in {warning}");
    }
    assert!(!warning.contains("hunter2"), "{warning}");
    let again = Arc::clone(&server);
    tokio::task::spawn_blocking(move || again.restart())
        .await
        .unwrap();
    assert!(!opened.await.unwrap().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_never_comes_is_given_up_at_the_configured_time() {
    let (_socket, port) = nowhere();
    let dsn = format!("postgres://chat:hunter2@127.0.0.1:{port}/chat?sslmode=require");
    let mut options = options(&dsn);
    options.start_timeout = Duration::from_millis(700);
    let begun = Instant::now();
    let error = migrate(&options).await.unwrap_err();
    assert!(begun.elapsed() >= options.start_timeout);
    let OpenError::Unreachable { waited, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(*waited >= options.start_timeout, "{waited:?}");
    let said = error.to_string();
    let place = format!("host 127.0.0.1:{port}, database chat, sslmode require");
    assert!(
        said.contains(&place) && said.contains("Connection refused"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_tried_again() {
    let (_guard, mut warnings) = Warnings::hear();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut options = options(&format!("postgres://chat@127.0.0.1:{port}/chat"));
    options.connect_timeout = Duration::from_millis(100);
    let opened = tokio::spawn(async move { migrate(&options).await });
    for _ in 0..2 {
        let warning = warnings.recv().await.unwrap();
        assert!(warning.contains("no answer within 100 ms"), "{warning}");
    }
    opened.abort();
    assert!(opened.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn of_several_hosts_the_one_that_is_there_is_taken() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let (_socket, gone_port) = nowhere();
    let server = Postgres::shared();
    let own = format!("127.0.0.1:{}", server.port());
    let hosts = format!("127.0.0.1:{gone_port},{own},127.0.0.1:{silent_port}");
    let dsn = server.database().replace(&own, &hosts);
    assert!(!migrate(&options(&dsn)).await.unwrap().is_empty());
}
