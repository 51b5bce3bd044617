//! Traces, as a collector of OpenTelemetry gets them from the binary. Built with the feature `otlp` alone, as the test
//! command does.

mod collector;

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use self::collector::{Collector, Span};
use crate::{
    fleet::rig::Fleet,
    server::{Server, Start, eventually},
};

async fn node(collector: &Collector, settings: &[(&str, &str)]) -> Server {
    let of_traces = collector.settings();
    let settings = settings.iter().chain(&of_traces).copied();
    let start = settings.fold(Start::default(), |start, (name, value)| {
        start.with(name, value)
    });
    start.start().await
}

/// A request of somebody else's trace.
fn traceparent(trace: u128, flags: &str) -> (&'static str, String) {
    (
        "traceparent",
        format!("00-{trace:032x}-00000000000000ab-{flags}"),
    )
}

/// The lines of the node's log that say this.
fn lines(node: &Server, message: &str) -> Vec<Value> {
    let log = node.log_text();
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|line: &Value| line["fields"]["message"] == message)
        .collect()
}

#[tokio::test]
async fn a_message_is_followed_from_its_socket_to_the_fan_out_of_every_node() {
    let collector = Collector::start();
    let fleet = Fleet::with(&collector.settings()).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_a = ann.socket(a, &[]).await;
    let mut others = [bob.socket(b, &[]).await, bob.at(c).socket(c, &[]).await];
    fleet.wait_for_listeners(&room, 3).await;
    at_a.say(&room, "hi").await;
    for other in &mut others {
        other.until("hi").await;
    }

    let sent = collector
        .span("the use case", |span| span.name == "SendMessage")
        .await;
    let of_trace = |name: &str| {
        let (name, trace) = (name.to_owned(), sent.trace.clone());
        move |span: &Span| span.name == name && span.trace == trace
    };
    let command = collector.span("the command", of_trace("command")).await;
    assert_eq!(command.parent, "");
    assert_eq!(command.kind, SpanKind::Server);
    assert_eq!(sent.parent, command.id);
    let commit = collector.span("the commit", of_trace("commit")).await;
    assert_eq!(commit.parent, sent.id);
    let publish = collector.span("the publish", of_trace("publish")).await;
    assert_eq!(publish.parent, sent.id);
    assert_eq!(publish.kind, SpanKind::Producer);
    let fan_outs = eventually("each node's fan-out", async || {
        let all = collector.taken();
        let here = all.into_iter().filter(of_trace("fan_out"));
        let here: Vec<_> = here.collect();
        (here.len() >= 3).then_some(here)
    })
    .await;
    let nodes: BTreeSet<_> = fan_outs.iter().map(|span| &span.node).collect();
    assert_eq!((fan_outs.len(), nodes.len()), (3, 3));
    assert!(nodes.contains(&command.node));
    for fan_out in &fan_outs {
        assert_eq!(fan_out.parent, publish.id);
        assert_eq!(fan_out.kind, SpanKind::Consumer);
    }
}

#[tokio::test]
async fn each_command_of_a_socket_is_a_trace_of_its_own() {
    let collector = Collector::start();
    let node = node(&collector, &[]).await;
    let ann = node.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&node, &[]).await;
    for text in ["one", "two"] {
        socket.say(&room, text).await;
    }
    let commands = eventually("both commands", async || {
        let all = collector.taken();
        let all = all.into_iter().filter(|span| span.name == "command");
        let all: Vec<_> = all.collect();
        (all.len() >= 2).then_some(all)
    })
    .await;
    let traces: BTreeSet<_> = commands.iter().map(|span| &span.trace).collect();
    assert_eq!((commands.len(), traces.len()), (2, 2));
}

