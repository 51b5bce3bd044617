use actix_web::{
    HttpRequest, HttpResponse,
    guard::{GuardContext, fn_guard},
    http::header::UPGRADE,
    web::{
        self, PathConfig, QueryConfig, ServiceConfig, delete, get, patch, post, put, resource,
        scope,
    },
};

use super::{
    analytics,
    auth::{self, revocation},
    events, guests, health, history, members, messages, metrics, openapi, reactions, rooms,
    stream_events, streams, sync, users,
};
use crate::{
    problem::{Code, Problem, problems},
    ws,
};

/// Every REST route, to be read from top to bottom.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(
            PathConfig::default()
                .error_handler(|error, _| Problem::new(Code::InvalidId, error.to_string()).into()),
        )
        .app_data(
            QueryConfig::default().error_handler(|error, _| {
                Problem::new(Code::InvalidQuery, error.to_string()).into()
            }),
        )
        .configure(health_routes)
        .route("/openapi.json", get().to(openapi::serve))
        .service(
            scope("/v1")
                .service(resource("/health").route(get().to(health::health)))
                .service(resource("/auth/register").route(post().to(auth::register)))
                .service(resource("/auth/login").route(post().to(auth::login)))
                .service(resource("/auth/refresh").route(post().to(auth::refresh)))
                .service(resource("/auth/logout").route(post().to(auth::logout)))
                .service(resource("/auth/logout-all").route(post().to(revocation::logout_all)))
                .service(resource("/auth/password").route(post().to(revocation::password)))
                .service(resource("/auth/deactivate").route(post().to(revocation::deactivate)))
                .service(resource("/users").route(get().to(users::find)))
                .service(resource("/users/{user_id}").route(get().to(users::show)))
                .service(resource("/users/{user_id}/status").route(patch().to(users::set_status)))
                .service(resource("/users/{user_id}/drafts").route(patch().to(users::share_drafts)))
                .service(
                    resource("/rooms")
                        .route(get().to(rooms::list))
                        .route(post().to(rooms::create)),
                )
                .service(resource("/rooms/direct").route(post().to(rooms::open_direct)))
                .service(
                    resource("/rooms/{room_id}")
                        .route(get().to(rooms::show))
                        .route(delete().to(rooms::remove)),
                )
                .service(resource("/rooms/{room_id}/events").route(get().to(events::list)))
                .service(resource("/rooms/{room_id}/presence").route(get().to(members::presence)))
                .service(
                    resource("/rooms/{room_id}/members")
                        .route(get().to(members::list))
                        .route(post().to(members::add)),
                )
                .service(
                    resource("/rooms/{room_id}/members/{user_id}")
                        .route(delete().to(members::remove)),
                )
                .service(
                    resource("/rooms/{room_id}/messages")
                        .route(get().to(history::list))
                        .route(post().to(messages::send)),
                )
                .service(
                    resource("/rooms/{room_id}/messages/{message_id}")
                        .route(patch().to(messages::edit))
                        .route(delete().to(messages::remove)),
                )
                .service(
                    resource("/rooms/{room_id}/messages/{message_id}/deliver")
                        .route(post().to(messages::deliver)),
                )
                .service(
                    resource("/rooms/{room_id}/messages/{message_id}/read")
                        .route(post().to(messages::read)),
                )
                .service(
                    resource("/rooms/{room_id}/messages/{message_id}/reactions")
                        .route(get().to(reactions::list)),
                )
                .service(
                    resource("/rooms/{room_id}/messages/{message_id}/reactions/{emoji}")
                        .route(put().to(reactions::add))
                        .route(delete().to(reactions::remove)),
                )
                .service(
                    resource("/rooms/{room_id}/streams")
                        .route(get().to(streams::list))
                        .route(post().to(streams::start)),
                )
                .service(
                    resource("/streams/{stream_id}")
                        .route(get().to(streams::show))
                        .route(delete().to(streams::abort)),
                )
                .service(
                    resource("/streams/{stream_id}/events").route(get().to(stream_events::tell)),
                )
                .service(resource("/streams/{stream_id}/append").route(post().to(streams::append)))
                .service(resource("/streams/{stream_id}/text").route(put().to(streams::replace)))
                .service(resource("/streams/{stream_id}/finish").route(post().to(streams::finish)))
                .service(resource("/streams/{stream_id}/stop").route(post().to(streams::stop)))
                .service(resource("/analytics/overview").route(get().to(analytics::live::overview)))
                .service(resource("/analytics/latency").route(get().to(analytics::live::latency)))
                .service(resource("/analytics/messages").route(get().to(analytics::messages)))
                .service(
                    resource("/analytics/users/active").route(get().to(analytics::active_users)),
                )
                .service(resource("/analytics/users/top").route(get().to(analytics::top_users)))
                .service(resource("/analytics/rooms/top").route(get().to(analytics::top_rooms)))
                .service(resource("/analytics/rooms/{room_id}").route(get().to(analytics::room)))
                .service(resource("/messages/search").route(get().to(history::search)))
                .service(
                    resource("/sync")
                        .route(get().to(sync::read))
                        .route(post().to(sync::read_by_body)),
                ),
        )
        // Of the dialect "flat".
        .service(
            scope("/api")
                .service(resource("/rooms/{room}/messages").route(get().to(guests::of_room)))
                .service(resource("/users/{user}/messages").route(get().to(guests::of_user)))
                .service(resource("/analytics").route(get().to(guests::analytics))),
        );
}

