//! What Prometheus is told, and what is said of it: docs/METRICS.md, the dashboard and the alerts.

use std::collections::{BTreeMap, BTreeSet};

use crate::server::{Server, Start};

/// What a scrape of this address answers: the value of each series, under its name with its labels.
async fn scrape(address: &str) -> BTreeMap<String, f64> {
    let answer = reqwest::get(format!("http://{address}/metrics"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let format = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        format,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The names without their labels.
fn names(series: &BTreeMap<String, f64>) -> BTreeSet<String> {
    let names = series.keys().map(|name| name.split('{').next().unwrap());
    names.map(str::to_owned).collect()
}

/// Every name of a metric of ours in a text.
fn named_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("chatterstack_"));
    ours.map(str::to_owned).collect()
}

/// A node on which something was said and heard.
async fn talked_on(server: &Server) -> BTreeMap<String, f64> {
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let mut socket = bob.socket(server, &[]).await;
    ann.say(&room, "hi").await;
    socket.hear("receive_message").await;
    // What comes back was read behind the first: that was written then, and timed.
    ann.say(&room, "and again").await;
    socket.hear("receive_message").await;
    scrape(server.metrics()).await
}

#[tokio::test]
async fn a_node_counts_what_goes_on() {
    let server = Server::start().await;
    let series = talked_on(&server).await;
    assert_eq!(series["chatterstack_sockets"], 1.0);
    assert_eq!(series["chatterstack_sockets_peak"], 1.0);
    assert_eq!(series["chatterstack_users"], 1.0);
    assert_eq!(series["chatterstack_followed_rooms"], 1.0);
    assert_eq!(series["chatterstack_draining"], 0.0);
    assert!(series["chatterstack_committed_changes_total"] >= 5.0);
    assert!(series["chatterstack_delivery_latency_seconds{quantile=\"0.99\"}"] > 0.0);
}

#[tokio::test]
async fn what_is_documented_is_what_there_is() {
    let server = Server::start().await;
    let there = names(&talked_on(&server).await);
    let table = include_str!("../../../docs/METRICS.md");
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| `chatterstack_"));
    let rows: String = rows.map(|row| row.split('|').nth(1).unwrap()).collect();
    assert_eq!(named_in(&rows), there);
    for (file, text) in [
        ("grafana.json", include_str!("../../../deploy/grafana.json")),
        ("alerts.yaml", include_str!("../../../deploy/alerts.yaml")),
    ] {
        let used = named_in(text);
        assert!(used.len() > 3, "{file}: {used:?}");
        let unknown: Vec<_> = used.difference(&there).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(include_str!("../../../deploy/grafana.json")).unwrap();
    assert_eq!(dashboard["title"], "ChatterStack");
    // A rule that asks for a job of another name would never fire, and never say so.
    let alerts = include_str!("../../../deploy/alerts.yaml");
    let job = table.split_once("job_name: ").unwrap().1.lines().next();
    let asked: Vec<_> = alerts.split("job=\"").skip(1).collect();
    assert!(!asked.is_empty());
    for asked in asked {
        assert_eq!(asked.split('"').next(), job);
    }
}

#[tokio::test]
async fn no_label_holds_who_or_where() {
    let server = Server::start().await;
    let before = talked_on(&server).await.len();
    for name in ["Cat", "Dan", "Eve"] {
        let user = server.user(name).await;
        let room = user.room(name, &[]).await;
        user.say(&room, "alone").await;
    }
    let after = scrape(server.metrics()).await;
    let labels = after.keys().filter_map(|name| name.split_once('{'));
    for (name, labels) in labels {
        let known = ["changes=", "quantile=", "version="];
        assert!(
            known.iter().any(|it| labels.starts_with(it)),
            "{name}{labels}"
        );
    }
    // A larger batch than any before may have come.
    assert!(
        after.len() <= before + 3,
        "{before} series have become {}",
        after.len()
    );
}

#[tokio::test]
async fn with_metrics_port_a_listener_serves_them_and_nothing_else() {
    let server = Start::default().with("METRICS_PORT", "0").start().await;
    let metrics = server.metrics().to_owned();
    assert_ne!(format!("http://{metrics}"), server.url());
    assert_eq!(scrape(&metrics).await["chatterstack_sockets"], 0.0);
    let status = async |url: String| reqwest::get(url).await.unwrap().status();
    assert_eq!(status(format!("{}/metrics", server.url())).await, 404);
    for path in ["/health", "/v1/rooms", "/", "/ws"] {
        assert_eq!(
            status(format!("http://{metrics}{path}")).await,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn without_metrics_port_they_are_on_the_main_one() {
    let server = Server::start().await;
    assert_eq!(format!("http://{}", server.metrics()), server.url());
    scrape(server.metrics()).await;
}
