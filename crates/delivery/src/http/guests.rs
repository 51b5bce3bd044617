//! The calls of the dialect "flat": no token, where guests are allowed.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::values::{GuestId, PageSize};
use realtime::wire::flat::FlatMessage;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    Door,
    client_address::client_address,
    limits::Deed,
    problem::{Code, Fields, Problem, QUERY, problems},
    ws::guest_room,
};

/// How much.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

problems!(RoomProblems: QUERY; GuestsNotAllowed, RateLimited, RoomNotFound, Unavailable, Internal);
problems!(UserProblems: QUERY; GuestsNotAllowed, RateLimited, Unavailable, Internal);

/// Refuses guests where they are not allowed.
pub(crate) fn guests_may_come(door: &Door) -> Result<(), Problem> {
    if door.settings.guests {
        return Ok(());
    }
    let told = "guests are not let in here: an account is needed";
    Err(Problem::new(Code::GuestsNotAllowed, told))
}

async fn check(request: &HttpRequest, door: &Door) -> Result<(), Problem> {
    guests_may_come(door)?;
    let from = Deed::GuestFrom(client_address(request));
    door.limits.check_request(request, from).await
}

/// The newest messages of a room that guests may come into, the oldest of them first.
#[utoipa::path(get, path = "/api/rooms/{room}/messages", tag = "flat",
    params(("room" = String, Path, description = "its name, or its id"), ListQuery), security(()),
    responses((status = 200, body = Vec<FlatMessage>), RoomProblems))]
pub(super) async fn of_room(
    request: HttpRequest,
    door: web::Data<Door>,
    room: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(50)));
    let wanted = fields.check("room", guest_room(&room));
    let (Some(limit), Some(wanted)) = (limit, wanted) else {
        return Err(fields.into());
    };
    let read = &door.usecases.guests.read;
    let messages = read.of_room(&wanted, limit).await?;
    let messages = messages.iter();
    let shown: Vec<_> = messages
        .map(|it| FlatMessage::chat(room.trim(), it))
        .collect();
    Ok(HttpResponse::Ok().json(shown))
}

/// The newest messages of one user in the rooms that guests may come into, the oldest of them first.
#[utoipa::path(get, path = "/api/users/{user}/messages", tag = "flat",
    params(("user" = String, Path, description = "what a guest is known by, or the id of an account"), ListQuery),
    security(()), responses((status = 200, body = Vec<FlatMessage>), UserProblems))]
pub(super) async fn of_user(
    request: HttpRequest,
    door: web::Data<Door>,
    user: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(50)));
    let user = fields.check("user", GuestId::parse(&user));
    let (Some(limit), Some(user)) = (limit, user) else {
        return Err(fields.into());
    };
    let messages = door.usecases.guests.read.of_user(&user, limit).await?;
    let messages = messages.iter();
    let shown: Vec<_> = messages
        .map(|(room, message)| FlatMessage::chat(room.as_str(), message))
        .collect();
    Ok(HttpResponse::Ok().json(shown))
}
