use anyhow::{Result, ensure};
use reqwest::Client;
use serde_json::{Value, json};

/// A room, and one socket address for each of its members.
pub struct Room {
    pub id: String,
    pub sockets: Vec<String>,
}

/// One account with many sockets: hashing passwords is not what is measured.
pub async fn room(url: &str, sockets: usize) -> Result<Room> {
    let http = Client::new();
    // A name that no earlier run has taken.
    let unique = format!("{:?}-{}", std::time::Instant::now(), std::process::id());
    let name: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = &name[name.len().saturating_sub(40)..];
    let account = json!({"username": name, "email": format!("{name}@load.example"), "password": "load-password"});
    call(&http, url, "/v1/auth/register", None, &account).await?;
    let tokens = call(&http, url, "/v1/auth/login", None, &account).await?;
    let token = tokens["access_token"].as_str().unwrap_or_default();
    let room = call(
        &http,
        url,
        "/v1/rooms",
        Some(token),
        &json!({"name": "load"}),
    )
    .await?;
    let id = room["id"].as_str().unwrap_or_default().to_owned();
    let address = format!(
        "{}/ws?access_token={token}&room_id={id}",
        url.replacen("http", "ws", 1)
    );
    Ok(Room {
        id,
        sockets: vec![address; sockets],
    })
}

async fn call(
    http: &Client,
    url: &str,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> Result<Value> {
    let mut request = http.post(format!("{url}{path}")).json(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await?;
    let status = response.status();
    let body: Value = response.json().await?;
    ensure!(status.is_success(), "{path} answered {status}: {body}");
    Ok(body)
}
