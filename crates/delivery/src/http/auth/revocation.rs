use actix_web::{HttpRequest, HttpResponse, web};
use domain::values::Password;
use serde::Deserialize;
use usecase::{Caller, auth::ChangePasswordInput};
use utoipa::ToSchema;

use super::logged_out;
use crate::{
    Door,
    http::{body::Body, caller::Authenticated, run_to_end},
    limits::Deed,
    problem::{BODY, CALLER, Fields, Problem, problems},
};

/// Another password.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct PasswordBody {
    /// The password of today.
    #[schema(required = true, value_type = String)]
    current_password: Option<String>,
    /// 8 to 128 characters.
    #[schema(required = true, value_type = String, min_length = 8, max_length = 128)]
    new_password: Option<String>,
}

/// The end of an account.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct DeactivateBody {
    /// Its password.
    #[schema(required = true, value_type = String)]
    password: Option<String>,
}

problems!(LogoutAllProblems: CALLER; );
problems!(PasswordProblems: CALLER, BODY; InvalidCredentials, Overloaded);
problems!(DeactivateProblems: CALLER, BODY; InvalidCredentials, Overloaded);

/// Ends every log-in of the caller, this one too: their tokens are refused from now on, their sockets close.
#[utoipa::path(post, path = "/v1/auth/logout-all", tag = "auth",
    responses((status = 204), LogoutAllProblems))]
pub(in crate::http) async fn logout_all(
    door: web::Data<Door>,
    Authenticated(caller, ()): Authenticated,
) -> Result<HttpResponse, Problem> {
    run_to_end(async move { door.usecases.log_out_everywhere.execute(caller).await }).await?;
    Ok(logged_out())
}

/// Changes the password of the caller's account, and ends its other log-ins. The caller's own stays, with its tokens.
#[utoipa::path(post, path = "/v1/auth/password", tag = "auth", request_body = PasswordBody,
    responses((status = 204), PasswordProblems))]
pub(in crate::http) async fn password(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, Body(body)): Authenticated<Body<PasswordBody>>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let current = fields.required("current_password", body.current_password, presented);
    let new = fields.required("new_password", body.new_password, |raw| {
        Password::parse(&raw)
    });
    let (Some(current), Some(new)) = (current, new) else {
        return Err(fields.into());
    };
    count_try(&request, &door, caller).await?;
    run_to_end(async move {
        let input = ChangePasswordInput { current, new };
        door.usecases.change_password.execute(caller, input).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deactivates the caller's account for good: every log-in ends, and nobody logs in to it again. Its messages and
/// memberships stay, and its address and name stay taken.
#[utoipa::path(post, path = "/v1/auth/deactivate", tag = "auth", request_body = DeactivateBody,
    responses((status = 204), DeactivateProblems))]
pub(in crate::http) async fn deactivate(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, Body(body)): Authenticated<Body<DeactivateBody>>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let Some(password) = fields.required("password", body.password, presented) else {
        return Err(fields.into());
    };
    count_try(&request, &door, caller).await?;
    run_to_end(async move {
        let deactivate = &door.usecases.deactivate_account;
        deactivate.execute(caller, password).await
    })
    .await?;
    Ok(logged_out())
}

/// A text that no password can be is a wrong one, not a broken rule.
fn presented(raw: String) -> Result<Option<Password>, domain::values::InvalidValue> {
    Ok(Password::parse(&raw).ok())
}

/// A password that is tried here counts as one at a log-in, before it is looked at: a stolen token is no way round the
/// limit.
async fn count_try(request: &HttpRequest, door: &Door, caller: Caller) -> Result<(), Problem> {
    let account = door.usecases.get_user.execute(caller.user_id).await?;
    let deed = Deed::LogInTo(account.email.as_str().to_owned());
    door.limits.check_request(request, deed).await
}
