//! A node: built from a configuration, run until it is told to go.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_web::{dev::Server, web::Data};
use anyhow::{Context, Result, bail};
use delivery::{Door, Health, Limits, http};
use domain::NodeId;
use futures_util::future::join_all;
use realtime::Hub;
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use crate::{
    admin::make_first,
    config::{AppEnv, Config, DatabaseKind, Shutdown},
    counting::count_activity,
    departure::{Departure, End},
    guests::{see_guests_out, see_out_guests_of_before},
    listening::{Serves, server},
    lost_streams::{end_all_that_are_lost, end_lost_streams},
    open_files,
    stats::publish_stats,
    wiring,
};

/// A node that listens, and serves once it is run.
pub struct Application {
    address: SocketAddr,
    socket_address: Option<SocketAddr>,
    metrics_address: Option<SocketAddr>,
    servers: Vec<Server>,
    hub: Hub,
    hub_task: JoinHandle<()>,
    lost_streams: JoinHandle<()>,
    guests: JoinHandle<()>,
    counting: JoinHandle<()>,
    stats: JoinHandle<()>,
    door: Data<Door>,
    open: wiring::Open,
    shutdown: Shutdown,
    linger: Duration,
}

impl Application {
    /// Opens the database, wires everything and binds the listeners; port 0 is any free one.
    ///
    /// # Errors
    /// What stands against it, for people.
    pub async fn build(config: &Config) -> Result<Self> {
        open_files::warn_if_too_few(config.ws.sockets_node);
        let application = Self::over(config, wiring::wire(config).await?)?;
        make_first(config, &application.door.usecases).await;
        // A Postgres may be that of others too, Redis or not.
        if matches!(config.database.kind, DatabaseKind::Sqlite { .. })
            && config.fleet.redis.is_none()
        {
            see_out_guests_of_before(&application.door.usecases.guests).await;
        }
        Ok(application)
    }

    fn over(config: &Config, wired: wiring::Wired) -> Result<Self> {
        let (hub, task, departures) = Hub::new(
            wiring::hub_ports(&wired.ports),
            wiring::hub_settings(config),
        );
        let (rounds, companion) = task.split();
        let hub_task = tokio::spawn(companion.run());
        let mut rounds = Some(rounds);
        let door = Data::new(Door {
            usecases: wiring::usecases(config, &wired.ports),
            hub: hub.clone(),
            limits: Limits::new(wired.limiter, config.rates),
            sync_turns: http::SyncTurns::new(
                config.delivery.sync_at_once,
                config.delivery.sync_queue,
            ),
            health: Health {
                node_id: NodeId(wired.ports.ids.next()),
                store: wired.probe,
                commits: wired.commits,
                bus: wired.ports.bus.clone(),
                started_at: wired.ports.clock.now(),
                clock: wired.ports.clock.clone(),
                version: env!("CARGO_PKG_VERSION"),
                runtime: Handle::current(),
            },
            ids: wired.ports.ids.clone(),
            settings: door_settings(config),
        });
        let looking = end_lost_streams(door.clone(), config.streams.lease / 6);
        let lost_streams = tokio::spawn(looking);
        let counting = count_activity(door.clone(), config.analytics_interval);
        let counting = tokio::spawn(counting);
        let seeing = see_guests_out(
            door.usecases.guests.clone(),
            departures,
            config.fleet.presence_lease,
        );
        let guests = tokio::spawn(seeing);
        let live = wired.ports.live_stats.clone();
        let publishing = publish_stats(door.clone(), live, config.fleet.stats_interval);
        let stats = tokio::spawn(publishing);
        let last = door.clone();
        let listener = bind(config.http.host, config.http.port, "PORT")?;
        let address = listener.local_addr()?;
        let (ws_port, metrics_port) = (config.ws.port, config.http.metrics_port);
        let serves = Serves {
            rest: true,
            sockets: ws_port.is_none(),
            metrics: metrics_port.is_none(),
        };
        let mut servers = Vec::new();
        let here = rounds.take_if(|_| serves.sockets);
        servers.push(server(config, listener, door.clone(), serves, here)?);
        let mut socket_address = None;
        if let Some(port) = ws_port {
            let listener = bind(config.http.host, port, "WS_PORT")?;
            socket_address = Some(listener.local_addr()?);
            let serves = Serves {
                sockets: true,
                ..Serves::default()
            };
            servers.push(server(config, listener, door.clone(), serves, rounds)?);
        }
        let mut metrics_address = None;
        if let Some(port) = metrics_port {
            let listener = bind(config.http.host, port, "METRICS_PORT")?;
            metrics_address = Some(listener.local_addr()?);
            let serves = Serves {
                metrics: true,
                ..Serves::default()
            };
            servers.push(server(config, listener, door, serves, None)?);
        }
        Ok(Self {
            address,
            socket_address,
            metrics_address,
            servers,
            hub,
            hub_task,
            lost_streams,
            guests,
            counting,
            stats,
            door: last,
            open: wired.open,
            shutdown: config.shutdown.clone(),
            linger: config.fleet.presence_linger,
        })
    }

