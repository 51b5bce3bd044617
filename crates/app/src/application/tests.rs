mod guests;

use std::{
    collections::{BTreeMap, VecDeque},
    future::pending,
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::{
    RefreshTokenHash, RoomId, Session, SessionId, StoreError, StoreResult, Timestamp, UserId,
    ports::{Arrival, NewSession, Rotation, SessionStore},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as Frame,
};
use usecase::Ports;

use super::*;
use crate::config::{Environment, Purpose, Sources};

/// The log-ins of a node, of which a test says what the next look-ups answer; none: what is true.
struct Scripted {
    sessions: Arc<dyn SessionStore>,
    answers: Arc<Mutex<VecDeque<Option<StoreResult<bool>>>>>,
}

#[async_trait]
impl SessionStore for Scripted {
    async fn open(&self, new: &NewSession) -> StoreResult<()> {
        self.sessions.open(new).await
    }

    async fn rotate(
        &self,
        old: RefreshTokenHash,
        new: RefreshTokenHash,
        now: Timestamp,
        new_expires_at: Timestamp,
    ) -> StoreResult<Rotation> {
        self.sessions.rotate(old, new, now, new_expires_at).await
    }

    async fn by_refresh_token(&self, token: RefreshTokenHash) -> StoreResult<Option<Session>> {
        self.sessions.by_refresh_token(token).await
    }

    async fn is_live(&self, id: SessionId) -> StoreResult<bool> {
        let scripted = self.answers.lock().unwrap().pop_front().flatten();
        match scripted {
            Some(answer) => answer,
            None => self.sessions.is_live(id).await,
        }
    }

    async fn arrival(
        &self,
        id: SessionId,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Option<Arrival>> {
        let scripted = self.answers.lock().unwrap().pop_front().flatten();
        match scripted {
            Some(Ok(false)) => Ok(None),
            Some(Err(error)) => Err(error),
            Some(Ok(true)) | None => self.sessions.arrival(id, user, only).await,
        }
    }

    async fn ended_among(&self, ids: Vec<SessionId>) -> StoreResult<Vec<SessionId>> {
        self.sessions.ended_among(ids).await
    }

    async fn revoke(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        self.sessions.revoke(user, id, at).await
    }
}

/// A node whose look-ups of log-ins a test scripts, and a socket on it.
struct Scene {
    address: SocketAddr,
    answers: Arc<Mutex<VecDeque<Option<StoreResult<bool>>>>>,
    _folder: TempDir,
}

/// A node over a new database, of which a test changes the ports.
async fn node_with(change: impl FnOnce(&mut Ports)) -> (Application, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let said = [("HOST", "127.0.0.1"), ("PORT", "0"), ("DATA_DIR", data)];
    let environment: Environment = said.map(|(name, text)| (name.into(), text.into())).into();
    let read_file = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let sources = Sources {
        flags: BTreeMap::new(),
        file: None,
        environment: &environment,
        read_file: &read_file,
    };
    let config = Config::load(&sources, Purpose::Serve).unwrap();
    let mut wired = wiring::wire(&config).await.unwrap();
    change(&mut wired.ports);
    let node = Application::over(&config, wired).unwrap();
    (node, folder)
}

/// Runs the node for as long as the test lasts.
async fn run_for(node: Application, test: impl Future<Output = ()>) {
    tokio::select! {
        ended = node.run_until(async || pending().await) => panic!("it ended: {ended:?}"),
        in_time = tokio::time::timeout(Duration::from_secs(60), test) => in_time.expect("it hangs"),
    }
}

impl Scene {
    async fn start() -> (Self, Application) {
        let answers = Arc::<Mutex<VecDeque<_>>>::default();
        let (node, folder) = node_with(|ports| {
            ports.sessions = Arc::new(Scripted {
                sessions: ports.sessions.clone(),
                answers: answers.clone(),
            });
        })
        .await;
        let scene = Self {
            address: node.address,
            answers,
            _folder: folder,
        };
        (scene, node)
    }

    async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Value {
        let url = format!("http://{}/v1/auth/{path}", self.address);
        let mut request = reqwest::Client::new().post(url).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        answer.json().await.unwrap_or_default()
    }

    /// The access token of one more log-in.
    async fn log_in(&self) -> String {
        let account = json!({"email": "ann@example.org", "password": "correct horse"});
        let answer = self.post("login", None, account).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn log_out(&self, token: &str) {
        self.post("logout", Some(token), json!({})).await;
    }
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(scene: &Scene, token: &str) -> Self {
        let url = format!("ws://{}/ws?access_token={token}", scene.address);
        Self(connect_async(url).await.unwrap().0)
    }

    /// The answer to `authenticate` with this token: its event, and its code if it was refused.
    async fn authenticate(&mut self, token: &str) -> (Value, Value) {
        let data = json!({"access_token": token});
        let command = json!({"event": "authenticate", "id": "a", "data": data});
        self.0.send(Frame::text(command.to_string())).await.unwrap();
        while let Some(Ok(frame)) = self.0.next().await {
            let Ok(answer) = serde_json::from_str::<Value>(frame.to_text().unwrap_or_default())
            else {
                continue;
            };
            if answer["id"] == "a" {
                return (answer["event"].clone(), answer["data"]["code"].clone());
            }
        }
        panic!("the socket was closed without an answer");
    }

    /// Waits for its close.
    async fn closed(&mut self) -> u16 {
        loop {
            match self.0.next().await.expect("cut off").unwrap() {
                Frame::Close(frame) => return frame.unwrap().code.into(),
                _ => continue,
            }
        }
    }
}

async fn with_a_node(test: impl AsyncFnOnce(&Scene)) {
    let (scene, node) = Scene::start().await;
    let account =
        json!({"username": "Ann", "email": "ann@example.org", "password": "correct horse"});
    let body = async {
        scene.post("register", None, account).await;
        test(&scene).await;
    };
    run_for(node, body).await;
}

#[tokio::test]
async fn a_store_that_goes_away_during_an_authenticate_leaves_the_socket_as_it_was() {
    with_a_node(async |scene| {
        let (old, new) = (scene.log_in().await, scene.log_in().await);
        let mut socket = Socket::open(scene, &old).await;
        assert_eq!(socket.authenticate(&old).await.0, "ack");
        let away = || Some(Err(StoreError::Unavailable("away".into())));
        for answers in [vec![away()], vec![None, away()]] {
            *scene.answers.lock().unwrap() = answers.into();
            let answer = socket.authenticate(&new).await;
            assert_eq!(answer, (json!("error"), json!("unavailable")));
        }
        // It is still the old log-in's: it outlives the new one, and ends with its own.
        scene.log_out(&new).await;
        assert_eq!(socket.authenticate(&old).await.0, "ack");
        scene.log_out(&old).await;
        assert_eq!(socket.closed().await, 4401);
    })
    .await;
}

#[tokio::test]
async fn a_log_in_that_ends_during_its_authenticate_ends_the_socket() {
    with_a_node(async |scene| {
        let (old, new) = (scene.log_in().await, scene.log_in().await);
        let mut socket = Socket::open(scene, &old).await;
        assert_eq!(socket.authenticate(&old).await.0, "ack");
        *scene.answers.lock().unwrap() = [None, Some(Ok(false))].into();
        let data = json!({"access_token": new});
        let command = json!({"event": "authenticate", "id": "a", "data": data});
        let frame = Frame::text(command.to_string());
        socket.0.send(frame).await.unwrap();
        assert_eq!(socket.closed().await, 4401);
    })
    .await;
}
