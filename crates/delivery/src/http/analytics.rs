//! How much is said where: for admins, and of one room for its owner. JSON, or CSV for who accepts that alone.

mod csv;
pub(super) mod live;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    ActivityPoint, HourActivity, Interval, RoomActivity, RoomId, Timestamp, UserActivity,
    values::{InvalidValue, PageSize},
};
use serde::{Deserialize, Serialize};
use usecase::analytics::{
    ActiveUsersReport, MessagesOverTimeInput, RoomReportAnswer, TopInput, Window,
};
use utoipa::{IntoParams, ToSchema};

use self::csv::answer;
use super::caller::Authenticated;
use crate::{
    Door,
    problem::{CALLER, Fields, ID, Problem, QUERY, problems},
};

/// A window of days in UTC that ends today.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum WindowWord {
    Day,
    Week,
    Month,
}

impl From<WindowWord> for Window {
    fn from(word: WindowWord) -> Self {
        match word {
            WindowWord::Day => Self::Day,
            WindowWord::Week => Self::Week,
            WindowWord::Month => Self::Month,
        }
    }
}

/// Which intervals.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MessagesQuery {
    /// From the interval on that this lies in (RFC 3339); an hour of minutes, two days of hours or thirty days back if not
    /// given.
    #[param(value_type = Option<Timestamp>)]
    from: Option<String>,
    /// Up to here; up to now if not given. There are at most 2,000 intervals.
    #[param(value_type = Option<Timestamp>)]
    to: Option<String>,
    /// `hour` if not given.
    interval: Option<Interval>,
    /// In this room alone, which its owner may ask for too.
    room_id: Option<RoomId>,
}

/// How far back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActiveQuery {
    /// `day` if not given.
    window: Option<WindowWord>,
    /// In this room alone, which its owner may ask for too.
    room_id: Option<RoomId>,
}

/// How far back, and how many.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TopRoomsQuery {
    /// For ever if not given.
    window: Option<WindowWord>,
    /// 1 to 100; 10 if not given.
    limit: Option<u32>,
}

/// How far back, how many, and where.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TopUsersQuery {
    /// For ever if not given.
    window: Option<WindowWord>,
    /// 1 to 100; 10 if not given.
    limit: Option<u32>,
    /// In this room alone, which its owner may ask for too.
    room_id: Option<RoomId>,
}

/// Messages by the interval.
#[derive(Serialize, ToSchema)]
pub(super) struct MessagesBody {
    /// How fine.
    interval: Interval,
    /// Every interval, the earliest first.
    points: Vec<ActivityPoint>,
}

/// Who has said something.
#[derive(Serialize, ToSchema)]
pub(super) struct ActiveBody {
    /// How far back.
    window: WindowWord,
    /// When its first day began.
    from: Timestamp,
    /// How many users sent something that stands.
    users: u64,
    /// How many messages.
    messages: u64,
    /// How many accounts were made, wherever they write.
    new_accounts: u64,
}

/// Rooms by their messages.
#[derive(Serialize, ToSchema)]
pub(super) struct TopRoomsBody {
    /// The one with the most first.
    rooms: Vec<RoomActivity>,
}

/// Users by their messages.
#[derive(Serialize, ToSchema)]
pub(super) struct TopUsersBody {
    /// The one with the most first.
    users: Vec<UserActivity>,
}

/// What one room is like.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomBody {
    /// Which room.
    room_id: RoomId,
    /// Messages that stand.
    messages: u64,
    /// Users who sent them.
    senders: u64,
    /// Users who sent something today, in UTC.
    daily_active_users: u64,
    /// Within seven days, today included.
    weekly_active_users: u64,
    /// Within thirty days, today included.
    monthly_active_users: u64,
    /// The hours of the day in which something was sent in the last thirty days, from 0 on.
    busiest_hours: Vec<HourActivity>,
}

problems!(SpanProblems: CALLER, QUERY; NotAllowed, RoomNotFound);
problems!(TopRoomsProblems: CALLER, QUERY; NotAllowed);
problems!(RoomProblems: CALLER, ID; NotAllowed, RoomNotFound);

/// Counts messages by the minute, the hour or the day.
#[utoipa::path(get, path = "/v1/analytics/messages", tag = "analytics", params(MessagesQuery),
    responses((status = 200, content((MessagesBody = "application/json"), (String = "text/csv"))), SpanProblems))]
