use actix_web::{HttpResponse, web};
use domain::{
    MessageId, Reaction, RoomId, Seq,
    values::{Emoji, PageSize},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{caller::Authenticated, run_to_end};
use crate::{
    Door,
    problem::{CALLER, Fields, ID, Problem, QUERY, problems},
};

type MessagePath = web::Path<(RoomId, MessageId)>;
type ReactionPath = web::Path<(RoomId, MessageId, String)>;

/// Which part of the reactions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Those that were added after this `seq`; 0, all of them, if not given.
    after: Option<u64>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

/// A part of the reactions to a message.
#[derive(Serialize, ToSchema)]
pub(super) struct ReactionsBody {
    /// The oldest first.
    reactions: Vec<Reaction>,
    /// Whether more were added after these.
    has_more: bool,
}

problems!(AddProblems: CALLER, ID; ValidationFailed, RoomNotFound, MessageNotFound, TooManyEmojis);
problems!(RemoveProblems: CALLER, ID; ValidationFailed, RoomNotFound, MessageNotFound);
problems!(ListProblems: CALLER, ID, QUERY; RoomNotFound, MessageNotFound);

/// Says who has reacted to a message, and how.
#[utoipa::path(get, path = "/v1/rooms/{room_id}/messages/{message_id}/reactions", tag = "reactions",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path), ListQuery),
    responses((status = 200, body = ReactionsBody), ListProblems))]
pub(super) async fn list(
    door: web::Data<Door>,
    Authenticated(caller, (path, query)): Authenticated<(MessagePath, web::Query<ListQuery>)>,
) -> Result<HttpResponse, Problem> {
    let (room, message) = path.into_inner();
    let mut fields = Fields::new();
    let limit = PageSize::parse(query.limit.unwrap_or(50));
    let Some(limit) = fields.check("limit", limit) else {
        return Err(fields.into());
    };
    let after = Seq(query.after.unwrap_or_default());
    let list = &door.usecases.list_reactions;
    let found = list.execute(caller, room, message, after, limit).await?;
    Ok(HttpResponse::Ok().json(ReactionsBody {
        reactions: found.reactions,
        has_more: found.has_more,
    }))
}

/// Reacts to a message by an emoji. To do so again changes nothing.
#[utoipa::path(put, path = "/v1/rooms/{room_id}/messages/{message_id}/reactions/{emoji}", tag = "reactions",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path), ("emoji" = Emoji, Path)),
    responses((status = 204), AddProblems))]
pub(super) async fn add(
    door: web::Data<Door>,
    Authenticated(caller, path): Authenticated<ReactionPath>,
) -> Result<HttpResponse, Problem> {
    let (room, message, emoji) = parse(path)?;
    run_to_end(async move {
        let add = &door.usecases.add_reaction;
        add.execute(caller, room, message, emoji).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a reaction back. To do so again changes nothing.
#[utoipa::path(delete, path = "/v1/rooms/{room_id}/messages/{message_id}/reactions/{emoji}", tag = "reactions",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path), ("emoji" = Emoji, Path)),
    responses((status = 204), RemoveProblems))]
pub(super) async fn remove(
    door: web::Data<Door>,
    Authenticated(caller, path): Authenticated<ReactionPath>,
) -> Result<HttpResponse, Problem> {
    let (room, message, emoji) = parse(path)?;
    run_to_end(async move {
        let remove = &door.usecases.remove_reaction;
        remove.execute(caller, room, message, emoji).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn parse(path: ReactionPath) -> Result<(RoomId, MessageId, Emoji), Problem> {
    let (room, message, emoji) = path.into_inner();
    let mut fields = Fields::new();
    match fields.check("emoji", Emoji::parse(&emoji)) {
        Some(emoji) => Ok((room, message, emoji)),
        None => Err(fields.into()),
    }
}
