use actix_web::{HttpResponse, web};
use domain::{Member, Role, RoomId, UserId};
use serde::{Deserialize, Serialize};
use usecase::members::AddMemberInput;
use utoipa::ToSchema;

use super::{body::Body, caller::Authenticated, json::Word, run_to_end};
use crate::{
    Door,
    problem::{BODY, CALLER, Fields, ID, Problem, problems},
};

/// Who comes in.
#[derive(Deserialize, ToSchema)]
pub(super) struct AddBody {
    /// Who; oneself, to join a public room.
    user_id: UserId,
    /// `ADMIN` or `MEMBER`; the latter if not given.
    #[schema(value_type = Option<Role>)]
    role: Option<Word<Role>>,
}

/// Who is there.
#[derive(Serialize, ToSchema)]
pub(super) struct PresenceBody {
    /// How many members hold a socket that follows the room.
    online: usize,
    /// Which.
    users: Vec<Member>,
}

problems!(ReadProblems: CALLER, ID; RoomNotFound);
problems!(AddProblems: CALLER, ID, BODY;
    RoomNotFound, UserNotFound, NotAllowed, DirectRoomIsFixed, AlreadyMember);
problems!(RemoveProblems: CALLER, ID; RoomNotFound, MemberNotFound, NotAllowed, OwnerStays, DirectRoomIsFixed);

/// Lists the members of a room, for members, and for an admin of the server where guests may come in.
#[utoipa::path(get, path = "/v1/rooms/{room_id}/members", tag = "members", params(("room_id" = RoomId, Path)),
    responses((status = 200, body = Vec<Member>), ReadProblems))]
pub(super) async fn list(
    door: web::Data<Door>,
    Authenticated(caller, room): Authenticated<web::Path<RoomId>>,
) -> Result<HttpResponse, Problem> {
    let list = &door.usecases.list_members;
    let members = list.execute(caller, room.into_inner()).await?;
    Ok(HttpResponse::Ok().json(members))
}

/// Adds a member, or joins a public room.
#[utoipa::path(post, path = "/v1/rooms/{room_id}/members", tag = "members", params(("room_id" = RoomId, Path)),
    request_body = AddBody, responses((status = 201, body = Member), AddProblems))]
pub(super) async fn add(
    door: web::Data<Door>,
    Authenticated(caller, (room, Body(body))): Authenticated<(web::Path<RoomId>, Body<AddBody>)>,
) -> Result<HttpResponse, Problem> {
    let role = body.role.map_or(Role::Member, |Word(role)| role);
    if role == Role::Owner {
        let mut fields = Fields::new();
        fields.refuse("role", "not_assignable", "must be ADMIN or MEMBER");
        return Err(fields.into());
    }
    let input = AddMemberInput {
        room_id: room.into_inner(),
        user_id: body.user_id,
        role,
    };
    let member =
        run_to_end(async move { door.usecases.add_member.execute(caller, input).await }).await?;
    Ok(HttpResponse::Created().json(member))
}

/// Removes a member, or leaves. An admin of the server removes guests, in any room that lets them in.
#[utoipa::path(delete, path = "/v1/rooms/{room_id}/members/{user_id}", tag = "members",
    params(("room_id" = RoomId, Path), ("user_id" = UserId, Path)),
    responses((status = 204), RemoveProblems))]
pub(super) async fn remove(
    door: web::Data<Door>,
    Authenticated(caller, path): Authenticated<web::Path<(RoomId, UserId)>>,
) -> Result<HttpResponse, Problem> {
    let (room, user) = path.into_inner();
    run_to_end(async move {
        let remove = &door.usecases.remove_member;
        remove.execute(caller, room, user).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lists the members who hold a socket that follows the room.
#[utoipa::path(get, path = "/v1/rooms/{room_id}/presence", tag = "members", params(("room_id" = RoomId, Path)),
    responses((status = 200, body = PresenceBody), ReadProblems))]
pub(super) async fn presence(
    door: web::Data<Door>,
    Authenticated(caller, room): Authenticated<web::Path<RoomId>>,
) -> Result<HttpResponse, Problem> {
    let list = &door.usecases.list_presence;
    let users = list.execute(caller, room.into_inner()).await?;
    Ok(HttpResponse::Ok().json(PresenceBody {
        online: users.len(),
        users,
    }))
}
