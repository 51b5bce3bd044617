use std::sync::LazyLock;

use actix_web::HttpResponse;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        RefOr,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    analytics,
    auth::{self, revocation},
    events, guests, health, history, members, messages, reactions, rooms, router, stream_events,
    streams, sync, users,
};
use crate::problem::{Code, ProblemBody, RATE_LIMIT, header_ref, headers};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ChatterStack",
        description = "Real-time chat: accounts, rooms, messages. Events come over the WebSocket at `/ws`.",
        license(name = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "this server")),
    security(("bearer" = []), ("x_auth_token" = []), ("cookie" = [])),
    modifiers(&Schemes, &UniqueIds, &RateLimits),
    components(schemas(ProblemBody)),
    paths(
        serve, router::socket,
        health::health_at_root, health::health, health::live, health::ready,
        auth::register, auth::login, auth::refresh, auth::logout,
        revocation::logout_all, revocation::password, revocation::deactivate,
        users::find, users::show, users::set_status, users::share_drafts,
        rooms::list, rooms::create, rooms::open_direct, rooms::show, rooms::remove,
        members::list, members::add, members::remove, members::presence,
        messages::send, history::list, messages::edit, messages::remove,
        messages::deliver, messages::read, history::search,
        reactions::list, reactions::add, reactions::remove,
        streams::start, streams::list, streams::show, streams::append, streams::replace,
        analytics::live::overview, analytics::live::latency, analytics::messages, analytics::active_users, analytics::top_rooms,
        analytics::top_users, analytics::room, guests::of_room, guests::of_user,
        guests::analytics,
        streams::finish, streams::abort, streams::stop, stream_events::tell,
        events::list, sync::read, sync::read_by_body,
    )
)]
struct Document;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let header = ApiKeyValue::with_description(
            "X-Auth-Token",
            "the bare token, for CDNs that drop Authorization",
        );
        components.add_security_scheme(
            "x_auth_token",
            SecurityScheme::ApiKey(ApiKey::Header(header)),
        );
        let cookie = ApiKeyValue::with_description(
            "cs_access",
            "a call that changes something also needs the header X-CSRF-Token, from the cookie cs_csrf",
        );
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// Handlers of different subjects share names; the ids of operations must be unique.
struct UniqueIds;

impl Modify for UniqueIds {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for operation in operations(document) {
            let tag = operation.tags.iter().flatten().next();
            if let (Some(tag), Some(id)) = (tag, &operation.operation_id) {
                operation.operation_id = Some(format!("{tag}_{id}"));
            }
        }
    }
}

/// Where a call can be limited, its good answers tell how the limit stands, and its refusals too.
struct RateLimits;

impl Modify for RateLimits {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, header) in headers() {
            components.headers.insert(name.to_owned(), header.into());
        }
        let refused = Code::RateLimited.status().as_u16().to_string();
        for operation in operations(document) {
            let responses = &mut operation.responses.responses;
            if !responses.contains_key(&refused) {
                continue;
            }
            for (status, response) in responses {
                if let RefOr::T(response) = response
                    && (status.starts_with('2') || *status == refused)
                {
                    for name in RATE_LIMIT {
                        let header = RefOr::Ref(header_ref(name));
                        response.headers.insert(name.to_owned(), header);
                    }
                }
            }
        }
    }
}

fn operations(document: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    let items = document.paths.paths.values_mut();
    items.flat_map(|item| {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        operations.into_iter().flatten()
    })
}

/// The OpenAPI document of every REST call, with every status and code.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "health", security(()),
    responses((status = 200, description = "OpenAPI 3.1, as JSON")))]
pub(super) async fn serve() -> HttpResponse {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(document);
    HttpResponse::Ok().json(&*DOCUMENT)
}
