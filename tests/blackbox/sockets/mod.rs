//! The contract's section 2, row by row.

mod admission;
mod bad_frames;
mod flood;
mod handshake;
mod limits;
mod log_out;
mod membership;
mod messages;
mod order;
mod presence;
mod raw;
mod reactions;
mod ready;
mod resume;
mod streams;
mod subscriptions;
mod ticks;
mod tokens;
mod typing;

use serde_json::Value;

use crate::{
    api::Client,
    server::{Server, Start},
};

/// A node, and two users in one room of it.
struct Scene {
    server: Server,
    ann: Client,
    bob: Client,
    room: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Start::default()).await
    }

    async fn with(start: Start) -> Self {
        let server = start.start().await;
        let (ann, bob) = tokio::join!(server.user("Ann"), server.user("Bob"));
        let room = ann.room("General", &[&bob]).await;
        Self {
            server,
            ann,
            bob,
            room,
        }
    }
}

/// The names of an object's fields, in alphabetical order.
fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names
}

/// The events of these frames.
fn events(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["event"].as_str().unwrap())
        .collect()
}