    /// Serves until `told_to_go` answers, then goes: takes no new socket, tells every one that is open, finishes what is
    /// under way, and closes the database, all within the grace time. What is not finished then, or when `told_to_go`
    /// answers a second time, is cut off; what was acknowledged is on disk in any case.
    ///
    /// # Errors
    /// A listener that failed.
    pub async fn run_until(self, mut told_to_go: impl AsyncFnMut()) -> Result<()> {
        let departure = Departure {
            hub: self.hub.clone(),
            handles: self.servers.iter().map(Server::handle).collect(),
            shutdown: self.shutdown,
            linger: self.linger,
        };
        let mut serving = tokio::spawn(join_all(self.servers));
        let sockets = self.socket_address.unwrap_or(self.address);
        let metrics = self.metrics_address.unwrap_or(self.address);
        tracing::info!(address = %self.address, sockets = %sockets, metrics = %metrics, "listening");
        let mut hub_task = self.hub_task;
        let grace = departure.shutdown.grace;
        let (end, gone_by) = tokio::select! {
            ended = &mut hub_task => bail!("the hub ended: {ended:?}"),
            outcome = &mut serving => {
                for result in outcome? {
                    result.context("a listener failed")?;
                }
                (End::Orderly, Instant::now() + grace)
            }
            () = told_to_go() => {
                let gone_by = Instant::now() + grace;
                (departure.go(gone_by, told_to_go()).await, gone_by)
            }
        };
        self.lost_streams.abort();
        // It ends as one that was told to, and lets go of the ports.
        let _ = self.lost_streams.await;
        self.open.lose_streams();
        let ending = end_all_that_are_lost(&self.door);
        let _ = timeout_at(
            gone_by.min(Instant::now() + Shutdown::LAST_STEPS / 2),
            ending,
        )
        .await;
        self.counting.abort();
        let _ = self.counting.await;
        self.stats.abort();
        let _ = self.stats.await;
        drop(self.door);
        drop((self.hub, departure.hub));
        let linger = match end {
            End::Orderly | End::CutOff => self.linger,
            // Presence is a lease: the other nodes miss this one soon.
            End::CutShort => Duration::ZERO,
        };
        // The hub ends when the last socket has let go of it.
        let at_most = |wait| gone_by.min(Instant::now() + wait);
        let _ = timeout_at(at_most(Shutdown::LAST_STEPS / 2 + linger), hub_task).await;
        // The last guests have left with the last sockets. There may be many, whose commits wait for each other.
        let seen_out_by = match end {
            End::Orderly | End::CutOff => {
                at_most(SEEING_OUT).min(gone_by - Shutdown::LAST_STEPS / 2)
            }
            End::CutShort => at_most(Shutdown::LAST_STEPS / 2),
        };
        let mut guests = self.guests;
        let all_left = tokio::select! {
            left = timeout_at(seen_out_by, &mut guests) => left.is_ok(),
            () = told_to_go() => false,
        };
        if !all_left {
            guests.abort();
            let _ = guests.await;
        }
        // What was acknowledged is committed; a file that is still read is folded at the next start. A task of its own,
        // because a database that hangs would hold up the end where it is dropped, too.
        let closing = tokio::spawn(self.open.close());
        let _ = timeout_at(at_most(Shutdown::LAST_STEPS / 2), closing).await;
        tracing::info!("gone");
        Ok(())
    }
}

/// How long a connection that is to end may take to hand over what is written already, and to end from the peer's side.
/// Shorter ones leave connections open for ever after a WebSocket's close.
pub(crate) const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long guests whose last sockets are gone may take to leave, where nobody is in a hurry. Those who have not are found by a
/// sweep.
const SEEING_OUT: Duration = Duration::from_secs(10);

fn bind(host: std::net::IpAddr, port: u16, setting: &str) -> Result<TcpListener> {
    TcpListener::bind((host, port))
        .with_context(|| format!("cannot listen on {host}:{port} ({setting})"))
}

fn door_settings(config: &Config) -> delivery::Settings {
    delivery::Settings {
        max_body_bytes: config.http.max_body_bytes,
        body_timeout: config.http.body_timeout,
        allowed_origins: config.http.cors_allowed_origins.clone(),
        trusted_proxies: config.http.trusted_proxies,
        guests: config.auth.guests,
        guest_history: config.auth.guest_history,
        secure_cookies: config.environment != AppEnv::Development,
        ws: delivery::WsSettings {
            max_frame_bytes: config.ws.max_frame_bytes,
            ping_interval: config.ws.ping_interval,
            pong_timeout: config.ws.pong_timeout,
            write_timeout: config.ws.write_timeout,
            expiry_warning: config.ws.expiry_warning,
            bad_frames: config.ws.bad_frames,
        },
    }
}

#[cfg(test)]
mod tests;
