use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A user of a server, logged in.
pub struct Account {
    http: Client,
    url: String,
    /// Its id.
    pub id: String,
    token: String,
}

impl Account {
    /// Makes it on the server at this address, and logs it in.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses it.
    pub async fn new(http: Client, url: &str, name: &str, password: &str) -> Result<Self> {
        let mut account = Self {
            http,
            url: url.to_owned(),
            id: String::new(),
            token: String::new(),
        };
        let email = format!("{name}@bench.example");
        let proof = json!({"username": name, "email": email, "password": password});
        let user = account
            .call(Method::POST, "/v1/auth/register", &proof)
            .await?;
        account.id = text(&user, "id")?;
        let tokens = account.call(Method::POST, "/v1/auth/login", &proof).await?;
        account.token = text(&tokens, "access_token")?;
        Ok(account)
    }

    /// Makes a room with these users besides this one, and answers its id.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub async fn make_room(&self, members: &[&str]) -> Result<String> {
        let room = json!({"name": "bench", "member_ids": members});
        let room = self.call(Method::POST, "/v1/rooms", &room).await?;
        text(&room, "id")
    }

    /// Deletes a room that this one has made.
    pub(crate) async fn delete_room(&self, id: &str) -> Result<()> {
        let path = format!("/v1/rooms/{id}");
        self.call(Method::DELETE, &path, &Value::Null).await?;
        Ok(())
    }

    /// The path of a socket that follows this room.
    #[must_use]
    pub fn path(&self, room: &str) -> String {
        format!("{}&room_id={room}", self.path_to_all())
    }

    /// The path of a socket that follows all rooms of the user.
    #[must_use]
    pub fn path_to_all(&self) -> String {
        format!("/ws?access_token={}", self.token)
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !body.is_null() {
            request = request.json(body);
        }
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let response = request.send().await?;
        let status = response.status();
        let answer = response.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {answer}");
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }
}

fn text(body: &Value, name: &str) -> Result<String> {
    let text = body[name].as_str();
    Ok(text
        .with_context(|| format!("the server answered without {name}"))?
        .to_owned())
}
