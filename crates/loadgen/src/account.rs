use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde_json::{Value, json};

/// A room, and one socket address for each of its members.
pub struct Room {
    pub id: String,
    pub sockets: Vec<String>,
}

/// A user of a server, logged in.
pub struct Account {
    http: Client,
    url: String,
    pub id: String,
    pub token: String,
}

/// A name that no earlier run has taken: 20 letters and digits.
pub fn unique() -> String {
    let unique = format!("{:?}-{}", std::time::Instant::now(), std::process::id());
    let name: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
    name[name.len().saturating_sub(20)..].to_owned()
}

impl Account {
    /// Makes it, and logs it in.
    pub async fn new(url: &str, name: &str) -> Result<Self> {
        let mut account = Self {
            http: Client::new(),
            url: url.to_owned(),
            id: String::new(),
            token: String::new(),
        };
        let proof = json!({"username": name, "email": format!("{name}@load.example"), "password": "load-password"});
        let user = account.call("/v1/auth/register", &proof).await?;
        account.id = text(&user, "id")?;
        let tokens = account.call("/v1/auth/login", &proof).await?;
        account.token = text(&tokens, "access_token")?;
        Ok(account)
    }

    /// Makes a room with these users besides this one, and answers its id.
    pub async fn make_room(&self, members: &[&str]) -> Result<String> {
        let room = json!({"name": "load", "member_ids": members});
        let room = self.call("/v1/rooms", &room).await?;
        text(&room, "id")
    }

    /// The path of a socket that follows this room.
    pub fn path(&self, room: &str) -> String {
        format!("/ws?access_token={}&room_id={room}", self.token)
    }

    /// The path of a socket that follows all rooms of the user.
    pub fn path_to_all(&self) -> String {
        format!("/ws?access_token={}", self.token)
    }

    async fn call(&self, path: &str, body: &Value) -> Result<Value> {
        let mut request = self.http.post(format!("{}{path}", self.url)).json(body);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let response = request.send().await?;
        let status = response.status();
        let body: Value = response.json().await?;
        ensure!(status.is_success(), "{path} answered {status}: {body}");
        Ok(body)
    }
}

fn text(body: &Value, name: &str) -> Result<String> {
    let text = body[name].as_str();
    Ok(text.with_context(|| format!("no {name}"))?.to_owned())
}

/// One account with many sockets: hashing passwords is not what is measured.
pub async fn room(url: &str, sockets: usize) -> Result<Room> {
    let account = Account::new(url, &unique()).await?;
    let id = account.make_room(&[]).await?;
    let address = format!("{}{}", url.replacen("http", "ws", 1), account.path(&id));
    Ok(Room {
        id,
        sockets: vec![address; sockets],
    })
}