/// The health endpoints.
pub fn health_routes(config: &mut ServiceConfig) {
    config
        .service(resource("/health").route(get().to(health::health)))
        .service(resource("/health/live").route(get().to(health::live)))
        .service(resource("/health/ready").route(get().to(health::ready)));
}

/// What Prometheus asks for.
pub fn metrics_route(config: &mut ServiceConfig) {
    config.service(resource("/metrics").route(get().to(metrics::metrics)));
}

/// The native socket.
pub fn socket_route(config: &mut ServiceConfig) {
    config.service(resource("/ws").route(web::get().to(socket)));
}

/// The socket of the dialect "stream", which stands where the page is asked for too.
pub fn stream_route(config: &mut ServiceConfig) {
    let is_handshake = |request: &GuardContext<'_>| {
        let upgrade = request.head().headers().get(UPGRADE);
        upgrade.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"))
    };
    config.service(
        resource("/")
            .guard(fn_guard(is_handshake))
            .route(get().to(ws::open_stream)),
    );
}

problems!(SocketProblems: ; GuestsNotAllowed, UserIdTaken, ValidationFailed, InvalidQuery, InvalidHandshake, TooManyRooms, TokenMissing, TokenInvalid, TokenExpired,
    SessionEnded, OriginNotAllowed, RoomForbidden, RateLimited, Unavailable, GoingAway, TooManySockets, Internal);

/// Opens a WebSocket. Its frames are described in docs/ARCHITECTURE.md.
#[utoipa::path(get, path = "/ws", tag = "socket",
    params(("userId" = Option<String>, Query, description = "with no token: a guest of the dialect flat, known by this"),
           ("username" = Option<String>, Query, description = "what that guest is called"),
           ("room" = Option<String>, Query, description = "where that guest goes, by name; `global` if not given"),
           ("room_id" = Option<Vec<domain::RoomId>>, Query, description = "follow these rooms; none: every room of the caller"),
           ("since" = Option<Vec<String>>, Query,
            description = "`<room id>:<seq>`, what the client has of a room: it is told what it missed of it"),
           ("access_token" = Option<String>, Query, description = "where no header can be sent")),
    responses((status = 101, description = "the socket is open; `ready` comes first"), SocketProblems))]
pub(super) async fn socket(
    request: HttpRequest,
    payload: web::Payload,
    door: web::Data<crate::Door>,
) -> Result<HttpResponse, Problem> {
    ws::open(request, payload, door).await
}
