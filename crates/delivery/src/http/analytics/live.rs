//! What there is, and how the nodes do now.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{CommitStats, Distribution, HourActivity};
use serde::Serialize;
use usecase::analytics::{LiveReport, OverviewReport};
use utoipa::ToSchema;

use super::csv::answer;
use crate::{
    Door,
    http::{caller::Authenticated, guests::in_milliseconds},
    problem::{CALLER, Problem, problems},
};

/// All that there is.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct OverviewBody {
    #[serde(flatten)]
    counted: CountedBody,
    #[serde(flatten)]
    nodes: NodesBody,
    /// How much is committed at once.
    commits: CommitsBody,
    /// The hours of the day in which something was sent in the last thirty days, from 0 on.
    busiest_hours: Vec<HourActivity>,
}

/// What is counted of all rooms.
#[derive(Serialize, ToSchema)]
struct CountedBody {
    /// Messages that stand, in rooms that are there.
    messages: u64,
    /// Users who sent them.
    senders: u64,
    /// Accounts that were ever made.
    accounts: u64,
    /// Messages of today, in UTC.
    messages_today: u64,
    /// Accounts made today.
    new_accounts_today: u64,
    /// Users who sent something today.
    daily_active_users: u64,
    /// Within seven days, today included.
    weekly_active_users: u64,
    /// Within thirty days, today included.
    monthly_active_users: u64,
}

/// What is told of the nodes, in the overview and in each tick.
#[derive(Serialize, ToSchema)]
struct NodesBody {
    /// Open sockets, of all nodes.
    sockets: u64,
    /// Users who hold them.
    users_online: u64,
    /// The most sockets that each node had at once since it started, together.
    peak_sockets: u64,
    /// How many nodes there are.
    nodes: u64,
    /// How many of them reach the others.
    nodes_connected: u64,
    /// What waits to be written to sockets.
    queued_bytes: u64,
    /// Sockets closed because they read too slowly, since the nodes started.
    slow_closes: u64,
    /// Rooms into which clients came back and missed nothing, since then.
    resumes: u64,
    /// Gaps of the bus that the log has filled, since then.
    gaps_healed: u64,
    /// Messages of the last whole minute, as far as they are counted yet.
    messages_last_minute: u64,
}

/// What the nodes have committed since they started.
#[derive(Serialize, ToSchema)]
struct CommitsBody {
    /// How many changes.
    changes: u64,
    /// In how many commits of several at once, where the store makes such.
    count: u64,
    /// Half of them had no more changes than this: 1, 2, 4, 8 and so on; none while there are no commits.
    size_p50: Option<u64>,
    /// 99 of 100 had no more.
    size_p99: Option<u64>,
}

/// How the nodes do now, together.
#[derive(Serialize)]
pub(crate) struct LiveBody {
    #[serde(flatten)]
    nodes: NodesBody,
    /// How much is committed at once.
    commits: CommitsBody,
    /// How long messages take.
    latency: LatencyBody,
}

impl From<&CommitStats> for CommitsBody {
    fn from(commits: &CommitStats) -> Self {
        Self {
            changes: commits.changes,
            count: commits.sizes.count(),
            size_p50: commits.sizes.percentile(50),
            size_p99: commits.sizes.percentile(99),
        }
    }
}

impl From<&LiveReport> for NodesBody {
    fn from(live: &LiveReport) -> Self {
        let (fleet, sockets) = (&live.fleet, &live.fleet.sockets);
        Self {
            sockets: sockets.open,
            users_online: sockets.users.count(),
            peak_sockets: sockets.peak,
            nodes: fleet.nodes,
            nodes_connected: fleet.connected,
            queued_bytes: sockets.queue_bytes,
            slow_closes: sockets.slow_closes,
            resumes: sockets.resumes,
            gaps_healed: sockets.gaps_healed,
            messages_last_minute: live.messages_last_minute,
        }
    }
}