#[tokio::test]
async fn a_request_goes_on_with_the_trace_of_its_caller_and_its_log_lines_carry_the_id() {
    let collector = Collector::start();
    // Of those that begin here, next to none is recorded.
    let node = node(&collector, &[("TRACE_ONE_IN", "1000000")]).await;
    let ann = node.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = format!("/v1/rooms/{room}/messages");
    let (name, value) = traceparent(7, "01");
    let request = ann.request(reqwest::Method::POST, &path);
    let request = request.header(name, value).json(&json!({"content": "hi"}));
    assert_eq!(ann.send(request).await.status, 201);

    let trace = format!("{:032x}", 7);
    let request = collector
        .span("the request", |span| {
            span.trace == trace && span.kind == SpanKind::Server
        })
        .await;
    assert_eq!(request.parent, "00000000000000ab");
    assert_eq!(request.name, "POST /v1/rooms/{room_id}/messages");
    assert_eq!(request.attribute("status"), Some("IntValue(201)"));
    let sent = collector
        .span("the use case", |span| span.name == "SendMessage")
        .await;
    assert_eq!((sent.trace, sent.parent), (trace.clone(), request.id));
    let answered = lines(&node, "answered");
    let of_trace: Vec<_> = answered
        .iter()
        .filter(|line| line["trace_id"] == trace.as_str())
        .collect();
    assert_eq!(of_trace.len(), 1, "{answered:?}");
    assert_eq!(of_trace[0]["spans"][0]["path"], path);
    // What is not recorded has an id too, by which its lines are found together.
    let ids: BTreeSet<_> = answered
        .iter()
        .map(|line| line["trace_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), answered.len());
}

#[tokio::test]
async fn a_traceparent_that_is_none_is_passed_over() {
    let collector = Collector::start();
    let node = node(&collector, &[]).await;
    for bad in ["", "00-0-0-01", "x"] {
        let request = node.client().request(reqwest::Method::GET, "/health");
        let answer = node.client().send(request.header("traceparent", bad)).await;
        assert_eq!(answer.status, 200);
    }
    let request = collector
        .span("a request", |span| span.name == "GET /health")
        .await;
    assert_eq!(request.parent, "");
}

#[tokio::test]
async fn background_tasks_begin_no_trace() {
    let collector = Collector::start();
    let mut node = node(&collector, &[("ANALYTICS_INTERVAL", "100ms")]).await;
    let ann = node.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&node, &[]).await;
    socket.say(&room, "hi").await;
    let typing = json!({"event": "typing_start", "id": 1, "data": {"room_id": room}});
    socket.send(typing).await;
    socket.answer(1).await;
    node.signal("TERM");
    assert!(node.ended().await.success());
    // All that there was has been sent at the end.
    let first: Vec<_> = collector
        .taken()
        .into_iter()
        .filter(|span| span.parent.is_empty())
        .collect();
    assert!(!first.is_empty());
    for span in first {
        assert_eq!(span.kind, SpanKind::Server, "{span:?}");
    }
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up_and_is_told_in_the_log() {
    let port = testkit::free_port();
    let settings = [
        ("OTLP_ENDPOINT", format!("http://127.0.0.1:{port}/")),
        ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
    ];
    let start = settings
        .iter()
        .fold(Start::default(), |start, (name, value)| {
            start.with(name, value)
        });
    let mut node = start.start().await;
    let ann = node.user("Ann").await;
    let room = ann.room("General", &[]).await;
    ann.say(&room, "hi").await;
    eventually("the log tells it", async || {
        node.log_text().contains("opentelemetry").then_some(())
    })
    .await;
    node.signal("TERM");
    assert!(node.ended().await.success());
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_up_neither_messages_nor_the_end() {
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let start = Start::default()
        .with("OTLP_ENDPOINT", &endpoint)
        .with("OTEL_BSP_SCHEDULE_DELAY", "50")
        // Longer than the end of the node is waited for.
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", "600000");
    let mut node = start.start().await;
    let ann = node.user("Ann").await;
    let room = ann.room("General", &[]).await;
    // It has been called, and holds the exporter.
    let (_held, _) = tokio::task::spawn_blocking(move || silent.accept())
        .await
        .unwrap()
        .unwrap();
    ann.say(&room, "hi").await;
    node.signal("TERM");
    assert!(node.ended().await.success());
    node.wait_for_log("the last traces were not sent");
}

#[tokio::test]
async fn nothing_is_recorded_unless_there_is_a_collector() {
    let node = Server::start().await;
    let (name, value) = traceparent(9, "01");
    let request = node.client().request(reqwest::Method::GET, "/v1/rooms");
    let answer = node.client().send(request.header(name, value)).await;
    assert_eq!(answer.status, 401);
    let answered = lines(&node, "answered");
    assert!(!answered.is_empty());
    for line in answered {
        assert!(line.get("trace_id").is_none(), "{line}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_is_refused_at_the_start() {
    for bad in [
        "collector:4318",
        "ftp://collector",
        "http://",
        "http://h/?q=1",
        "http://ann:secret@h",
    ] {
        let (status, log) = Start::default()
            .with("OTLP_ENDPOINT", bad)
            .spawn()
            .refused()
            .await;
        assert!(!status.success());
        assert!(!log.contains("secret"), "{log}");
        assert!(
            log.contains("OTLP_ENDPOINT") && log.contains("must be of the form"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn what_goes_wrong_is_logged_within_its_request_and_its_command() {
    let collector = Collector::start();
    let fleet = Fleet::alone(&collector.settings()).await;
    let a = &fleet.nodes[0];
    let ann = a.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(a, &[]).await;
    fleet.postgres.kill();
    let path = format!("/v1/rooms/{room}/messages");
    let answer = ann.post(&path, json!({"content": "hi"})).await;
    assert_eq!(answer.status, 503);
    let command =
        json!({"event": "send_message", "id": 1, "data": {"room_id": room, "content": "hi"}});
    socket.send(command).await;
    socket.hear("error").await;
    // The answer to the request has a line of its own, with all that belongs to it.
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let answered = lines(a, "answered");
    let line = answered
        .iter()
        .find(|line| line["spans"][0]["request_id"] == id);
    let line = line.expect("the failure was logged");
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["spans"][0]["path"], path.as_str());
    assert!(line["trace_id"].is_string(), "{line}");
    // A command has one too: that of its trace.
    let of_socket = |line: &&Value| {
        let spans = line["spans"].as_array().into_iter().flatten();
        let mut ids = spans.map(|span| &span["connection_id"]);
        line["trace_id"].is_string() && ids.any(Value::is_string)
    };
    let away = lines(a, "the store is away");
    let line = away.iter().find(of_socket);
    let line = line.expect("the failure of the command was logged");
    let trace_id = line["trace_id"].as_str().unwrap();
    let is_meant = |span: &Span| span.name == "command" && span.trace == trace_id;
    collector.span("the command", is_meant).await;
}
