use actix_web::{HttpResponse, web};
use domain::ports::BusHealth;
use serde::Serialize;
use utoipa::ToSchema;

use super::changes_under_way;
use crate::Door;

/// How the node is.
#[derive(Serialize, ToSchema)]
pub(super) struct HealthBody {
    /// `ok`, or `draining` once the node goes away.
    status: &'static str,
    /// How many sockets are open on this node.
    clients: usize,
    /// How many rooms at least one of them follows.
    followed_rooms: usize,
    /// How many asynchronous tasks are alive beside those of its connections: of the hub, the stores and the bus, and
    /// changes that are carried to their end.
    tasks: usize,
    /// The version of the binary.
    version: &'static str,
    /// How long the node has been up.
    uptime_seconds: i64,
}

/// That the process answers.
#[derive(Serialize, ToSchema)]
pub(super) struct LiveBody {
    /// `live`.
    status: &'static str,
}

/// Whether the node can serve.
#[derive(Serialize, ToSchema)]
pub(super) struct ReadyBody {
    /// `ready`, `draining` or `unavailable`.
    status: &'static str,
    /// `ok` or `unavailable`; `unasked` once the node goes away.
    store: &'static str,
    /// `connected`; or `degraded` while other nodes are not reached: they catch up from the store, and the node serves.
    bus: &'static str,
}

/// The node, in short.
#[utoipa::path(get, path = "/v1/health", tag = "health", security(()), responses((status = 200, body = HealthBody)))]
pub(super) async fn health(door: web::Data<Door>) -> HttpResponse {
    let health = &door.health;
    HttpResponse::Ok().json(HealthBody {
        status: if door.hub.is_draining() {
            "draining"
        } else {
            "ok"
        },
        clients: door.hub.open_sockets(),
        followed_rooms: door.hub.followed_rooms(),
        tasks: health.runtime.metrics().num_alive_tasks() + changes_under_way(),
        version: health.version,
        uptime_seconds: health
            .clock
            .now()
            .duration_since(health.started_at)
            .as_secs(),
    })
}

/// The process answers. Nothing else is asked, so that a store that is away does not get the node killed.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 200, body = LiveBody)))]
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(LiveBody { status: "live" })
}

/// The node can serve: it is not going away, which is answered at once, and its store answers.
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()),
    responses((status = 200, body = ReadyBody), (status = 503, body = ReadyBody)))]
pub(super) async fn ready(door: web::Data<Door>) -> HttpResponse {
    // A store that takes its time would hold up what a proxy must learn soon.
    let (status, store, mut response) = if door.hub.is_draining() {
        ("draining", "unasked", HttpResponse::ServiceUnavailable())
    } else {
        match door.health.store.check().await {
            // It may have been told to go meanwhile.
            Ok(()) if door.hub.is_draining() => {
                ("draining", "ok", HttpResponse::ServiceUnavailable())
            }
            Ok(()) => ("ready", "ok", HttpResponse::Ok()),
            Err(error) => {
                tracing::warn!(%error, "not ready");
                let response = HttpResponse::ServiceUnavailable();
                ("unavailable", "unavailable", response)
            }
        }
    };
    response.json(ReadyBody {
        status,
        store,
        bus: match door.health.bus.health() {
            BusHealth::Connected => "connected",
            BusHealth::Degraded => "degraded",
        },
    })
}

/// The node, in short.
#[utoipa::path(get, path = "/health", tag = "health", security(()), responses((status = 200, body = HealthBody)))]
#[expect(dead_code, reason = "documents the second path of `health`")]
pub(super) fn health_at_root() {}