pub(super) async fn messages(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<MessagesQuery>>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let mut fields = Fields::new();
    let from = fields.optional("from", query.from, |raw| time(&raw));
    let to = fields.optional("to", query.to, |raw| time(&raw));
    let (Some(from), Some(to)) = (from, to) else {
        return Err(fields.into());
    };
    let interval = query.interval.unwrap_or(Interval::Hour);
    let input = MessagesOverTimeInput {
        interval,
        from,
        to,
        room: query.room_id,
    };
    let messages = &door.usecases.analytics.messages;
    let points = messages.execute(caller, input).await?;
    let body = MessagesBody { interval, points };
    answer(&request, &body, POINTS, &body.points)
}

/// Counts who has said something lately.
#[utoipa::path(get, path = "/v1/analytics/users/active", tag = "analytics", params(ActiveQuery),
    responses((status = 200, content((ActiveBody = "application/json"), (String = "text/csv"))), SpanProblems))]
pub(super) async fn active_users(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<ActiveQuery>>,
) -> Result<HttpResponse, Problem> {
    let window = query.window.unwrap_or(WindowWord::Day);
    let active = &door.usecases.analytics.active_users;
    let ActiveUsersReport {
        from,
        users,
        messages,
        new_accounts,
    } = active.execute(caller, window.into(), query.room_id).await?;
    let body = ActiveBody {
        window,
        from,
        users,
        messages,
        new_accounts,
    };
    answer(&request, &body, ACTIVE, [&body])
}

/// Ranks the rooms by their messages.
#[utoipa::path(get, path = "/v1/analytics/rooms/top", tag = "analytics", params(TopRoomsQuery),
    responses((status = 200, content((TopRoomsBody = "application/json"), (String = "text/csv"))), TopRoomsProblems))]
pub(super) async fn top_rooms(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<TopRoomsQuery>>,
) -> Result<HttpResponse, Problem> {
    let input = top(query.window, query.limit)?;
    let rooms = door.usecases.analytics.top.rooms(caller, input).await?;
    let body = TopRoomsBody { rooms };
    answer(&request, &body, ROOMS, &body.rooms)
}

/// Ranks the users by their messages.
#[utoipa::path(get, path = "/v1/analytics/users/top", tag = "analytics", params(TopUsersQuery),
    responses((status = 200, content((TopUsersBody = "application/json"), (String = "text/csv"))), SpanProblems))]
pub(super) async fn top_users(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, query): Authenticated<web::Query<TopUsersQuery>>,
) -> Result<HttpResponse, Problem> {
    let input = top(query.window, query.limit)?;
    let top = &door.usecases.analytics.top;
    let users = top.users(caller, input, query.room_id).await?;
    let body = TopUsersBody { users };
    answer(&request, &body, USERS, &body.users)
}

/// Counts what one room is like.
#[utoipa::path(get, path = "/v1/analytics/rooms/{room_id}", tag = "analytics", params(("room_id" = RoomId, Path)),
    responses((status = 200, content((RoomBody = "application/json"), (String = "text/csv"))), RoomProblems))]
pub(super) async fn room(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, room): Authenticated<web::Path<RoomId>>,
) -> Result<HttpResponse, Problem> {
    let room_id = room.into_inner();
    let report = &door.usecases.analytics.room;
    let RoomReportAnswer {
        messages,
        senders,
        daily_active_users,
        weekly_active_users,
        monthly_active_users,
        busiest_hours,
    } = report.execute(caller, room_id).await?;
    let body = RoomBody {
        room_id,
        messages,
        senders,
        daily_active_users,
        weekly_active_users,
        monthly_active_users,
        busiest_hours,
    };
    answer(&request, &body, HOURS, &body.busiest_hours)
}

fn top(window: Option<WindowWord>, limit: Option<u32>) -> Result<TopInput, Problem> {
    let mut fields = Fields::new();
    let limit = fields.check("limit", PageSize::parse(limit.unwrap_or(10)));
    let Some(limit) = limit else {
        return Err(fields.into());
    };
    Ok(TopInput {
        window: window.map(Window::from),
        limit,
    })
}

fn time(raw: &str) -> Result<Timestamp, InvalidValue> {
    raw.parse()
        .map_err(|_| InvalidValue::new("not_a_time", "must be a time as in RFC 3339"))
}

// The columns of the CSV: an answer without a row names them too, so they cannot be told from the rows.
const POINTS: &str = "at,messages,senders";
const ACTIVE: &str = "window,from,users,messages,new_accounts";
const ROOMS: &str = "room_id,name,visibility,messages,senders";
const USERS: &str = "user_id,username,guest_id,messages";
const HOURS: &str = "hour,messages";
