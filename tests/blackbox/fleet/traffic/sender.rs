use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{BACK_OFF, Door, Progress};
use crate::{server::PATIENCE, socket::Socket};

/// A message that a node answered for.
#[derive(Debug)]
pub struct Acknowledged {
    /// The sender's own reference, `client_msg_id`.
    pub reference: String,
    /// The message's id.
    pub id: String,
    /// Its number.
    pub seq: u64,
}

/// More than any scenario needs: a sender ends by itself.
const MOST: usize = 5_000;

/// Between two messages, so that the machine has time for the rest of the test.
const PAUSE: Duration = Duration::from_millis(20);

/// When a sender gives up on a node and sends the same to another one: sooner than the node gives up on its database,
/// so that both are at it at once.
const IMPATIENCE: Duration = Duration::from_millis(400);

/// One message in so many is edited too, so that the log holds more than messages.
const EDITED: usize = 8;

/// Sends over REST until it is over. Every message is sent again, on the next node, until it is acknowledged.
pub(super) async fn over_rest(
    name: String,
    room: String,
    mut doors: Vec<Door>,
    progress: Arc<Progress>,
) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    while !progress.is_over() && acknowledged.len() < MOST {
        let reference = format!("{name}-{}", acknowledged.len());
        let deadline = Instant::now() + PATIENCE;
        let message = loop {
            match post(&doors[0], &room, &reference).await {
                Some(message) => break message,
                None => doors.rotate_left(1),
            }
            assert!(Instant::now() < deadline, "{reference} is never taken");
            sleep(BACK_OFF).await;
        };
        if acknowledged.len() % EDITED == 0 {
            edit(&doors[0], &room, &message).await;
        }
        acknowledged.push(noted(reference, &message));
        progress.acknowledge();
        sleep(PAUSE).await;
    }
    acknowledged
}

/// Sends over a socket, as [`over_rest`] does.
pub(super) async fn over_socket(
    name: String,
    room: String,
    mut doors: Vec<Door>,
    progress: Arc<Progress>,
) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    let mut socket = None;
    while !progress.is_over() && acknowledged.len() < MOST {
        let reference = format!("{name}-{}", acknowledged.len());
        let deadline = Instant::now() + PATIENCE;
        let message = loop {
            match command(&mut socket, &doors[0], &room, &reference).await {
                Some(message) => break message,
                None => doors.rotate_left(1),
            }
            assert!(Instant::now() < deadline, "{reference} is never taken");
            sleep(BACK_OFF).await;
        };
        acknowledged.push(noted(reference, &message));
        progress.acknowledge();
        sleep(PAUSE).await;
    }
    acknowledged
}

fn noted(reference: String, message: &Value) -> Acknowledged {
    assert_eq!(message["client_msg_id"], *reference);
    Acknowledged {
        reference,
        id: message["id"].as_str().unwrap().to_owned(),
        seq: message["seq"].as_u64().unwrap(),
    }
}

/// The message as the node answers it; none when it does not.
async fn post(door: &Door, room: &str, reference: &str) -> Option<Value> {
    let path = format!("/v1/rooms/{room}/messages");
    let request = door.client.request(Method::POST, &path);
    let body = json!({"content": reference, "client_msg_id": reference});
    let request = request.json(&body).timeout(IMPATIENCE);
    let answer = door.client.try_send(request).await.ok()?;
    match answer.status {
        200 | 201 => Some(answer.body),
        503 => {
            answer.assert_problem(503, "unavailable");
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
            None
        }
        _ => panic!("{answer:?}"),
    }
}

/// An edit that is not tried again: whether it is done or not, the log says.
async fn edit(door: &Door, room: &str, message: &Value) {
    let path = format!(
        "/v1/rooms/{room}/messages/{}",
        message["id"].as_str().unwrap()
    );
    let request = door.client.request(Method::PATCH, &path);
    let request = request
        .json(&json!({"content": "edited"}))
        .timeout(IMPATIENCE);
    if let Ok(answer) = door.client.try_send(request).await {
        assert!(matches!(answer.status, 200 | 503), "{answer:?}");
    }
}

/// As [`post`], over the socket, which is opened if there is none, and dropped if it does not answer.
async fn command(
    socket: &mut Option<Socket>,
    door: &Door,
    room: &str,
    reference: &str,
) -> Option<Value> {
    let mut open = match socket.take() {
        Some(open) => open,
        None => door.socket(room).await?,
    };
    let data = json!({"room_id": room, "content": reference, "client_msg_id": reference});
    let frame = json!({"event": "send_message", "id": reference, "data": data});
    open.try_send(frame).await.ok()?;
    let answer = async {
        loop {
            let frame = open.next_or_end().await.ok()?;
            if frame["id"] == reference {
                return Some(frame);
            }
        }
    };
    let answer = timeout(2 * IMPATIENCE, answer).await.ok()??;
    *socket = Some(open);
    if answer["event"] == "ack" {
        return Some(answer["data"]["message"].clone());
    }
    assert_eq!(answer["data"]["code"], "unavailable", "{answer}");
    None
}

impl Door {
    /// A socket that follows the room, past its `ready`; none when it cannot be had now.
    pub(super) async fn socket(&self, room: &str) -> Option<Socket> {
        let token = self.client.access_token();
        let query = format!("access_token={token}&room_id={room}");
        let mut socket = Socket::try_connect(&self.sockets, &query).await.ok()?;
        let ready = socket.next_or_end().await.ok()?;
        assert_eq!(ready["event"], "ready", "{ready}");
        socket.ready = ready["data"].clone();
        Some(socket)
    }
}
