//! What a node does with the connections that come to it.

use std::{
    net::TcpListener,
    num::NonZero,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

use actix_http::{HttpService, Protocol, Request, error::DispatchError};
use actix_server::ServerBuilder;
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_factory, map_config};
use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{AppConfig, Server, ServiceResponse, fn_service},
    middleware::from_fn,
    rt,
    web::{Data, ServiceConfig},
};
use anyhow::Result;
use delivery::{
    Door, RequestLog, http,
    ws::{DirectWay, SharedStream, take_over},
};
use futures_util::FutureExt;
use realtime::HubRounds;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::{
    application::LAST_WORDS,
    config::{Config, Transport},
};

/// What a listener serves.
#[derive(Clone, Copy, Default)]
pub struct Serves {
    /// REST and the pages.
    pub rest: bool,
    /// The socket at `/ws`.
    pub sockets: bool,
    /// What Prometheus asks for.
    pub metrics: bool,
}

/// A server of what comes to this listener, on threads of its own. Where that is one thread, it is the hub's too.
///
/// # Errors
/// The listener's.
pub fn server(
    config: &Config,
    listener: TcpListener,
    door: Data<Door>,
    serves: Serves,
    hub: Option<HubRounds>,
) -> Result<Server> {
    let (write_timeout, head_timeout) = (config.ws.write_timeout, config.http.head_timeout);
    let keep_alive = config.http.keep_alive;
    let processors = available_parallelism().map_or(2, NonZero::get);
    let workers = config.http.workers.unwrap_or(processors);
    let builder = ServerBuilder::new()
        .workers(workers)
        // Longer than it is waited for.
        .shutdown_timeout(config.shutdown.grace.as_secs() + 1)
        .disable_signals();
    let stops = builder.graceful_shutdown_signal();
    // As `actix_web::HttpServer` does it, but over a connection that others may hold too, and with the way out at an upgrade.
    let http = move || {
        let stops = stops.clone();
        HttpService::build()
            .keep_alive(keep_alive)
            .client_request_timeout(head_timeout)
            .client_disconnect_timeout(LAST_WORDS)
            .graceful_shutdown_signal(move || {
                let stops = stops.clone();
                async move { stops.notified().await }
            })
    };
    let answers = move || application(door.clone(), serves);
    // Not where REST has threads of its own, which tell the hub things too and may be the last to end.
    let hub = place(hub, workers == 1 && serves.rest);
    let builder = match config.ws.transport {
        Transport::Actix => builder.listen("http", listener, move || {
            run_here(&hub);
            let http = http()
                .on_connect_ext(|connection, data| {
                    data.insert(DirectWay::to(connection));
                })
                .finish(answers());
            accept(write_timeout).and_then(http)
        })?,
        Transport::Takeover => builder.listen("http", listener, move || {
            run_here(&hub);
            let sockets = answers.clone();
            let upgrade = fn_factory(move || {
                let making = sockets().new_service(());
                async move {
                    let sockets = Rc::new(making.await?);
                    Ok::<_, ()>(fn_service(move |(request, framed)| {
                        let served = take_over(sockets.clone(), request, framed, LAST_WORDS);
                        served.map(Ok::<_, Error>)
                    }))
                }
            });
            let http = http().upgrade(upgrade).finish(answers());
            accept(write_timeout).and_then(http)
        })?,
    };
    Ok(builder.run())
}

/// A hub that waits for the thread on which it runs.
type Waiting = Arc<Mutex<Option<HubRounds>>>;

/// Where one thread serves all that comes, what sockets tell the hub and are told need not be handed from one thread to another,
/// which would cost more than it does. Where there are more, the hub has a place between them, and goes on while one of them is busy.
fn place(hub: Option<HubRounds>, is_alone: bool) -> Waiting {
    let waiting = hub.and_then(|hub| {
        if is_alone {
            return Some(hub);
        }
        tokio::spawn(hub.run());
        None
    });
    Arc::new(Mutex::new(waiting))
}

/// Runs the hub in this thread, beside the sockets, if it waits for that.
fn run_here(hub: &Waiting) {
    let waiting = hub.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(hub) = waiting {
        rt::spawn(hub.run());
    }
}

/// What answers requests.
fn application(
    door: Data<Door>,
    serves: Serves,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = ServiceResponse<impl MessageBody + 'static>,
    Error = Error,
    InitError = (),
> {
    let routes = move |app: &mut ServiceConfig| {
        if serves.sockets {
            app.configure(http::socket_route);
        }
        if serves.metrics {
            app.configure(http::metrics_route);
        }
        if serves.rest {
            app.configure(http::routes)
                .configure(http::stream_route)
                .configure(web::routes);
        }
    };
    let app = App::new()
        .app_data(door)
        .wrap(from_fn(http::finish))
        .wrap(from_fn(http::cors))
        .wrap(from_fn(http::farewell))
        .wrap(RequestLog::new())
        .configure(routes);
    map_config(app, |()| AppConfig::default())
}

/// Sets up a connection. Frames are small and follow each other: TCP would hold the second one back until the peer,
/// 40 ms later, has acknowledged the first. And actix waits without end for a peer that takes nothing: TCP ends the
/// connection once it has taken nothing for `write_timeout` (RFC 5482).
fn accept(
    write_timeout: Duration,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (SharedStream, Protocol, Option<std::net::SocketAddr>),
    Error = DispatchError,
    InitError = (),
> {
    fn_service(move |stream: TcpStream| async move {
        let socket = SockRef::from(&stream);
        // Both fail for a connection that has ended already.
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_tcp_user_timeout(Some(write_timeout));
        let peer = stream.peer_addr().ok();
        Ok((SharedStream::new(stream), Protocol::Http1, peer))
    })
}
