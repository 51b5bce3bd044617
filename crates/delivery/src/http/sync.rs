use actix_web::{HttpResponse, web};
use domain::{RemovalReason, Room, RoomId, Seq};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use usecase::{
    Caller,
    rooms::{ChangedRoom, Positions, RemovedRoom},
};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::Body,
    caller::Authenticated,
    events::{EventFrame, frames},
};
use crate::{
    Door,
    problem::{BODY, CALLER, Code, Problem, QUERY, problems},
};

mod cursor;
mod turns;

pub use turns::Turns;

/// Since when.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SyncQuery {
    /// The `next` of an earlier answer; without it, every room is told, and no event.
    since: Option<String>,
}

/// Since when.
#[derive(Deserialize, ToSchema)]
pub(super) struct SyncBody {
    /// The `next` of an earlier answer; without it, every room is told, and no event.
    since: Option<String>,
}

/// What has changed.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangesBody {
    /// The rooms of the caller that have changed, or that are new to the client; the latest joined first.
    rooms: Vec<ChangedRoomBody>,
    /// The rooms that the client knew, and that the caller is in no longer; the oldest first.
    removed: Vec<RemovedRoomBody>,
    /// Where the client stands once it has applied this: the `since` of the next call. Not to be looked into.
    next: String,
    /// Whether there was more to tell than one answer bears: ask again at once, with `next`.
    has_more: bool,
}

/// A room that is not as the client knows it.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedRoomBody {
    /// The room.
    room: Room,
    /// The number of its latest event; the rest was taken at the same moment.
    last_seq: Seq,
    /// Up to where the caller has read.
    last_read_seq: Seq,
    /// How many messages of others, not deleted, lie after that.
    unread: u64,
    /// True when `events` is all that the client missed. False when that is more than is told, or the room is new to the
    /// client: then `events` is empty, and the client reads the room anew.
    recovered: bool,
    /// What the client missed, in order, up to `last_seq`.
    #[schema(value_type = Vec<EventFrame>)]
    events: Vec<Box<RawValue>>,
}

/// A room that the caller is in no longer. Its end is left out when there is nothing to tell: the client knows it, or the
/// caller never was in the room.
#[derive(Serialize, ToSchema)]
pub(super) struct RemovedRoomBody {
    /// Which.
    room_id: RoomId,
    /// Why: `left`, `removed` or `room_deleted`.
    #[schema(value_type = String)]
    reason: RemovalReason,
    /// The event that ended the membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_seq: Option<Seq>,
    /// Whether `events` is all that the client missed. If not, it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recovered: Option<bool>,
    /// What the client missed, in order, up to `last_seq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<EventFrame>, required = false)]
    events: Option<Vec<Box<RawValue>>>,
}

problems!(QueryProblems: CALLER, QUERY; InvalidCursor, Overloaded);
problems!(BodyProblems: CALLER, BODY; InvalidCursor, Overloaded);

/// Tells what has changed in all rooms of the caller: for a client that was away long.
#[utoipa::path(get, path = "/v1/sync", tag = "sync", params(SyncQuery),
    responses((status = 200, body = ChangesBody), QueryProblems))]
pub(super) async fn read(
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<SyncQuery>>,
) -> Result<HttpResponse, Problem> {
    changes(&door, caller, query.into_inner().since).await
}

/// The same, for a `since` that is too long for a URL. It changes nothing.
#[utoipa::path(post, path = "/v1/sync", tag = "sync", request_body = SyncBody,
    responses((status = 200, body = ChangesBody), BodyProblems))]
pub(super) async fn read_by_body(
    door: web::Data<Door>,
    Authenticated(caller, Body(body)): Authenticated<Body<SyncBody>>,
) -> Result<HttpResponse, Problem> {
    changes(&door, caller, body.since).await
}

async fn changes(
    door: &Door,
    caller: Caller,
    since: Option<String>,
) -> Result<HttpResponse, Problem> {
    let known = match since {
        Some(text) => cursor::decode(&text).ok_or_else(|| {
            let detail = "since must be the next of an earlier answer; without it, all is told";
            Problem::new(Code::InvalidCursor, detail)
        })?,
        None => Positions::new(),
    };
    let _until_encoded = door.sync_turns.take().await?;
    let changes = door.usecases.sync_rooms.execute(caller, known).await?;
    Ok(HttpResponse::Ok().json(ChangesBody {
        rooms: changes.rooms.into_iter().map(changed).collect(),
        removed: changes.removed.into_iter().map(removed).collect(),
        next: cursor::encode(&changes.next),
        has_more: changes.has_more,
    }))
}

fn changed(changed: ChangedRoom) -> ChangedRoomBody {
    let snapshot = changed.snapshot;
    ChangedRoomBody {
        room: changed.room,
        last_seq: snapshot.last_seq,
        last_read_seq: snapshot.last_read_seq,
        unread: snapshot.unread,
        recovered: changed.events.is_some(),
        events: frames(changed.events.unwrap_or_default()),
    }
}

fn removed(removed: RemovedRoom) -> RemovedRoomBody {
    let RemovedRoom {
        room_id,
        reason,
        end,
    } = removed;
    RemovedRoomBody {
        room_id,
        reason,
        last_seq: end.as_ref().map(|end| end.last_seq),
        recovered: end.as_ref().map(|end| end.events.is_some()),
        events: end.map(|end| frames(end.events.unwrap_or_default())),
    }
}
