use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, handshake::client::Request},
};

use crate::server::{PATIENCE, Server};

/// A native WebSocket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Came while something else was looked for.
    kept: VecDeque<Value>,
    /// The data of its `ready`.
    pub ready: Value,
}

/// A refused handshake: its status and its problem.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub problem: Value,
}

impl Socket {
    /// Opens a socket with this query.
    pub async fn connect(server: &Server, query: &str) -> Result<Self, Refused> {
        let url = format!("ws://{}/ws?{query}", server.sockets());
        Self::connect_with(url.into_client_request().unwrap()).await
    }

    /// Opens a socket with this query and these headers.
    pub async fn connect_as(
        server: &Server,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Refused> {
        let url = format!("ws://{}/ws?{query}", server.sockets());
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Self::connect_with(request).await
    }

    /// Opens a socket with a handshake of the test's own making.
    pub async fn connect_with(request: Request) -> Result<Self, Refused> {
        match Self::try_connect_with(request).await {
            Ok(socket) => Ok(socket),
            Err(Error::Http(response)) => Err(Refused {
                status: response.status().as_u16(),
                problem: response
                    .body()
                    .as_ref()
                    .and_then(|body| serde_json::from_slice(body).ok())
                    .unwrap_or(Value::Null),
            }),
            Err(other) => panic!("no handshake: {other}"),
        }
    }

    async fn try_connect_with(request: Request) -> Result<Self, Error> {
        let connecting = timeout(PATIENCE, connect_async(request));
        let (stream, _) = connecting.await.expect("there is no answer")?;
        Ok(Self {
            stream,
            kept: VecDeque::new(),
            ready: Value::Null,
        })
    }

    /// Sends a command with a reference.
    pub async fn command(&mut self, id: &str, event: &str, data: Value) {
        self.send(json!({"event": event, "id": id, "data": data}))
            .await;
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_raw(Message::text(frame.to_string())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// The next frame of the server, whatever it is.
    pub async fn next(&mut self) -> Value {
        match self.kept.pop_front() {
            Some(frame) => frame,
            None => self.read().await,
        }
    }

    /// The first frame that is wanted, whatever came before it; that is kept for later.
    pub async fn take(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&is_wanted) {
            return self.kept.remove(at).unwrap();
        }
        loop {
            let frame = self.read().await;
            if is_wanted(&frame) {
                return frame;
            }
            self.kept.push_back(frame);
        }
    }

    /// The first frame of this event; the others are kept.
    pub async fn hear(&mut self, event: &str) -> Value {
        self.take(|frame| frame["event"] == event).await
    }

    /// The answer, `ack` or `error`, to the command with this reference.
    pub async fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        self.take(|frame| frame["id"] == id).await
    }

    /// Sends a message, and gives it back as the server answers it.
    pub async fn say(&mut self, room: &str, content: &str) -> Value {
        let data = json!({"room_id": room, "content": content});
        self.command("say", "send_message", data).await;
        let answer = self.answer("say").await;
        assert_eq!(answer["event"], "ack", "{answer}");
        answer["data"]["message"].clone()
    }

    /// Every frame up to the message of this content. What is not among them was not said before it.
    pub async fn until(&mut self, content: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let is_last =
                frame["event"] == "receive_message" && frame["data"]["content"] == content;
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }

    /// Pings do not count: a server that only pings says nothing.
    async fn read(&mut self) -> Value {
        let reading = async {
            loop {
                match self.next_message().await {
                    Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                    Some(Message::Ping(_) | Message::Pong(_)) => {}
                    other => panic!("a frame was expected: {other:?}"),
                }
            }
        };
        let read = timeout(PATIENCE, reading).await;
        read.expect("no frame came, pings apart")
    }

    /// The next frame, which must be of this event.
    #[track_caller]
    pub fn expect(&mut self, event: &str) -> impl Future<Output = Value> {
        let event = event.to_owned();
        async move {
            let frame = self.next().await;
            assert_eq!(frame["event"], event, "{frame}");
            frame
        }
    }

    /// The code that the server closes with; frames before it are passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.next_message().await {
                Some(Message::Close(frame)) => return frame.map_or(1005, |f| f.code.into()),
                Some(_) => {}
                None => return 1006,
            }
        }
    }

    /// Closes it as a client does, and waits for the answer.
    pub async fn close(mut self) {
        self.stream.close(None).await.unwrap();
        while let Some(Ok(_)) = self.stream.next().await {}
    }

    /// The next message as it comes, pings and closes too; nothing when the connection has ended.
    pub async fn next_message(&mut self) -> Option<Message> {
        let next = timeout(PATIENCE, self.stream.next()).await;
        match next.expect("the server says nothing") {
            Some(Ok(message)) => Some(message),
            Some(Err(_)) | None => None,
        }
    }
}