impl From<&LiveReport> for LiveBody {
    fn from(live: &LiveReport) -> Self {
        Self {
            nodes: NodesBody::from(live),
            commits: CommitsBody::from(&live.fleet.commits),
            latency: LatencyBody::from(&live.fleet.sockets.latency),
        }
    }
}

impl From<&Distribution> for LatencyBody {
    fn from(latency: &Distribution) -> Self {
        let percentile = |percent| latency.percentile(percent).map(in_milliseconds);
        Self {
            deliveries: latency.count(),
            p50_ms: percentile(50),
            p95_ms: percentile(95),
            p99_ms: percentile(99),
        }
    }
}

/// How long messages take from their acceptance to their being written to a socket, within the last five minutes, over all
/// nodes.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct LatencyBody {
    /// How many were told, once for each socket. Of what goes to many, a part is timed, and counts for all. A node with
    /// DELIVERY_LATENCY=off counts none.
    deliveries: u64,
    /// In milliseconds, half of them took no longer; none while there are no deliveries. Each to two digits.
    p50_ms: Option<f64>,
    /// 95 of 100 took no longer.
    p95_ms: Option<f64>,
    /// 99 of 100 took no longer.
    p99_ms: Option<f64>,
}

impl OverviewBody {
    fn of(counted: OverviewReport, live: &LiveReport) -> Self {
        let OverviewReport {
            messages,
            senders,
            accounts,
            messages_today,
            new_accounts_today,
            daily_active_users,
            weekly_active_users,
            monthly_active_users,
            busiest_hours,
        } = counted;
        let counted = CountedBody {
            messages,
            senders,
            accounts,
            messages_today,
            new_accounts_today,
            daily_active_users,
            weekly_active_users,
            monthly_active_users,
        };
        Self {
            counted,
            nodes: NodesBody::from(live),
            commits: CommitsBody::from(&live.fleet.commits),
            busiest_hours,
        }
    }

    /// Its line as CSV; the hours are no columns.
    fn row(&self) -> impl Serialize {
        (&self.counted, &self.nodes, &self.commits)
    }
}

problems!(LiveProblems: CALLER; NotAllowed);

/// Counts all that there is.
#[utoipa::path(get, path = "/v1/analytics/overview", tag = "analytics",
    responses((status = 200, content((OverviewBody = "application/json"), (String = "text/csv"))), LiveProblems))]
pub(in crate::http) async fn overview(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, ()): Authenticated,
) -> Result<HttpResponse, Problem> {
    let overview = &door.usecases.analytics.overview;
    let counted = overview.execute(caller).await?;
    let live = &door.usecases.analytics.live;
    let live = live.execute(caller, door.stats()).await?;
    let body = OverviewBody::of(counted, &live);
    answer(&request, &body, OVERVIEW, [body.row()])
}

/// Tells how long messages take to reach the sockets.
#[utoipa::path(get, path = "/v1/analytics/latency", tag = "analytics",
    responses((status = 200, content((LatencyBody = "application/json"), (String = "text/csv"))), LiveProblems))]
pub(in crate::http) async fn latency(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, ()): Authenticated,
) -> Result<HttpResponse, Problem> {
    let live = &door.usecases.analytics.live;
    let nodes = live.nodes(caller, door.stats()).await?;
    let body = LatencyBody::from(&nodes.sockets.latency);
    answer(&request, &body, LATENCY, [&body])
}

// The columns of the CSV.
const OVERVIEW: &str = "messages,senders,accounts,messages_today,new_accounts_today,daily_active_users,\
    weekly_active_users,monthly_active_users,sockets,users_online,peak_sockets,nodes,nodes_connected,queued_bytes,\
    slow_closes,resumes,gaps_healed,messages_last_minute,committed_changes,commits,commit_size_p50,commit_size_p99";
const LATENCY: &str = "deliveries,p50_ms,p95_ms,p99_ms";

#[cfg(test)]
mod tests;
