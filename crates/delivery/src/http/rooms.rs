use actix_web::{HttpResponse, web};
use domain::{
    Role, Room, RoomId, UserId, Visibility,
    values::{PageSize, RoomDescription, RoomName, SearchTerm},
};
use serde::{Deserialize, Serialize};
use usecase::rooms::{CreateRoomInput, RoomScope};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::Body,
    caller::Authenticated,
    json::{Object, Word},
    run_to_end,
};
use crate::{
    Door,
    problem::{BODY, CALLER, Fields, ID, Problem, QUERY, problems},
};

/// A new room.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateBody {
    /// 1 to 100 characters on one line.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 100)]
    name: Option<String>,
    /// More than a talk of two; true if not given.
    is_group: Option<bool>,
    /// At most 1,000 characters.
    description: Option<String>,
    /// `private` if not given.
    #[schema(value_type = Option<Visibility>)]
    visibility: Option<Word<Visibility>>,
    /// Whether guests may come in, of a public room; false if not given.
    guests: Option<bool>,
    /// Who is in it from the start, as members.
    member_ids: Option<Vec<UserId>>,
    /// Who is in it from the start, as what.
    #[schema(value_type = Option<Vec<NewMemberBody>>)]
    members: Option<Vec<Object<NewMemberBody>>>,
    /// If sent, must be the caller.
    creator_id: Option<UserId>,
}

/// Somebody who is in a new room from the start.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewMemberBody {
    /// Who.
    user_id: UserId,
    /// `ADMIN` or `MEMBER`; the latter if not given.
    #[schema(value_type = Option<Role>)]
    role: Option<Word<Role>>,
}

/// Whom to talk to.
#[derive(Deserialize, ToSchema)]
pub(super) struct DirectBody {
    /// The other user.
    peer_user_id: UserId,
}

/// Which rooms.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// A part of the name.
    q: Option<String>,
    /// 1 to 100; 20 if not given.
    limit: Option<u32>,
    /// `mine` if not given; `public` lists the rooms that anybody may join.
    scope: Option<Scope>,
}

/// Which rooms.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
    Mine,
    Public,
}

/// Rooms.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomsBody {
    /// The rooms.
    rooms: Vec<Room>,
}

problems!(ListProblems: CALLER, QUERY; );
problems!(CreateProblems: CALLER, BODY; CreatorIsNotCaller, SecondOwner, UnknownMember, TooManyMembers, GuestsInPrivate);
problems!(DirectProblems: CALLER, BODY; DirectRoomWithOneself, UserNotFound);
problems!(ShowProblems: CALLER, ID; RoomNotFound);
problems!(RemoveProblems: CALLER, ID; RoomNotFound, NotCreator);

/// Lists rooms: the caller's, or the public ones.
#[utoipa::path(get, path = "/v1/rooms", tag = "rooms", params(ListQuery),
    responses((status = 200, body = RoomsBody), ListProblems))]
pub(super) async fn list(
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<ListQuery>>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(20)));
    let name = query.q.filter(|text| !text.trim().is_empty());
    let name = fields.optional("q", name, |raw| SearchTerm::parse(&raw));
    let (Some(limit), Some(name)) = (limit, name) else {
        return Err(fields.into());
    };
    let scope = match query.scope {
        Some(Scope::Public) => RoomScope::Public,
        Some(Scope::Mine) | None => RoomScope::Mine,
    };
    let name = name.as_ref().map(SearchTerm::as_str);
    let list = &door.usecases.list_rooms;
    let rooms = list.execute(caller, scope, name, limit).await?;
    Ok(HttpResponse::Ok().json(RoomsBody { rooms }))
}

/// Makes a room; the caller owns it.
#[utoipa::path(post, path = "/v1/rooms", tag = "rooms", request_body = CreateBody,
    responses((status = 201, body = Room), CreateProblems))]
pub(super) async fn create(
    door: web::Data<Door>,
    Authenticated(caller, Body(body)): Authenticated<Body<CreateBody>>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let name = fields.required("name", body.name, |raw| RoomName::parse(&raw));
    let description = fields.check(
        "description",
        RoomDescription::parse(&body.description.unwrap_or_default()),
    );
    let (Some(name), Some(description)) = (name, description) else {
        return Err(fields.into());
    };
    // Who is listed twice is what `members` says: it is the more exact of the two.
    let with_role = body.members.unwrap_or_default().into_iter();
    let plain = body.member_ids.unwrap_or_default().into_iter();
    let members = with_role
        .map(|Object(member)| {
            let role = member.role.map_or(Role::Member, |Word(role)| role);
            (member.user_id, role)
        })
        .chain(plain.map(|id| (id, Role::Member)))
        .collect();
    let input = CreateRoomInput {
        name,
        description,
        is_group: body.is_group.unwrap_or(true),
        visibility: body.visibility.map(|Word(word)| word).unwrap_or_default(),
        guests: body.guests.unwrap_or_default(),
        members,
        creator: body.creator_id,
    };
    let room =
        run_to_end(async move { door.usecases.create_room.execute(caller, input).await }).await?;
    Ok(HttpResponse::Created().json(room))
}

/// Opens the one direct room of the caller and another user.
#[utoipa::path(post, path = "/v1/rooms/direct", tag = "rooms", request_body = DirectBody,
    responses((status = 201, body = Room, description = "made now"),
              (status = 200, body = Room, description = "there already"), DirectProblems))]
pub(super) async fn open_direct(
    door: web::Data<Door>,
    Authenticated(caller, Body(body)): Authenticated<Body<DirectBody>>,
) -> Result<HttpResponse, Problem> {
    let (room, is_new) = run_to_end(async move {
        let open = &door.usecases.open_direct_room;
        open.execute(caller, body.peer_user_id).await
    })
    .await?;
    let mut response = if is_new {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(response.json(room))
}

/// A room, for its members, and for everybody when it is public.
#[utoipa::path(get, path = "/v1/rooms/{room_id}", tag = "rooms", params(("room_id" = RoomId, Path)),
    responses((status = 200, body = Room), ShowProblems))]
pub(super) async fn show(
    door: web::Data<Door>,
    Authenticated(caller, id): Authenticated<web::Path<RoomId>>,
) -> Result<HttpResponse, Problem> {
    let get = &door.usecases.get_room;
    let room = get.execute(caller, id.into_inner()).await?;
    Ok(HttpResponse::Ok().json(room))
}

/// Deletes a room for everybody. Its maker may, and where guests may come in an admin of the server.
#[utoipa::path(delete, path = "/v1/rooms/{room_id}", tag = "rooms", params(("room_id" = RoomId, Path)),
    responses((status = 204), RemoveProblems))]
pub(super) async fn remove(
    door: web::Data<Door>,
    Authenticated(caller, id): Authenticated<web::Path<RoomId>>,
) -> Result<HttpResponse, Problem> {
    run_to_end(async move {
        let delete = &door.usecases.delete_room;
        delete.execute(caller, id.into_inner()).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
