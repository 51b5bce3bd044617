use std::{future::Future, pin::Pin};

use actix_web::{
    Error, FromRequest, HttpRequest,
    dev::Payload,
    http::{Method, header::AUTHORIZATION},
};
use usecase::Caller;

use super::{body::door, cookies};
use crate::{
    limits::Deed,
    problem::{Code, Problem},
};

/// Who asks, as an extractor: a handler that takes it is closed to everybody else. What else the handler needs of the
/// request stands inside, because actix runs extractors that stand side by side at once: a stranger would be told what
/// is wrong with the request, and be waited for.
pub(super) struct Authenticated<T = ()>(pub Caller, pub T);

impl<T: FromRequest + 'static> FromRequest for Authenticated<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let token = access_token(&request)?.ok_or_else(|| {
                Problem::new(Code::TokenMissing, "this call needs an access token")
            })?;
            let door = door(&request)?;
            let authenticate = &door.usecases.authenticate;
            let caller = authenticate.execute(&token).await;
            let caller = caller.map_err(Problem::from)?;
            let call = Deed::Call(caller.user_id);
            door.limits.check_request(&request, call).await?;
            check_csrf(&request, &token)?;
            let rest = T::from_request(&request, &mut payload).await;
            Ok(Self(caller, rest.map_err(Into::into)?))
        })
    }
}

/// The access token of a request: the first place of the contract that holds one decides.
///
/// # Errors
/// `token_invalid` for a header of another form.
pub(crate) fn access_token(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let token = header_token(request)?;
    Ok(token.or_else(|| {
        let cookie = request.cookie(cookies::ACCESS)?;
        Some(cookie.value().to_owned())
    }))
}

/// As [`access_token`], without the cookie.
///
/// # Errors
/// `token_invalid` for a header of another form.
pub(crate) fn header_token(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let headers = request.headers();
    if let Some(value) = headers.get(AUTHORIZATION) {
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned())
            .ok_or_else(|| {
                Problem::new(
                    Code::TokenInvalid,
                    "Authorization must be: Bearer <access token>",
                )
            })?;
        return Ok(Some(token));
    }
    if let Some(value) = headers.get("x-auth-token") {
        let token = value
            .to_str()
            .map_err(|_| Problem::new(Code::TokenInvalid, "X-Auth-Token is not text"))?;
        return Ok(Some(token.to_owned()));
    }
    Ok(None)
}

/// Refuses a change that only a cookie vouches for, unless it repeats the CSRF token: another site can make a browser
/// send the one, but cannot read the other.
fn check_csrf(request: &HttpRequest, token: &str) -> Result<(), Problem> {
    let headers = request.headers();
    let by_cookie = !headers.contains_key(AUTHORIZATION) && !headers.contains_key("x-auth-token");
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if by_cookie && changes && !cookies::csrf_matches(request, token) {
        return Err(Problem::new(
            Code::CsrfTokenMissing,
            "with the cookie, a change needs the header X-CSRF-Token from the cookie cs_csrf",
        ));
    }
    Ok(())
}
