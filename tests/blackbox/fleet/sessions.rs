use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Faults, Link, postgres::Postgres, redis::Redis};
use tokio::time::timeout;

use super::rig::{Backend, Fleet};
use crate::{api::Client, socket::Socket};

#[tokio::test]
async fn a_log_out_on_one_node_closes_the_sockets_and_ends_the_token_on_the_others() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let ann = a.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let again = ann.log_in("ann@example.org", "correct horse").await;
    let mut ended = [
        ann.at(b).socket(b, &[]).await,
        ann.at(c).socket(c, &[&room]).await,
        ann.socket(a, &[]).await,
    ];
    let mut stays = again.at(b).socket(b, &[]).await;
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    for node in [b, c, a] {
        let refused = ann.at(node).get("/v1/rooms").await;
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    for socket in &mut ended {
        assert_eq!(socket.closed().await, 4401);
    }
    stays.say(&room, "still here").await;
}

#[tokio::test]
async fn a_refresh_token_is_spent_once_whichever_nodes_it_is_sent_to() {
    let fleet = Fleet::start().await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    for i in 0..5 {
        let ann = a.user(&format!("Ann{i}")).await;
        let body = json!({"refresh_token": ann.refresh_token()});
        let (here, there) = (a.client(), b.client());
        let (one, other) = tokio::join!(
            here.post("/v1/auth/refresh", body.clone()),
            there.post("/v1/auth/refresh", body.clone())
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{one:?} {other:?}");
    }
}

/// How log-ins end.
#[derive(Clone, Copy, Debug)]
enum End {
    LogOut,
    LogOutEverywhere,
    NewPassword,
    Deactivation,
}

const ENDS: [End; 4] = [
    End::LogOut,
    End::LogOutEverywhere,
    End::NewPassword,
    End::Deactivation,
];

/// A user for each end, and one of their log-ins that is to be ended, from another if the end spares its caller.
struct Ending {
    end: End,
    caller: Client,
    ended: Client,
    sockets: Vec<Socket>,
}

impl Ending {
    /// With a socket of the log-in at every node.
    async fn at_every_node(fleet: &Fleet, end: End) -> Self {
        let first = &fleet.nodes[0];
        let name = format!("{end:?}");
        let caller = first.user(&name).await;
        let ended = match end {
            End::NewPassword => {
                let email = format!("{}@example.org", name.to_lowercase());
                caller.log_in(&email, "correct horse").await
            }
            _ => caller.clone(),
        };
        let mut sockets = Vec::new();
        for node in &fleet.nodes {
            sockets.push(ended.at(node).socket(node, &[]).await);
        }
        Self {
            end,
            caller,
            ended,
            sockets,
        }
    }

    /// Ends it at the first node.
    async fn end(&self) {
        let auth = |call: &str| format!("/v1/auth/{call}");
        let password = "correct horse";
        let answer = match self.end {
            End::LogOut => self.caller.poke(&auth("logout")).await,
            End::LogOutEverywhere => self.caller.poke(&auth("logout-all")).await,
            End::NewPassword => {
                let change =
                    json!({"current_password": password, "new_password": "battery staple"});
                self.caller.post(&auth("password"), change).await
            }
            End::Deactivation => {
                let account = json!({"password": password});
                self.caller.post(&auth("deactivate"), account).await
            }
        };
        assert_eq!(answer.status, 204, "{:?}: {answer:?}", self.end);
    }

    async fn assert_ended_everywhere(mut self, fleet: &Fleet) {
        for socket in &mut self.sockets {
            assert_eq!(socket.closed().await, 4401, "{:?}", self.end);
        }
        for node in &fleet.nodes {
            let refused = self.ended.at(node).get("/v1/rooms").await;
            refused.assert_problem(401, "session_ended");
            let body = json!({"refresh_token": self.ended.refresh_token()});
            let refused = node.client().post("/v1/auth/refresh", body).await;
            refused.assert_problem(401, "refresh_token_invalid");
        }
    }
}

async fn endings(fleet: &Fleet) -> Vec<Ending> {
    let mut endings = Vec::new();
    for end in ENDS {
        endings.push(Ending::at_every_node(fleet, end).await);
    }
    endings
}

/// No audit is part of it.
#[tokio::test]
async fn however_a_log_in_ends_its_sockets_close_on_every_node() {
    let fleet = Fleet::with(&[("BUS_AUDIT_INTERVAL", "1h")]).await;
    for ending in endings(&fleet).await {
        ending.end().await;
        ending.assert_ended_everywhere(&fleet).await;
    }
}

#[tokio::test]
async fn however_a_log_in_ends_its_sockets_close_on_every_node_while_redis_stands_still() {
    let fleet = Fleet::alone(&[]).await;
    let endings = endings(&fleet).await;
    fleet.redis.freeze();
    for ending in &endings {
        ending.end().await;
    }
    for ending in endings {
        ending.assert_ended_everywhere(&fleet).await;
    }
    fleet.redis.thaw();
}

/// What is promised at the defaults, whatever the bus loses.
const BOUND: Duration = Duration::from_secs(5);

/// The others notice nothing of it: their audits find what has ended.
#[tokio::test]
async fn however_a_log_in_ends_on_a_node_that_is_cut_off_from_redis_its_sockets_close_on_every_node()
 {
    let (postgres, redis) = (Postgres::shared(), Redis::shared());
    let backends = (Backend::Shared(postgres), Backend::Shared(redis));
    let mut fleet = Fleet::over(backends.0, backends.1, &[]).await;
    let server = SocketAddr::from(([127, 0, 0, 1], redis.port()));
    let link = Link::to(server).await.unwrap();
    let url = format!("redis://{}", link.address());
    let cut_off = fleet.node().with("REDIS_URL", &url).start().await;
    fleet.nodes.push(cut_off);
    fleet.add_nodes(2).await;
    let endings = endings(&fleet).await;
    link.set(Faults::partitioned()).await;
    let all = endings.into_iter().map(async |ending| {
        ending.end().await;
        let ended = timeout(BOUND, ending.assert_ended_everywhere(&fleet));
        ended.await.expect("the sockets close in time");
    });
    join_all(all).await;
}
