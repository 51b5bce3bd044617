//! The calls of the dialect "flat": no token, where guests are allowed.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Member, Timestamp,
    values::{GuestId, PageSize},
};
use realtime::wire::flat::FlatMessage;
use serde::{Deserialize, Serialize};
use usecase::analytics::GuestOverviewReport;
use utoipa::{IntoParams, ToSchema};

use crate::{
    Door,
    client_address::client_address,
    limits::Deed,
    problem::{Code, Fields, Problem, QUERY, problems},
    ws::guest_room,
};

/// How much.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

/// What goes on, over all nodes and rooms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnalyticsBody {
    /// Messages that were ever sent and stand.
    total_messages: u64,
    /// Open sockets.
    active_connections: u64,
    /// Users who hold them.
    active_users: u64,
    /// Sockets that were open at once: the most of each node since it started, together.
    peak_connections: u64,
    /// Messages of the last 15 minutes, the earliest first; the last minute is the one that lasts.
    messages_per_minute: Vec<u64>,
    /// From the acceptance of a message to its being written to a socket, within the last five minutes: half of them took no
    /// longer. 0 while there were none.
    latency_p50_ms: f64,
    /// 95 of 100 took no longer.
    latency_p95_ms: f64,
    /// 99 of 100 took no longer.
    latency_p99_ms: f64,
    /// Who is in the rooms that let guests in, at most 100, the longest there first.
    active_user_details: Vec<ActiveUserBody>,
    /// How long the oldest node has been up.
    uptime_seconds: i64,
    /// When it started.
    server_start_time: Timestamp,
}

/// Somebody who is there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActiveUserBody {
    /// What a guest is known by, or the id of an account.
    user_id: String,
    /// Their name.
    username: String,
    /// When they came into the room.
    joined_at: Timestamp,
}

problems!(AnalyticsProblems: ; GuestsNotAllowed, RateLimited, Unavailable, Internal);
problems!(RoomProblems: QUERY; GuestsNotAllowed, RateLimited, RoomNotFound, Unavailable, Internal);
problems!(UserProblems: QUERY; GuestsNotAllowed, RateLimited, Unavailable, Internal);

/// Refuses guests where they are not allowed.
pub(crate) fn guests_may_come(door: &Door) -> Result<(), Problem> {
    if door.settings.guests {
        return Ok(());
    }
    let told = "guests are not let in here: an account is needed";
    Err(Problem::new(Code::GuestsNotAllowed, told))
}

async fn check(request: &HttpRequest, door: &Door) -> Result<(), Problem> {
    guests_may_come(door)?;
    let from = Deed::GuestFrom(client_address(request));
    door.limits.check_request(request, from).await
}

/// The newest messages of a room that guests may come into, the oldest of them first.
#[utoipa::path(get, path = "/api/rooms/{room}/messages", tag = "flat",
    params(("room" = String, Path, description = "its name, or its id"), ListQuery), security(()),
    responses((status = 200, body = Vec<FlatMessage>), RoomProblems))]
pub(super) async fn of_room(
    request: HttpRequest,
    door: web::Data<Door>,
    room: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(50)));
    let wanted = fields.check("room", guest_room(&room));
    let (Some(limit), Some(wanted)) = (limit, wanted) else {
        return Err(fields.into());
    };
    let read = &door.usecases.guests.read;
    let messages = read.of_room(&wanted, limit).await?;
    let shown = wanted.to_string();
    let messages = messages.iter();
    let shown: Vec<_> = messages.map(|it| FlatMessage::chat(&shown, it)).collect();
    Ok(HttpResponse::Ok().json(shown))
}

/// The newest messages of one user in the rooms that guests may come into, the oldest of them first.
#[utoipa::path(get, path = "/api/users/{user}/messages", tag = "flat",
    params(("user" = String, Path, description = "what a guest is known by, or the id of an account"), ListQuery),
    security(()), responses((status = 200, body = Vec<FlatMessage>), UserProblems))]
pub(super) async fn of_user(
    request: HttpRequest,
    door: web::Data<Door>,
    user: web::Path<String>,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(query.limit.unwrap_or(50)));
    let user = fields.check("user", GuestId::parse(&user));
    let (Some(limit), Some(user)) = (limit, user) else {
        return Err(fields.into());
    };
    let messages = door.usecases.guests.read.of_user(&user, limit).await?;
    let messages = messages.iter();
    let shown: Vec<_> = messages
        .map(|(room, message)| FlatMessage::chat(&room.to_string(), message))
        .collect();
    Ok(HttpResponse::Ok().json(shown))
}

/// How many messages, sockets and users there are, and how fast messages arrive.
#[utoipa::path(get, path = "/api/analytics", tag = "flat", security(()),
    responses((status = 200, body = AnalyticsBody), AnalyticsProblems))]
pub(super) async fn analytics(
    request: HttpRequest,
    door: web::Data<Door>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let overview = &door.usecases.analytics.guests;
    let report = overview.execute(door.stats()).await?;
    Ok(HttpResponse::Ok().json(AnalyticsBody::from(report)))
}

impl From<GuestOverviewReport> for AnalyticsBody {
    fn from(report: GuestOverviewReport) -> Self {
        let GuestOverviewReport {
            messages,
            per_minute,
            fleet,
            present,
            at,
        } = report;
        let sockets = fleet.sockets;
        let latency = |percent| in_milliseconds(sockets.latency.percentile(percent).unwrap_or(0));
        Self {
            total_messages: messages,
            active_connections: sockets.open,
            active_users: sockets.users.count(),
            peak_connections: sockets.peak,
            messages_per_minute: per_minute,
            latency_p50_ms: latency(50),
            latency_p95_ms: latency(95),
            latency_p99_ms: latency(99),
            active_user_details: present.into_iter().map(ActiveUserBody::from).collect(),
            uptime_seconds: at.duration_since(fleet.started_at).as_secs().max(0),
            server_start_time: fleet.started_at,
        }
    }
}

impl From<Member> for ActiveUserBody {
    fn from(member: Member) -> Self {
        let user_id = match member.guest_id {
            Some(guest_id) => guest_id.to_string(),
            None => member.user_id.to_string(),
        };
        Self {
            user_id,
            username: member.username.to_string(),
            joined_at: member.joined_at,
        }
    }
}

/// Of microseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "no more than a minute, which is exact in an f64"
)]
pub(super) fn in_milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000.0
}
