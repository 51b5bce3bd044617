use std::{sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder, Url, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    documented::Document,
    server::{PATIENCE, Server},
    socket::Socket,
};

/// A client of the REST API, with a user's token or without.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    document: Arc<Document>,
    /// Its node may be stopped in the midst of a request, and takes it then for one that comes too slowly: that it says 408
    /// below the API is no fault.
    pub node_may_stop: bool,
    /// What the log-in answered; null without one.
    pub tokens: Value,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null when it has none.
    pub body: Value,
}

impl Answer {
    /// The stable word of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Asserts a problem of this status and word, in the form of RFC 9457.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        assert_eq!(
            self.body["type"],
            format!("urn:chatterstack:problem:{code}")
        );
        assert_eq!(
            self.body["request_id"],
            self.headers["x-request-id"].to_str().unwrap()
        );
        assert!(self.body["title"].is_string() && self.body["detail"].is_string());
    }
}

impl Client {
    pub fn new(base: String, document: Arc<Document>) -> Self {
        Self {
            http: reqwest::Client::builder()
                .timeout(PATIENCE)
                // As a balancer: sooner than the node closes it, which else may be just when the next request is sent. And no
                // node is left with many of them.
                .pool_idle_timeout(Duration::from_secs(2))
                .build()
                .unwrap(),
            base,
            document,
            node_may_stop: false,
            tokens: Value::Null,
        }
    }

    /// The same client after a log-in.
    pub async fn log_in(&self, email: &str, password: &str) -> Self {
        let answer = self
            .post(
                "/v1/auth/login",
                json!({"email": email, "password": password}),
            )
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.with_tokens(answer.body)
    }

    /// The same client with other tokens, as a log-in answers them.
    pub fn with_tokens(&self, tokens: Value) -> Self {
        Self {
            tokens,
            ..self.clone()
        }
    }

    /// The same client, with its tokens, at another node.
    pub fn at(&self, server: &Server) -> Self {
        server.client().with_tokens(self.tokens.clone())
    }

    pub fn id(&self) -> &str {
        self.tokens["user"]["id"].as_str().unwrap()
    }

    pub fn name(&self) -> &str {
        self.tokens["user"]["username"].as_str().unwrap()
    }

    pub fn access_token(&self) -> &str {
        self.tokens["access_token"].as_str().unwrap()
    }

    pub fn refresh_token(&self) -> &str {
        self.tokens["refresh_token"].as_str().unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    /// A post without a body.
    pub async fn poke(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body))
            .await
    }

    /// A put without a body.
    pub async fn put(&self, path: &str) -> Answer {
        self.send(self.request(Method::PUT, path)).await
    }

    /// A request to be finished by the test, with this client's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match self.tokens["access_token"].as_str() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends it, and checks the answer against the OpenAPI document.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    /// As [`send`](Self::send); it fails when there is no answer, or half of one.
    pub async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let answer = Answer {
            status,
            headers,
            body,
        };
        if !(self.node_may_stop && answer.status == 408) {
            self.document.assert_knows(&method, &path, &answer);
        }
        Ok(answer)
    }

    /// A room of this user's, with these members.
    pub async fn room(&self, name: &str, members: &[&Self]) -> String {
        let ids: Vec<_> = members.iter().map(|member| member.id()).collect();
        let made = self
            .post("/v1/rooms", json!({"name": name, "member_ids": ids}))
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message over REST.
    pub async fn say(&self, room: &str, content: &str) -> Value {
        let sent = self
            .post(
                &format!("/v1/rooms/{room}/messages"),
                json!({"content": content}),
            )
            .await;
        assert_eq!(sent.status, 201, "{sent:?}");
        sent.body
    }

    /// Reacts to a message.
    pub async fn react(&self, message: &Value, emoji: &str) {
        let added = self.put(&reaction(message, emoji)).await;
        assert_eq!((added.status, &added.body), (204, &Value::Null), "{emoji}");
    }

    /// Takes a reaction back.
    pub async fn unreact(&self, message: &Value, emoji: &str) {
        let removed = self.delete(&reaction(message, emoji)).await;
        assert_eq!(
            (removed.status, &removed.body),
            (204, &Value::Null),
            "{emoji}"
        );
    }

    /// Opens a socket that follows these rooms, or all, and takes its `ready`.
    pub async fn socket(&self, server: &Server, rooms: &[&str]) -> Socket {
        let mut query = format!("access_token={}", self.access_token());
        for room in rooms {
            query.push_str(&format!("&room_id={room}"));
        }
        let mut socket = Socket::connect(server, &query).await.unwrap();
        socket.ready = socket.expect("ready").await["data"].clone();
        socket
    }
}

/// Where the reactions to a message are.
pub fn reactions(message: &Value) -> String {
    let id = |name: &str| message[name].as_str().unwrap();
    format!(
        "/v1/rooms/{}/messages/{}/reactions",
        id("room_id"),
        id("id")
    )
}

/// Where one's own reaction by this emoji is.
pub fn reaction(message: &Value, emoji: &str) -> String {
    let mut url = Url::parse("http://host").unwrap();
    url.path_segments_mut().unwrap().push(emoji);
    format!("{}{}", reactions(message), url.path())
}
