use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_LENGTH, web,
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::json::Object;
use crate::{
    Door,
    problem::{Code, FieldError, Problem},
};

/// A JSON body, bounded in size and in the time that it may take to arrive.
pub(super) struct Body<T>(pub T);

/// As [`Body`], where no body at all is fine too.
pub(super) struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            parse(&request, &bytes).map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            if bytes.is_empty() {
                return Ok(Self(None));
            }
            parse(&request, &bytes).map(|body| Self(Some(body)))
        })
    }
}

async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Problem> {
    let door = door(request)?;
    let reading = read_all(&door, request, &mut payload);
    timeout(door.settings.body_timeout, reading)
        .await
        .map_err(|_| Problem::new(Code::BodyTimeout, "the body arrived too slowly"))?
}

async fn read_all(
    door: &Door,
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<Bytes, Problem> {
    let limit = door.settings.max_body_bytes;
    let too_large = || {
        Problem::new(
            Code::BodyTooLarge,
            format!("the body may have {limit} bytes"),
        )
    };
    let declared = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Problem::new(Code::InvalidBody, format!("the body broke off: {error}"))
        })?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn parse<T: DeserializeOwned>(request: &HttpRequest, bytes: &[u8]) -> Result<T, Problem> {
    let content_type = request.content_type().to_ascii_lowercase();
    if content_type != "application/json" && !content_type.ends_with("+json") {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "the body must be application/json",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            wrong_shape(path, &inner)
        } else {
            Problem::new(Code::InvalidJson, inner.to_string())
        }
    })?;
    json.end()
        .map_err(|error| Problem::new(Code::InvalidJson, error.to_string()))?;
    Ok(value)
}

fn wrong_shape(path: String, error: &serde_json::Error) -> Problem {
    let mut problem = Problem::new(Code::InvalidBody, error.to_string());
    problem.errors.push(FieldError {
        field: path,
        code: "wrong_type",
        message: error.to_string(),
    });
    problem
}

pub(super) fn door(request: &HttpRequest) -> Result<web::Data<Door>, Problem> {
    request
        .app_data::<web::Data<Door>>()
        .cloned()
        .ok_or_else(|| Problem::new(Code::Internal, "the server is not wired"))
}
