use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::Value;

/// What a node that may open 600 files says until it listens.
fn said_at_start(sockets: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let mut node = Command::new("/bin/sh")
        .args(["-c", "ulimit -S -n 600 && exec \"$0\""])
        .arg(env!("CARGO_BIN_EXE_chatterstack"))
        .env_clear()
        .current_dir(folder.path())
        .env("HOST", "127.0.0.1")
        .env("PORT", "0")
        .env("LOG_FORMAT", "json")
        .env("WS_SOCKETS_NODE", sockets)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(node.stderr.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let is_last = line["fields"]["message"] == "listening";
        said.push(line);
        if is_last {
            break;
        }
    }
    node.kill().unwrap();
    node.wait().unwrap();
    let last = said.last().expect("it said nothing");
    assert_eq!(last["fields"]["message"], "listening", "{said:?}");
    said
}

#[test]
fn a_node_that_may_open_too_few_files_for_its_sockets_says_so_at_the_start() {
    let warning = |said: &[Value]| {
        let mut fields = said.iter().map(|line| &line["fields"]);
        let warned = fields.find(|fields| {
            let message = fields["message"].as_str().unwrap_or_default();
            message.contains("WS_SOCKETS_NODE")
        });
        warned.map(|fields| (fields["open_files"].clone(), fields["sockets"].clone()))
    };
    let both = Some((Value::from(600), Value::from(345)));
    assert_eq!(warning(&said_at_start("345")), both);
    // With 256 beside the sockets it is enough; and where there is no cap, nobody knows.
    for sockets in ["344", "off"] {
        assert_eq!(warning(&said_at_start(sockets)), None);
    }
}
