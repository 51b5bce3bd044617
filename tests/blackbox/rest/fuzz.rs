use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, at, with_query};
use crate::{api::Client, server::Server};

/// Where a nasty value goes in a template.
const HERE: &str = "@";

/// JSON texts that have broken parsers, databases and type systems before; not all of them are JSON.
fn nasty() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "1",
        "1.5",
        "-1.5e-7",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "0x10",
        "01",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "[0]",
        "[\"\"]",
        "{\"\":0}",
        "{\"$gt\":\"\"}",
        "{\"__proto__\":{}}",
        "{\"a\":1,\"a\":2}",
        "\"\"",
        "\" \"",
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\n\"",
        "\"\\u0001\\u001f\\u007f\\u0085\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"\\udfff\"",
        "\"\\uffff\\ufffe\\ufeff\"",
        "\"\\u202e\\u200b\\u2028\\u2029\"",
        "\"e\\u0301\\u0301\\u0301\"",
        "\"\\u0130\\u0131\\u017f\\u212a\\u1e9e\"",
        "\"' OR '1'='1\"",
        "\"'; DROP TABLE users; --\"",
        "\"%' ESCAPE '\"",
        "\"\\\\\"",
        "\"\\\"\"",
        "\"<script>alert(1)</script>\"",
        "\"../../etc/passwd\"",
        "\"${jndi:ldap://x}\"",
        "\"{{7*7}}\"",
        "\"00000000-0000-0000-0000-000000000000\"",
        "\"ffffffff-ffff-ffff-ffff-ffffffffffff\"",
        "\"a@b.org\\r\\nX: y\"",
        "\"@\"",
        "\"OWNER\"",
        "\"undefined\"",
        "\"unterminated",
        "'single'",
        "",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    let quoted = |text: &str| format!("\"{text}\"").into_bytes();
    all.push(quoted(&"a".repeat(10_000)));
    all.push(quoted(&"😀".repeat(10_000)));
    all.push("[".repeat(10_000).into_bytes());
    all.push(b"\"\xff\xfe\"".to_vec());
    all.push(b"\"\xed\xa0\x80\"".to_vec());
    all.push(b"\"\0\"".to_vec());
    all
}

