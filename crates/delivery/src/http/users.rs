use actix_web::{HttpResponse, web};
use domain::{UserId, UserStatus, values::Email};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{body::Body, caller::Authenticated, json::Word, run_to_end};
use crate::{
    Door,
    problem::{BODY, CALLER, Fields, ID, Problem, QUERY, problems},
};

/// Whom to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FindQuery {
    /// The address of the account.
    #[param(required = true, value_type = String)]
    email: Option<String>,
}

/// What the caller declares.
#[derive(Deserialize, ToSchema)]
pub(super) struct StatusBody {
    /// Here or away.
    #[schema(value_type = UserStatus)]
    status: Word<UserStatus>,
}

/// Whether others see the caller's drafts.
#[derive(Deserialize, ToSchema)]
pub(super) struct DraftsBody {
    /// They do, or not.
    shared: bool,
}

problems!(FindProblems: CALLER, QUERY; UserNotFound);
problems!(ShowProblems: CALLER, ID; UserNotFound);
problems!(StatusProblems: CALLER, ID, BODY; UserNotFound, NotYours);

/// Looks an account up by its address.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(FindQuery),
    responses((status = 200, body = domain::User), FindProblems))]
pub(super) async fn find(
    door: web::Data<Door>,
    Authenticated(_caller, query): Authenticated<web::Query<FindQuery>>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let email = fields.required("email", query.into_inner().email, |raw| Email::parse(&raw));
    let Some(email) = email else {
        return Err(fields.into());
    };
    let user = door.usecases.find_user.execute(&email).await?;
    Ok(HttpResponse::Ok().json(user))
}

/// Looks an account up by its id.
#[utoipa::path(get, path = "/v1/users/{user_id}", tag = "users", params(("user_id" = UserId, Path)),
    responses((status = 200, body = domain::User), ShowProblems))]
pub(super) async fn show(
    door: web::Data<Door>,
    Authenticated(_caller, id): Authenticated<web::Path<UserId>>,
) -> Result<HttpResponse, Problem> {
    let user = door.usecases.get_user.execute(id.into_inner()).await?;
    Ok(HttpResponse::Ok().json(user))
}

/// Declares oneself here or away.
#[utoipa::path(patch, path = "/v1/users/{user_id}/status", tag = "users", params(("user_id" = UserId, Path)),
    request_body = StatusBody, responses((status = 204), StatusProblems))]
pub(super) async fn set_status(
    door: web::Data<Door>,
    Authenticated(caller, (id, Body(body))): Authenticated<(web::Path<UserId>, Body<StatusBody>)>,
) -> Result<HttpResponse, Problem> {
    run_to_end(async move {
        let set = &door.usecases.set_user_status;
        set.execute(caller, id.into_inner(), body.status.0).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lets others see what the caller is writing before it is sent, or no longer: at once, also what is being written.
#[utoipa::path(patch, path = "/v1/users/{user_id}/drafts", tag = "users", params(("user_id" = UserId, Path)),
    request_body = DraftsBody, responses((status = 204), StatusProblems))]
pub(super) async fn share_drafts(
    door: web::Data<Door>,
    Authenticated(caller, (id, Body(body))): Authenticated<(web::Path<UserId>, Body<DraftsBody>)>,
) -> Result<HttpResponse, Problem> {
    run_to_end(async move {
        let share = &door.usecases.share_drafts;
        share.execute(caller, id.into_inner(), body.shared).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
