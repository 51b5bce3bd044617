//! What stands in Redis:
//!
//! - `<prefix>:{stream:<id>}`, a hash, the truth about a stream: `head`, what it was begun with; `text`, with its `length`
//!   in characters and its `revision`; `state`, unless it is open; `hidden`, if it is; `until`, when its lease is over, in ms of Redis's
//!   own clock;
//! - `<prefix>:{<room>}:streams` and `<prefix>:{author:<user>}:streams`, sets of ids: where to look. What is no longer
//!   there is taken out when somebody looks;
//! - `<prefix>:streams:due`, a sorted set of all ids, by when their leases were over when somebody last looked.
//!
//! Each script is one atomic step, and names keys of one slot alone, so that a cluster takes it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Conflict, LiveStream, RoomId, Splice, StoreError, StoreResult, StreamId, StreamState, UserId,
    ports::LiveStreams, values::MessageContent,
};
use fred::{
    interfaces::{HashesInterface, SetsInterface, SortedSetsInterface},
    types::{Value, scripts::Script},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{
    RedisLink,
    call::{convert, millis},
};

/// How many streams are read at once.
const READS: usize = 32;

/// How many leases a stream is kept that nobody takes though it is lost.
const KEPT: u32 = 20;

/// The streams of all nodes, in Redis. While Redis is away none can be begun, written to or read; one that Redis forgets
/// is gone.
pub struct RedisStreams {
    link: Arc<RedisLink>,
    lease: String,
    kept: String,
    scripts: Scripts,
}

struct Scripts {
    start: Script,
    put: Script,
    write: Script,
    mark: Script,
    remove: Script,
    lost: Script,
    due: Script,
}

type Fields = HashMap<String, String>;

impl RedisStreams {
    /// Streams through this link. Each is kept for `lease` after its author was last heard of; it is the same on every
    /// node.
    #[must_use]
    pub fn new(link: Arc<RedisLink>, lease: Duration) -> Self {
        Self {
            link,
            lease: millis(lease),
            kept: millis(lease * KEPT),
            scripts: Scripts {
                start: Script::from_lua(include_str!("streams/start.lua")),
                put: Script::from_lua(include_str!("streams/put.lua")),
                write: Script::from_lua(include_str!("streams/write.lua")),
                mark: Script::from_lua(include_str!("streams/mark.lua")),
                remove: Script::from_lua(include_str!("streams/remove.lua")),
                lost: Script::from_lua(include_str!("streams/lost.lua")),
                due: Script::from_lua(include_str!("streams/due.lua")),
            },
        }
    }

    fn key(&self, id: StreamId) -> String {
        self.link.key(&format!("{{stream:{id}}}"))
    }

    fn author_key(&self, author: UserId) -> String {
        self.link.key(&format!("{{author:{author}}}:streams"))
    }

    fn room_key(&self, room: RoomId) -> String {
        self.link.room_key(room, "streams")
    }

    fn due_key(&self) -> String {
        self.link.key("streams:due")
    }

    fn leases(&self) -> Vec<String> {
        vec![self.lease.clone(), self.kept.clone()]
    }

    /// The streams of an index, without those that are there no longer, which are taken out of it.
    async fn listed(&self, index: String) -> StoreResult<Vec<LiveStream>> {
        let ids: Vec<String> = self.link.ask(self.link.client().smembers(&index)).await?;
        let mut found = Vec::new();
        let mut gone = Vec::new();
        let mut reads = stream::iter(ids)
            .map(async |id| {
                let read = match parse_id(&id) {
                    Some(id) => self.by_id(id).await?,
                    None => None,
                };
                StoreResult::Ok((id, read))
            })
            .buffered(READS);
        while let Some((id, read)) = reads.try_next().await? {
            match read {
                Some(stream) => found.push(stream),
                None => gone.push(id),
            }
        }
        drop(reads);
        if !gone.is_empty() {
            let removed = self.link.client().srem::<(), _, _>(&index, gone);
            self.link.ask(removed).await?;
        }
        found.sort_by_key(|stream| stream.id);
        Ok(found)
    }

    async fn mark(&self, id: StreamId, how: &str) -> StoreResult<Option<LiveStream>> {
        let arguments = [self.leases(), vec![how.to_owned()]].concat();
        let script = &self.scripts.mark;
        let fields: Fields = self.link.run(script, vec![self.key(id)], arguments).await?;
        stream_of(&fields)
    }

    /// Takes the stream if its lease is over.
    async fn take(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        let script = &self.scripts.lost;
        let answer = self.link.run(script, vec![self.key(id)], self.leases());
        let (due, fields): (u64, Value) = answer.await?;
        let client = self.link.client();
        if due == 0 {
            let removed = client.zrem::<(), _, _>(self.due_key(), id.to_string());
            self.link.ask(removed).await?;
            return Ok(None);
        }
        self.is_due(id, due).await?;
        stream_of(&convert(Some(fields))?)
    }

    /// Forgets the stream, if it is in this state.
    async fn forget(&self, id: StreamId, state: &str) -> StoreResult<bool> {
        let (script, arguments) = (&self.scripts.remove, vec![state.to_owned()]);
        let answer = self.link.run(script, vec![self.key(id)], arguments);
        // The truth first: whose answer is lost on the way to the indexes has forgotten it all the same.
        let Some(head): Option<String> = answer.await? else {
            return Ok(false);
        };
        let stream: LiveStream = serde_json::from_str(&head).map_err(|error| fault(&error))?;
        if let Err(error) = self.unlist(&stream).await {
            tracing::debug!(%error, stream = %id, "left in an index, for the next one who looks there");
        }
        Ok(true)
    }

    async fn unlist(&self, stream: &LiveStream) -> StoreResult<()> {
        let (client, id) = (self.link.client(), stream.id.to_string());
        for index in [
            self.room_key(stream.room_id),
            self.author_key(stream.user_id),
        ] {
            let removed = client.srem::<(), _, _>(index, id.clone());
            self.link.ask(removed).await?;
        }
        let removed = client.zrem::<(), _, _>(self.due_key(), id);
        self.link.ask(removed).await
    }

    /// Notes when the stream is to be looked after.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of this age are exact in an f64"
    )]
    async fn is_due(&self, id: StreamId, at: u64) -> StoreResult<()> {
        let entry = (at as f64, id.to_string());
        let client = self.link.client();
        let added = client.zadd::<(), _, _>(self.due_key(), None, None, false, false, entry);
        self.link.ask(added).await
    }
}