/// Every way to put the mark into one value of this one, the whole included.
fn marked(value: &Value) -> Vec<Value> {
    let mut all = vec![json!(HERE)];
    let mut inside = |put: &dyn Fn(Value) -> Value, old: &Value| {
        all.extend(marked(old).into_iter().map(put));
    };
    match value {
        Value::Object(fields) => {
            for (name, old) in fields {
                let put = |new| {
                    let mut copy = value.clone();
                    copy[name] = new;
                    copy
                };
                inside(&put, old);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|old| inside(&|new| json!([new]), old)),
        _ => {}
    }
    all
}

fn bodies(template: &Value) -> Vec<Vec<u8>> {
    let mark = format!("\"{HERE}\"");
    let mut all = Vec::new();
    for marked in marked(template) {
        let text = marked.to_string();
        let (before, after) = text.split_once(&mark).unwrap();
        for value in nasty() {
            all.push([before.as_bytes(), &value, after.as_bytes()].concat());
        }
    }
    all
}

/// Sends every body, a few at a time; each must be answered, and not with a fault of the server.
async fn throw(client: &Client, method: Method, path: &str, template: Value) {
    let throws = stream::iter(bodies(&template)).map(|body| {
        let request = client
            .request(method.clone(), path)
            .header("content-type", "application/json")
            .body(body.clone());
        async move {
            let answer = client.send(request).await;
            let body = String::from_utf8_lossy(&body);
            assert!(answer.status < 500, "{path} {body:.200}: {answer:?}");
            assert_eq!(
                answer.status >= 400,
                !answer.code().is_empty(),
                "{answer:?}"
            );
        }
    });
    throws.buffer_unordered(8).collect::<()>().await;
}

#[tokio::test]
async fn no_nasty_value_in_an_account_breaks_the_server() {
    let server = Server::start().await;
    let client = server.client();
    let account = json!({"username": "Zed", "name": "Zed", "email": "z@example.org", "password": "correct horse"});
    throw(&client, Method::POST, "/v1/auth/register", account).await;
    let log_in = json!({"email": "z@example.org", "password": "x", "cookies": true});
    throw(&client, Method::POST, "/v1/auth/login", log_in).await;
    let token = json!({"refresh_token": "x", "cookies": true});
    throw(&client, Method::POST, "/v1/auth/refresh", token).await;
    let ann = server.user("Ann").await;
    // The first that is taken ends the log-in; those before are the ones that are refused.
    let out = json!({"user_id": 7, "refresh_token": "x"});
    throw(&ann, Method::POST, "/v1/auth/logout", out).await;
    assert_eq!(client.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn no_nasty_value_in_a_room_breaks_the_server() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let status = format!("/v1/users/{}/status", ann.id());
    throw(&ann, Method::PATCH, &status, json!({"status": "ONLINE"})).await;
    let room = json!({"name": "x", "is_group": true, "description": "x", "visibility": "private",
        "member_ids": [bob.id()], "members": [{"user_id": bob.id(), "role": "ADMIN"}], "creator_id": ann.id()});
    throw(&ann, Method::POST, "/v1/rooms", room).await;
    throw(
        &ann,
        Method::POST,
        "/v1/rooms/direct",
        json!({"peer_user_id": bob.id()}),
    )
    .await;
    let members = format!("/v1/rooms/{}/members", ann.room("General", &[]).await);
    throw(
        &ann,
        Method::POST,
        &members,
        json!({"user_id": bob.id(), "role": "MEMBER"}),
    )
    .await;
    assert_eq!(ann.get("/v1/rooms?limit=100").await.status, 200);
    assert_eq!(ann.get(&members).await.status, 200);
}

#[tokio::test]
async fn no_nasty_value_in_a_message_breaks_the_server() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = json!({"content": "x", "client_msg_id": "x",
        "attachments": [{"url": "https://x", "mime_type": "a/b", "size_bytes": 1}]});
    let messages = super::messages_of(&room);
    throw(&ann, Method::POST, &messages, message).await;
    let message = ann.say(&room, "x").await;
    throw(&ann, Method::PATCH, &at(&message), json!({"content": "x"})).await;
    assert_eq!(ann.get(&format!("{messages}?limit=200")).await.status, 200);
}

#[tokio::test]
async fn no_nasty_value_in_a_query_or_a_path_breaks_the_server() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let at = at(&ann.say(&room, "x").await);
    let messages = super::messages_of(&room);
    let texts = nasty()
        .into_iter()
        .filter(|text| text.len() < 1_000)
        .map(|text| {
            let unquoted = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\""));
            let text = String::from_utf8_lossy(unquoted.unwrap_or(&text)).into_owned();
            // Escapes stand for what they mean.
            let meant = serde_json::from_str(&format!("\"{text}\""));
            meant.unwrap_or(text)
        });
    for text in texts {
        for (path, name) in [
            ("/v1/users", "email"),
            ("/v1/rooms", "q"),
            ("/v1/rooms", "limit"),
            ("/v1/rooms", "scope"),
            (&*messages, "page"),
            (&*messages, "limit"),
            (&*messages, "around_message_id"),
            (&*messages, "before"),
            (&*messages, "after"),
            ("/v1/messages/search", "q"),
            ("/v1/messages/search?q=x", "room_id"),
            ("/v1/messages/search?q=x", "limit"),
            ("/v1/messages/search?q=x", &text),
        ] {
            let answer = ann.get(&with_query(path, &[(name, &text)])).await;
            assert!(answer.status < 500, "{path} {name} {text:?}: {answer:?}");
        }
        let encoded = with_query("/", &[("x", &text)])
            .replace("/?x=", "")
            .replace('+', "%20");
        for (method, path) in [
            (Method::GET, format!("/v1/users/{encoded}")),
            (Method::GET, format!("/v1/rooms/{encoded}/members")),
            (Method::POST, format!("{messages}/{encoded}/read")),
            (Method::PUT, format!("{at}/reactions/{encoded}")),
            (Method::DELETE, format!("{at}/reactions/{encoded}")),
            (
                Method::DELETE,
                format!("/v1/rooms/{NOBODY}/members/{encoded}"),
            ),
        ] {
            let answer = ann.send(ann.request(method, &path)).await;
            assert!(answer.status < 500, "{path}: {answer:?}");
        }
    }
}
