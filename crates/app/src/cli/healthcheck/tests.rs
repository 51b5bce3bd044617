use std::{net::TcpListener, thread};

use super::*;
use crate::cli;

const SHORT: Duration = Duration::from_millis(100);

/// What a server is asked, and what `check` makes of its answer.
fn asked(answer: &'static [u8]) -> (String, Result<String, Unhealthy>) {
    let (listener, target) = listen();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        stream.write_all(answer).unwrap();
        String::from_utf8(request).unwrap()
    });
    let result = check(&target, TIMEOUT);
    (server.join().unwrap(), result)
}

fn listen() -> (TcpListener, BaseUrl) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (
        listener,
        BaseUrl {
            host: "127.0.0.1".to_owned(),
            port,
        },
    )
}

fn config(variables: &[(&str, &str)]) -> Config {
    let environment = variables
        .iter()
        .map(|(name, text)| (name.into(), text.into()))
        .collect();
    let args = ["chatterstack", "healthcheck"];
    cli::parse(args, &environment, &|_| unreachable!("no file was named"))
        .unwrap()
        .1
}

fn target_of(variables: &[(&str, &str)]) -> Option<(String, u16)> {
    target(&config(variables)).map(|url| (url.host, url.port))
}

#[test]
fn a_server_that_answers_200_lives() {
    let (request, result) = asked(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    assert!(
        request.starts_with("GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{request}"
    );
    let line = result.unwrap();
    assert!(line.ends_with("/health/live answers 200"), "{line}");
}

#[test]
fn any_other_status_is_told() {
    let (_, result) = asked(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
    assert!(
        matches!(result, Err(Unhealthy::Status { status: 503, .. })),
        "{result:?}"
    );
}

#[test]
fn an_answer_that_is_not_http_is_no_sign_of_life() {
    for answer in [&b""[..], b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 2", b"200 OK\n"] {
        let (_, result) = asked(answer);
        assert!(
            matches!(result, Err(Unhealthy::NoAnswer { .. })),
            "{result:?}"
        );
    }
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let (_listener, target) = listen();
    let line = check(&target, SHORT).unwrap_err().to_string();
    assert!(
        line.ends_with("does not answer: no answer in time"),
        "{line}"
    );
}

#[test]
fn a_server_that_never_ends_its_first_line_is_given_up() {
    let (listener, target) = listen();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        while stream.write_all(b"HTTP/1.1").is_ok() {}
    });
    assert!(check(&target, TIMEOUT).is_err());
    server.join().unwrap();
}

#[test]
fn nobody_at_the_port_is_told_in_one_line() {
    let (listener, target) = listen();
    drop(listener);
    let line = check(&target, TIMEOUT).unwrap_err().to_string();
    assert!(
        line.starts_with("http://127.0.0.1:") && line.contains("does not answer"),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn the_server_of_this_configuration_is_asked() {
    let at = |host: &str, port| Some((host.to_owned(), port));
    assert_eq!(target_of(&[]), at("127.0.0.1", 8080));
    assert_eq!(target_of(&[("HOST", "::"), ("PORT", "9")]), at("::1", 9));
    assert_eq!(target_of(&[("HOST", "10.0.0.7")]), at("10.0.0.7", 8080));
    assert_eq!(
        target_of(&[("CHATTERSTACK_URL", "http://chat:81"), ("PORT", "0")]),
        at("chat", 81)
    );
}

#[test]
fn a_port_that_only_the_server_knows_is_told() {
    let refusal = run(&config(&[("PORT", "0")])).unwrap_err();
    assert!(matches!(refusal, Unhealthy::UnknownPort));
}
