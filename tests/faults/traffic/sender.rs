use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{BACK_OFF, Door, IMPATIENCE, Progress, line::Line, reactor::react};
use crate::length::patience;

/// A message that a client sent.
#[derive(Debug)]
pub struct Sent {
    /// The sender's own reference, `client_msg_id`.
    pub reference: String,
    /// How often it was sent.
    pub attempts: u32,
    /// What a node answered; none when the sender gave up.
    pub acknowledged: Option<Told>,
    /// What was done to it afterwards, and answered.
    pub changed: Option<Change>,
}

/// What a sender does to its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Edited,
    Deleted,
}

/// What a node answered for a message.
#[derive(Debug)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// Its number.
    pub seq: u64,
}

/// Where a sender sends from.
#[derive(Clone, Copy)]
pub enum Kind {
    Rest,
    Socket,
}

/// More than any scenario needs: a sender ends by itself.
const MOST: usize = 20_000;

/// Between two messages, so that the machine has time for the rest of the test.
const PAUSE: Duration = Duration::from_millis(25);

/// One message in so many is edited too, and one in so many deleted, so that the log holds more than messages.
const EDITED: usize = 8;
const DELETED: usize = 20;

/// To one message in so many everybody reacts who sends over REST. Some of these are deleted too.
const PRAISED: usize = 8;

/// One message in so many is given up when it is not answered at once.
const GIVEN_UP: usize = 5;

/// Whether what is done with this number is given up when it is not answered at once.
pub fn is_given_up(number: usize) -> bool {
    number % GIVEN_UP == GIVEN_UP - 1
}

/// Sends until it is over. Every message but a few is sent again, on the next node, until it is acknowledged.
pub async fn send(
    kind: Kind,
    name: String,
    room: String,
    mut doors: Vec<Door>,
    progress: Arc<Progress>,
) -> Vec<Sent> {
    let mut all = Vec::new();
    let mut line = None;
    let mut reacted_to = None;
    while !progress.is_over() && all.len() < MOST {
        let number = all.len();
        let mut sent = Sent {
            reference: format!("{name}-{number}"),
            attempts: 0,
            acknowledged: None,
            changed: None,
        };
        let deadline = Instant::now() + patience();
        while sent.acknowledged.is_none() {
            sent.attempts += 1;
            let (door, reference) = (&doors[0], &sent.reference);
            let message = match kind {
                Kind::Rest => post(door, &room, reference).await,
                Kind::Socket => command(&mut line, door, &room, reference).await,
            };
            if let Some(message) = &message {
                sent.acknowledged = Some(told(reference, message));
                progress.acknowledge();
                if number % PRAISED == 1 {
                    progress.praise(message["id"].as_str().unwrap());
                }
                let door = door.clone();
                if let (Kind::Rest, Some(praised)) = (kind, progress.praised())
                    && reacted_to.as_ref() != Some(&praised)
                {
                    progress.note(react(&mut doors, &room, &praised, number).await);
                    reacted_to = Some(praised);
                }
                sent.changed = change(kind, number, &door, &room, message).await;
                break;
            }
            doors.rotate_left(1);
            if is_given_up(number) {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{} is never taken",
                sent.reference
            );
            sleep(BACK_OFF).await;
        }
        all.push(sent);
        sleep(PAUSE).await;
    }
    all
}

fn told(reference: &str, message: &Value) -> Told {
    assert_eq!(message["client_msg_id"], *reference);
    Told {
        id: message["id"].as_str().unwrap().to_owned(),
        seq: message["seq"].as_u64().unwrap(),
    }
}

/// The message as the node answers it; none when it does not.
async fn post(door: &Door, room: &str, reference: &str) -> Option<Value> {
    let path = format!("/v1/rooms/{room}/messages");
    let request = door.client.request(Method::POST, &path);
    let body = json!({"content": reference, "client_msg_id": reference});
    let answer = door.ask(request.json(&body)).await?;
    match answer.status {
        200 | 201 => Some(answer.body),
        503 => {
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
            None
        }
        _ => panic!("{answer:?}"),
    }
}

/// Edits or deletes some messages over REST, and tells what was answered to be done. It is not tried again.
async fn change(
    kind: Kind,
    number: usize,
    door: &Door,
    room: &str,
    message: &Value,
) -> Option<Change> {
    let id = message["id"].as_str().unwrap();
    let path = format!("/v1/rooms/{room}/messages/{id}");
    let (request, change) = match kind {
        Kind::Rest if number.is_multiple_of(EDITED) => {
            let request = door.client.request(Method::PATCH, &path);
            (request.json(&json!({"content": "edited"})), Change::Edited)
        }
        Kind::Rest if number % DELETED == 1 => {
            let request = door.client.request(Method::DELETE, &path);
            (request, Change::Deleted)
        }
        Kind::Rest | Kind::Socket => return None,
    };
    let answer = door.ask(request).await?;
    assert!(matches!(answer.status, 200 | 204 | 503), "{answer:?}");
    (answer.status != 503).then_some(change)
}

/// As [`post`], over the socket, which is opened if there is none, and dropped if it does not answer.
async fn command(
    line: &mut Option<Line>,
    door: &Door,
    room: &str,
    reference: &str,
) -> Option<Value> {
    let mut open = match line.take() {
        Some(open) => open,
        None => Line::open(door, &format!("&room_id={room}")).await?,
    };
    let data = json!({"room_id": room, "content": reference, "client_msg_id": reference});
    let frame = json!({"event": "send_message", "id": reference, "data": data});
    if !open.send(&frame).await {
        return None;
    }
    let answer = async {
        loop {
            let frame = open.next().await.ok()?;
            if frame["id"] == reference {
                return Some(frame);
            }
        }
    };
    let answer = timeout(2 * IMPATIENCE, answer).await.ok()??;
    *line = Some(open);
    if answer["event"] == "ack" {
        return Some(answer["data"]["message"].clone());
    }
    assert_eq!(answer["data"]["code"], "unavailable", "{answer}");
    None
}