#[async_trait]
impl LiveStreams for RedisStreams {
    async fn start(&self, stream: &LiveStream, most: usize) -> StoreResult<()> {
        let (id, key) = (stream.id.to_string(), self.key(stream.id));
        let head = serde_json::to_string(stream).map_err(|error| fault(&error))?;
        // First of all, so that no index is found to point to nothing.
        let arguments = [self.leases(), vec![head]].concat();
        let put = self.link.run(&self.scripts.put, vec![key], arguments);
        let due: u64 = put.await?;
        let author = self.author_key(stream.user_id);
        let arguments = vec![most.to_string(), id.clone()];
        let start = async || {
            let (keys, arguments) = (vec![author.clone()], arguments.clone());
            self.link.run(&self.scripts.start, keys, arguments).await
        };
        let mut has_begun: bool = start().await?;
        if !has_begun {
            // Some may have ended with nobody to take them out.
            self.of_author(stream.user_id).await?;
            has_begun = start().await?;
        }
        if !has_begun {
            self.remove(stream.id).await?;
            return Err(StoreError::Conflict(Conflict::TooManyStreams));
        }
        let (client, room) = (self.link.client(), self.room_key(stream.room_id));
        self.link.ask(client.sadd::<(), _, _>(&room, id)).await?;
        self.is_due(stream.id, due).await
    }

