use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::door::Door;

/// A user of the server, logged in.
pub(crate) struct Account {
    http: Client,
    url: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

impl Account {
    /// Makes it, and logs it in.
    pub(crate) async fn new(door: &Door, name: &str) -> Result<Self> {
        let mut account = Self {
            http: door.http.clone(),
            url: door.url.clone(),
            id: String::new(),
            token: String::new(),
        };
        let proof = json!({
            "username": name,
            "email": format!("{name}@bench.example"),
            // Of an account that nobody is to come back to.
            "password": format!("{name}-{}", door.run),
        });
        let user = account
            .call(Method::POST, "/v1/auth/register", &proof)
            .await?;
        account.id = text(&user, "id")?;
        let tokens = account.call(Method::POST, "/v1/auth/login", &proof).await?;
        account.token = text(&tokens, "access_token")?;
        Ok(account)
    }

    /// Makes a room with these users besides this one, and answers its id.
    pub(crate) async fn make_room(&self, members: &[&str]) -> Result<String> {
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
