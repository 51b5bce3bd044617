use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use domain::values::{Email, Password, Username};
use serde::{Deserialize, Serialize};
use usecase::auth::{LogInInput, LoggedIn, RefreshToken, RegisterUserInput};
use utoipa::ToSchema;

use super::{
    body::{Body, OptionalBody},
    caller::Authenticated,
    cookies, run_to_end,
};
use crate::{
    Door,
    client_address::client_address,
    limits::Deed,
    problem::{BODY, CALLER, Fields, Problem, problems},
};

pub(super) mod revocation;

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(super) struct RegisterBody {
    /// 1 to 50 characters on one line; unique.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 50)]
    username: Option<String>,
    /// The same as `username`, for clients that call it so.
    name: Option<String>,
    /// Unique.
    #[schema(required = true, value_type = String, max_length = 254)]
    email: Option<String>,
    /// 8 to 128 characters.
    #[schema(required = true, value_type = String, min_length = 8, max_length = 128)]
    password: Option<String>,
}

/// A log-in.
#[derive(Deserialize, ToSchema)]
pub(super) struct LoginBody {
    /// The address of the account.
    #[schema(required = true, value_type = String)]
    email: Option<String>,
    /// Its password.
    #[schema(required = true, value_type = String)]
    password: Option<String>,
    /// Also set the cookies `cs_access` and `cs_csrf`, for web applications.
    #[serde(default)]
    cookies: bool,
}

/// A renewal.
#[derive(Deserialize, ToSchema)]
pub(super) struct RefreshBody {
    /// Spent by this call.
    #[schema(required = true, value_type = String)]
    refresh_token: Option<String>,
    /// Also set the cookies anew.
    #[serde(default)]
    cookies: bool,
}

/// What else ends with the caller's log-in.
#[derive(Deserialize, ToSchema)]
pub(super) struct LogoutBody {
    /// Ignored: the caller is who the token says.
    #[expect(dead_code, reason = "read so that a wrong type is told")]
    user_id: Option<domain::UserId>,
    /// The log-in of this token ends too, if it is the caller's.
    refresh_token: Option<String>,
}

/// Tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct TokensBody {
    /// For every request.
    access_token: String,
    /// For the next renewal, once.
    refresh_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// How long the access token is good, in seconds.
    expires_in: u64,
    /// Who logged in.
    user: domain::User,
}

problems!(RegisterProblems: BODY; EmailTaken, UsernameTaken, RateLimited, Overloaded, Unavailable, Internal);
problems!(LoginProblems: BODY; InvalidCredentials, RateLimited, Overloaded, Unavailable, Internal);
problems!(RefreshProblems: BODY; RefreshTokenInvalid, RateLimited, Unavailable, Internal);
problems!(LogoutProblems: CALLER, BODY; );

/// Makes an account.
#[utoipa::path(post, path = "/v1/auth/register", tag = "auth", security(()), request_body = RegisterBody,
    responses((status = 201, body = domain::User), RegisterProblems))]
pub(super) async fn register(
    request: HttpRequest,
    door: web::Data<Door>,
    Body(body): Body<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let username = fields.required("username", body.username.or(body.name), |raw| {
        Username::parse(&raw)
    });
    let email = fields.required("email", body.email, |raw| Email::parse(&raw));
    let password = fields.required("password", body.password, |raw| Password::parse(&raw));
    let (Some(username), Some(email), Some(password)) = (username, email, password) else {
        return Err(fields.into());
    };
    let deed = Deed::Register(client_address(&request));
    door.limits.check_request(&request, deed).await?;
    let input = RegisterUserInput {
        username,
        email,
        password,
    };
    let user = run_to_end(async move { door.usecases.register_user.execute(input).await }).await?;
    Ok(HttpResponse::Created().json(user))
}

/// Logs in.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", security(()), request_body = LoginBody,
    responses((status = 200, body = TokensBody), LoginProblems))]
pub(super) async fn login(
    request: HttpRequest,
    door: web::Data<Door>,
    Body(body): Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    // A text that no account can have is a wrong one, not a broken rule: it tells nothing about accounts.
    let account = fields.required("email", body.email, Ok);
    let password = fields.required("password", body.password, |raw| {
        Ok(Password::parse(&raw).ok())
    });
    let (Some(account), Some(password)) = (account, password) else {
        return Err(fields.into());
    };
    let email = Email::parse(&account).ok();
    // Before the password is looked at, which takes a thread and its time.
    let deeds = [
        Deed::LogInFrom(client_address(&request)),
        Deed::LogInTo(account),
    ];
    for deed in deeds {
        door.limits.check_request(&request, deed).await?;
    }
    let secure = door.settings.secure_cookies;
    let logged_in = run_to_end(async move {
        let input = LogInInput { email, password };
        door.usecases.log_in.execute(input).await
    })
    .await?;
    Ok(tokens(logged_in, body.cookies, secure))
}

/// Spends a refresh token for a new pair.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", security(()), request_body = RefreshBody,
    responses((status = 200, body = TokensBody), RefreshProblems))]
pub(super) async fn refresh(
    request: HttpRequest,
    door: web::Data<Door>,
    Body(body): Body<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let token = fields.required("refresh_token", body.refresh_token, |raw| {
        Ok(RefreshToken::presented(raw))
    });
    let Some(token) = token else {
        return Err(fields.into());
    };
    let deed = Deed::LogInFrom(client_address(&request));
    door.limits.check_request(&request, deed).await?;
    let secure = door.settings.secure_cookies;
    let renewed =
        run_to_end(async move { door.usecases.refresh_session.execute(&token).await }).await?;
    Ok(tokens(renewed, body.cookies, secure))
}

/// Ends the caller's log-in: its tokens are refused from now on, its sockets close.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", request_body = Option<LogoutBody>,
    responses((status = 204), LogoutProblems))]
pub(super) async fn logout(
    door: web::Data<Door>,
    Authenticated(caller, OptionalBody(body)): Authenticated<OptionalBody<LogoutBody>>,
) -> Result<HttpResponse, Problem> {
    let other = body
        .and_then(|body| body.refresh_token)
        .map(RefreshToken::presented);
    run_to_end(async move { door.usecases.log_out.execute(caller, other.as_ref()).await }).await?;
    Ok(logged_out())
}

fn tokens(logged_in: LoggedIn, set_cookies: bool, secure: bool) -> HttpResponse {
    let expires_in = logged_in.expires_in.as_secs();
    let mut response = HttpResponse::Ok();
    response.insert_header(("Cache-Control", "no-store"));
    if set_cookies {
        let age = i64::try_from(expires_in).unwrap_or(i64::MAX);
        let cookies = cookies::set(&logged_in.access_token, age, secure);
        response = with_cookies(response, cookies);
    }
    response.json(TokensBody {
        access_token: logged_in.access_token,
        refresh_token: logged_in.refresh_token.expose().to_owned(),
        token_type: "Bearer",
        expires_in,
        user: logged_in.user,
    })
}

/// No content, and no cookies any more.
fn logged_out() -> HttpResponse {
    with_cookies(HttpResponse::NoContent(), cookies::clear()).finish()
}

fn with_cookies(
    mut response: HttpResponseBuilder,
    cookies: [actix_web::cookie::Cookie<'static>; 2],
) -> HttpResponseBuilder {
    for cookie in cookies {
        response.cookie(cookie);
    }
    response
}