    async fn by_id(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        let fields = self.link.client().hgetall(self.key(id));
        stream_of(&self.link.ask(fields).await?)
    }

    async fn of_rooms(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<LiveStream>> {
        let listed = stream::iter(rooms)
            .map(|room| self.listed(self.room_key(room)))
            .buffered(READS);
        let lists: Vec<_> = listed.try_collect().await?;
        Ok(lists.concat())
    }

    async fn of_author(&self, author: UserId) -> StoreResult<Vec<LiveStream>> {
        self.listed(self.author_key(author)).await
    }

    async fn write(&self, id: StreamId, splice: &Splice) -> StoreResult<()> {
        let change = vec![
            splice.revision.to_string(),
            splice.index.to_string(),
            splice.delta.clone(),
            splice.delta.chars().count().to_string(),
        ];
        let arguments = [self.leases(), change].concat();
        let script = &self.scripts.write;
        let answer: String = self.link.run(script, vec![self.key(id)], arguments).await?;
        match answer.as_str() {
            "written" => Ok(()),
            "changed" => Err(StoreError::Conflict(Conflict::StreamChanged)),
            _ => Err(StoreError::NotFound),
        }
    }

    async fn hide(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        self.mark(id, "hidden").await
    }

    async fn renew(&self, ids: Vec<StreamId>) -> StoreResult<Vec<StreamId>> {
        let renewed = stream::iter(ids)
            .map(|id| self.mark(id, "renewed"))
            .buffered(READS)
            .try_filter_map(async |stream| Ok(stream.map(|it| it.id)));
        renewed.try_collect().await
    }

    async fn finish(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        self.mark(id, "finished").await
    }

    async fn remove(&self, id: StreamId) -> StoreResult<bool> {
        self.forget(id, "").await
    }

    async fn remove_if(&self, id: StreamId, state: StreamState) -> StoreResult<bool> {
        let state = match state {
            StreamState::Open => "open",
            StreamState::Finished => "finished",
            StreamState::Lost => "lost",
        };
        self.forget(id, state).await
    }

    async fn take_lost(&self, most: usize) -> StoreResult<Vec<LiveStream>> {
        let mut lost = Vec::new();
        loop {
            let script = &self.scripts.due;
            let due = self
                .link
                .run(script, vec![self.due_key()], vec![most.to_string()]);
            let ids: Vec<String> = due.await?;
            let were_all = ids.len() < most;
            let ids: Vec<_> = ids.iter().filter_map(|id| parse_id(id)).collect();
            let taken = stream::iter(ids)
                .map(|id| self.take(id))
                .buffered(READS)
                .try_filter_map(async |stream| Ok(stream));
            lost.extend(taken.try_collect::<Vec<_>>().await?);
            // Those that live are due later once they were looked at, and must not hide the lost ones behind them.
            if were_all || !lost.is_empty() {
                return Ok(lost);
            }
        }
    }
}

fn parse_id(text: &str) -> Option<StreamId> {
    Uuid::try_parse(text).ok().map(StreamId)
}

/// The stream of these fields of its hash; none when there are none.
fn stream_of(fields: &Fields) -> StoreResult<Option<LiveStream>> {
    let Some(head) = fields.get("head") else {
        return Ok(None);
    };
    let mut stream: LiveStream = serde_json::from_str(head).map_err(|error| fault(&error))?;
    let text = fields.get("text").map_or("", String::as_str);
    stream.text = MessageContent::parse(text).map_err(|error| fault(&error))?;
    let revision = fields.get("revision").and_then(|it| it.parse().ok());
    stream.revision = revision.unwrap_or_default();
    stream.state = match fields.get("state").map(String::as_str) {
        None => StreamState::Open,
        Some("finished") => StreamState::Finished,
        Some(_) => StreamState::Lost,
    };
    stream.is_hidden |= fields.contains_key("hidden");
    Ok(Some(stream))
}

fn fault(error: &impl std::fmt::Display) -> StoreError {
    StoreError::Other(format!("a stream in Redis cannot be read: {error}"))
}
