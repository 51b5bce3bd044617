use actix_web::{HttpResponse, web};
use domain::{
    Message, MessageId, RoomId, Seq,
    values::{InvalidValue, PageSize, SearchTerm},
};
use serde::{Deserialize, Serialize};
use usecase::messages::{Cursor, History};
use utoipa::{IntoParams, ToSchema};

use super::caller::Authenticated;
use crate::{
    Door,
    problem::{CALLER, Fields, ID, Problem, QUERY, problems},
};

/// Which part of the history. At most one of `page`, `around_message_id`, `before` and `after`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// A page, counted from 1; newest first.
    page: Option<u32>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
    /// A window around this message, oldest first.
    #[param(value_type = Option<MessageId>)]
    around_message_id: Option<String>,
    /// What lies before this message or `seq`, newest first.
    before: Option<String>,
    /// What lies after this message or `seq`, oldest first.
    after: Option<String>,
}

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchQuery {
    /// Words, each of which the message contains; 1 to 200 characters.
    #[param(required = true, value_type = String)]
    q: Option<String>,
    /// In this room alone.
    #[param(value_type = Option<RoomId>)]
    room_id: Option<String>,
    /// 1 to 100; 20 if not given.
    limit: Option<u32>,
}

/// A part of a history.
#[derive(Serialize, ToSchema)]
pub(super) struct HistoryBody {
    /// The messages.
    messages: Vec<Message>,
    /// Whether there are more in the direction that was asked for.
    has_more: bool,
    /// The number of the room's latest event when this was read.
    last_seq: Seq,
}

/// Messages that were found.
#[derive(Serialize, ToSchema)]
pub(super) struct FoundBody {
    /// The newest first.
    messages: Vec<Message>,
}

problems!(ListProblems: CALLER, ID, QUERY; RoomNotFound, MessageNotFound);
problems!(SearchProblems: CALLER, QUERY; RoomNotFound);

/// Reads the history, as a member, or where guests may come in as an admin of the server.
#[utoipa::path(get, path = "/v1/rooms/{room_id}/messages", tag = "messages",
    params(("room_id" = RoomId, Path), ListQuery),
    responses((status = 200, body = HistoryBody), ListProblems))]
pub(super) async fn list(
    door: web::Data<Door>,
    Authenticated(caller, (room, query)): Authenticated<(web::Path<RoomId>, web::Query<ListQuery>)>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(50)));
    let history = history(&mut fields, &query);
    let (Some(limit), Some(history)) = (limit, history) else {
        return Err(fields.into());
    };
    let list = &door.usecases.list_messages;
    let found = list
        .execute(caller, room.into_inner(), history, limit)
        .await?;
    Ok(HttpResponse::Ok().json(HistoryBody {
        messages: found.messages,
        has_more: found.has_more,
        last_seq: found.last_seq,
    }))
}

fn history(fields: &mut Fields, query: &ListQuery) -> Option<History> {
    let around = query.around_message_id.as_ref();
    let given = [
        query.page.is_some(),
        around.is_some(),
        query.before.is_some(),
        query.after.is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() > 1 {
        let rule = "at most one of page, around_message_id, before and after";
        fields.refuse("page", "exclusive", rule);
        return None;
    }
    if let Some(raw) = around {
        return fields
            .check("around_message_id", message_id(raw))
            .map(History::Around);
    }
    if let Some(raw) = &query.before {
        return fields.check("before", cursor(raw)).map(History::Before);
    }
    if let Some(raw) = &query.after {
        return fields.check("after", cursor(raw)).map(History::After);
    }
    match query.page.unwrap_or(1) {
        0 => {
            fields.refuse("page", "out_of_range", "pages are counted from 1");
            None
        }
        page => Some(History::Page(page)),
    }
}

fn message_id(raw: &str) -> Result<MessageId, InvalidValue> {
    raw.parse()
        .map_err(|_| InvalidValue::new("not_an_id", "must be the id of a message"))
}

fn cursor(raw: &str) -> Result<Cursor, InvalidValue> {
    if let Ok(seq) = raw.parse() {
        return Ok(Cursor::Seq(Seq(seq)));
    }
    raw.parse()
        .map(Cursor::Message)
        .map_err(|_| InvalidValue::new("not_a_cursor", "must be a seq or the id of a message"))
}

/// Finds messages in the caller's rooms.
#[utoipa::path(get, path = "/v1/messages/search", tag = "messages", params(SearchQuery),
    responses((status = 200, body = FoundBody), SearchProblems))]
pub(super) async fn search(
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<SearchQuery>>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let mut fields = Fields::new();
    let term = fields.required("q", query.q, |raw| SearchTerm::parse(&raw));
    let room = fields.optional("room_id", query.room_id, |raw| {
        raw.parse::<RoomId>()
            .map_err(|_| InvalidValue::new("not_an_id", "must be the id of a room"))
    });
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(20)));
    let (Some(term), Some(room), Some(limit)) = (term, room, limit) else {
        return Err(fields.into());
    };
    let search = &door.usecases.search_messages;
    let messages = search.execute(caller, room, &term, limit).await?;
    Ok(HttpResponse::Ok().json(FoundBody { messages }))
}
