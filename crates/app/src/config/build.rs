use std::{path::PathBuf, time::Duration};

use actix_web::http::Uri;
use delivery::Rates;
use domain::values::PageSize;
use secrecy::SecretString;

use super::{
    AppEnv, Auth, BaseUrl, Config, Delivery, Faults, Http, Log, LogFormat, LogLevel, Shutdown,
    Streams, Traces, Transport, WebSocket, reader::Reader, signing_secret,
};

mod storage;

/// What the configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To let people in: the rules of staging and production on secrets and guests hold.
    Serve,
    /// A task that signs nothing and lets nobody in.
    Task,
}

pub(super) fn build(mut from: Reader, purpose: Purpose) -> Result<Config, Faults> {
    let environment = environment(&mut from);
    let data_dir = PathBuf::from(from.text("DATA_DIR").unwrap_or_default());
    let database = storage::database(&mut from, &data_dir);
    let fleet = storage::fleet(&mut from, &database);
    let config = Config {
        environment,
        http: http(&mut from),
        ws: web_socket(&mut from),
        auth: auth(&mut from, environment, purpose),
        rates: rates(&mut from),
        database,
        delivery: delivery(&mut from),
        analytics_interval: from.duration("ANALYTICS_INTERVAL"),
        streams: streams(&mut from),
        shutdown: shutdown(&mut from, environment, fleet.presence_linger),
        fleet,
        log: log(&mut from),
        traces: traces(&mut from),
        healthcheck_url: healthcheck_url(&mut from),
        data_dir,
        shown: from.shown(),
    };
    let ports_are_sound = from.are_sound(&["PORT", "WS_PORT", "METRICS_PORT"]);
    let (port, metrics_port) = (config.http.port, config.http.metrics_port);
    if ports_are_sound && port != 0 && config.ws.port == Some(port) {
        from.fault(
            "WS_PORT",
            "must differ from PORT; leave it unset to serve sockets on PORT",
        );
    }
    let others = [Some(port), config.ws.port];
    if ports_are_sound && metrics_port.is_some_and(|it| it != 0 && others.contains(&Some(it))) {
        from.fault(
            "METRICS_PORT",
            "must differ from PORT and WS_PORT; leave it unset to serve /metrics on PORT",
        );
    }
    let faults = from.finish();
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(Faults(faults))
    }
}

fn environment(from: &mut Reader) -> AppEnv {
    let words = [
        ("development", AppEnv::Development),
        ("staging", AppEnv::Staging),
        ("production", AppEnv::Production),
    ];
    from.choice("APP_ENV", &words).unwrap_or(AppEnv::Production)
}

fn http(from: &mut Reader) -> Http {
    Http {
        host: from.address("HOST"),
        port: from.integer("PORT"),
        workers: from.optional_integer("WORKERS"),
        metrics_port: from.optional_integer("METRICS_PORT"),
        cors_allowed_origins: from.origins("CORS_ALLOWED_ORIGINS"),
        trusted_proxies: from.integer("TRUSTED_PROXIES"),
        max_body_bytes: from.integer("MAX_BODY_BYTES"),
        body_timeout: from.duration("BODY_TIMEOUT"),
        head_timeout: from.duration("REQUEST_HEAD_TIMEOUT"),
        keep_alive: from.duration("KEEP_ALIVE"),
    }
}

fn transport(from: &mut Reader) -> Transport {
    let words = [
        ("actix", Transport::Actix),
        ("takeover", Transport::Takeover),
    ];
    from.choice("WS_TRANSPORT", &words).unwrap_or_default()
}

fn web_socket(from: &mut Reader) -> WebSocket {
    let ws = WebSocket {
        port: from.optional_integer("WS_PORT"),
        transport: transport(from),
        max_frame_bytes: from.integer("WS_MAX_FRAME_BYTES"),
        queue_bytes: from.integer("WS_QUEUE_BYTES"),
        ping_interval: from.duration("WS_PING_INTERVAL"),
        pong_timeout: from.duration("WS_PONG_TIMEOUT"),
        write_timeout: from.duration("WS_WRITE_TIMEOUT"),
        rooms_max: from.integer("WS_ROOMS_MAX"),
        expiry_warning: from.duration("WS_EXPIRY_WARNING"),
        bad_frames: from.integer("WS_BAD_FRAMES"),
        sockets_node: from.limit("WS_SOCKETS_NODE"),
        sockets_user: from.limit("WS_SOCKETS_USER"),
        sockets_address: from.limit("WS_SOCKETS_ADDRESS"),
        reconnect_spread: from.duration("RECONNECT_SPREAD"),
        typing_timeout: from.duration("TYPING_TIMEOUT"),
    };
    if from.are_sound(&["WS_PING_INTERVAL", "WS_PONG_TIMEOUT"])
        && ws.pong_timeout <= ws.ping_interval
    {
        from.fault("WS_PONG_TIMEOUT", "must be greater than WS_PING_INTERVAL");
    }
    if from.are_sound(&["WS_QUEUE_BYTES", "WS_ROOMS_MAX"])
        && ws.queue_bytes / WebSocket::QUEUE_BYTES_PER_ROOM < ws.rooms_max
    {
        let least = WebSocket::QUEUE_BYTES_PER_ROOM;
        let reason = format!("must be {least} for each of WS_ROOMS_MAX, or more");
        from.fault("WS_QUEUE_BYTES", &reason);
    }
    ws
}

fn auth(from: &mut Reader, environment: AppEnv, purpose: Purpose) -> Auth {
    let said = from.choice("GUESTS", &[("on", true), ("off", false)]);
    let guests = said.unwrap_or(environment == AppEnv::Development);
    if guests_slipped_in(environment, guests, from.was_said("GUESTS")) {
        from.fault("GUESTS", "are on in production only when GUESTS=on says so");
    }
    Auth {
        access_secret: access_secret(from, environment, purpose),
        access_ttl: from.duration("JWT_ACCESS_TTL"),
        refresh_ttl: from.duration("JWT_REFRESH_TTL"),
        issuer: from.text("JWT_ISSUER").unwrap_or_default(),
        audience: from.text("JWT_AUDIENCE").unwrap_or_default(),
        guests,
        guest_history: PageSize::parse(from.integer("GUEST_HISTORY")).unwrap_or(PageSize::MOST),
        hash_concurrency: from.integer("HASH_CONCURRENCY"),
        hash_queue: from.integer("HASH_QUEUE"),
    }
}

/// A guard against a later change of the default: nobody may come in unasked where people depend on it.
pub(super) fn guests_slipped_in(environment: AppEnv, guests: bool, said: bool) -> bool {
    environment == AppEnv::Production && guests && !said
}

fn access_secret(from: &mut Reader, environment: AppEnv, purpose: Purpose) -> Option<SecretString> {
    const NAME: &str = "JWT_ACCESS_SECRET";
    let secret = from.text(NAME);
    match &secret {
        Some(secret) if !secret.is_empty() && secret.len() < signing_secret::MIN_BYTES => {
            let reason = format!("must have at least {} bytes", signing_secret::MIN_BYTES);
            from.fault(NAME, &reason);
        }
        // An APP_ENV that is no word has a fault of its own; what it would have allowed is not known.
        None if purpose == Purpose::Serve
            && environment != AppEnv::Development
            && from.are_sound(&["APP_ENV", NAME]) =>
        {
            from.fault(NAME, "must be set, except where APP_ENV is development");
        }
        _ => {}
    }
    secret.map(SecretString::from)
}

fn delivery(from: &mut Reader) -> Delivery {
    Delivery {
        bus_capacity: from.integer("BUS_CAPACITY"),
        latency: from
            .choice("DELIVERY_LATENCY", &[("on", true), ("off", false)])
            .unwrap_or(true),
        feed_gap_wait: from.duration("FEED_GAP_WAIT"),
        feed_page: from.integer("FEED_PAGE"),
        feed_reads: from.integer("FEED_READS"),
        survey_batch: from.integer("FEED_SURVEY"),
        feed_retry: from.duration("FEED_RETRY"),
        resume_max_events: from.integer("RESUME_MAX_EVENTS"),
        sync_max_events: from.integer("SYNC_MAX_EVENTS"),
        sync_max_bytes: from.integer("SYNC_MAX_BYTES"),
        sync_max_rooms: from.integer("SYNC_MAX_ROOMS"),
        sync_at_once: from.integer("SYNC_AT_ONCE"),
        sync_queue: from.integer("SYNC_QUEUE"),
    }
}

fn streams(from: &mut Reader) -> Streams {
    Streams {
        lease: from.duration("STREAM_LEASE"),
        interval: from.duration("STREAM_INTERVAL"),
        per_user: from.integer("STREAMS_USER"),
    }
}

fn rates(from: &mut Reader) -> Rates {
    Rates {
        register_ip: from.rate("RATE_REGISTER_IP"),
        login_ip: from.rate("RATE_LOGIN_IP"),
        login_account: from.rate("RATE_LOGIN_ACCOUNT"),
        rest_user: from.rate("RATE_REST_USER"),
        messages_user: from.rate("RATE_MESSAGES_USER"),
        typing_user: from.rate("RATE_TYPING_USER"),
        streams_user: from.rate("RATE_STREAMS_USER"),
        guests_ip: from.rate("RATE_GUESTS_IP"),
        guest_rooms_ip: from.rate("RATE_GUEST_ROOMS_IP"),
        guest_messages_ip: from.rate("RATE_GUEST_MESSAGES_IP"),
        socket_frames: from.rate("RATE_SOCKET_FRAMES"),
    }
}

/// What a proxy needs to see that a node is not ready, if nobody says otherwise.
const NOTICE: Duration = Duration::from_secs(5);

fn shutdown(from: &mut Reader, environment: AppEnv, presence_linger: Duration) -> Shutdown {
    let said = from.optional_duration("DRAIN_NOTICE");
    let mut shutdown = Shutdown {
        grace: from.duration("SHUTDOWN_GRACE"),
        notice: said.unwrap_or_default(),
        drain_batch: from.integer("DRAIN_BATCH"),
        drain_interval: from.duration("DRAIN_INTERVAL"),
    };
    let serving = shutdown.until_cut_off(presence_linger);
    if said.is_none() && environment != AppEnv::Development {
        // Where the grace time is short, half of it is for what is then under way.
        let most = serving.saturating_sub(Shutdown::AFTER_NOTICE);
        shutdown.notice = NOTICE.min(serving / 2).min(most);
    }
    if !from.are_sound(&["DRAIN_NOTICE", "SHUTDOWN_GRACE", "PRESENCE_LINGER"]) {
        return shutdown;
    }
    let last_steps = Shutdown::LAST_STEPS.as_secs();
    if !shutdown.notice.is_zero() && shutdown.notice + Shutdown::AFTER_NOTICE > serving {
        let seconds = last_steps + Shutdown::AFTER_NOTICE.as_secs();
        let reason =
            format!("must be DRAIN_NOTICE, PRESENCE_LINGER and {seconds}s together, or more");
        from.fault("SHUTDOWN_GRACE", &reason);
    } else if serving.is_zero() && !shutdown.grace.is_zero() {
        let reason =
            format!("must be greater than PRESENCE_LINGER and {last_steps}s together, or 0s");
        from.fault("SHUTDOWN_GRACE", &reason);
    }
    shutdown
}

fn log(from: &mut Reader) -> Log {
    let levels = [
        ("debug", LogLevel::Debug),
        ("info", LogLevel::Info),
        ("warn", LogLevel::Warn),
        ("error", LogLevel::Error),
    ];
    let formats = [("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];
    Log {
        level: from.choice("LOG_LEVEL", &levels).unwrap_or(LogLevel::Info),
        format: from.choice("LOG_FORMAT", &formats),
    }
}

fn traces(from: &mut Reader) -> Option<Traces> {
    const NAME: &str = "OTLP_ENDPOINT";
    let one_in = from.integer("TRACE_ONE_IN");
    let base = from.text(NAME)?;
    let parsed = base.parse::<Uri>().ok().filter(|url| {
        let is_http = matches!(url.scheme_str(), Some("http" | "https"));
        let is_open = url.authority().is_some_and(|it| !it.as_str().contains('@'));
        is_http
            && is_open
            && url.host().is_some_and(|host| !host.is_empty())
            && url.query().is_none()
    });
    if parsed.is_none() {
        from.fault(
            NAME,
            "must be of the form http[s]://host[:port][/path], with no user: a key goes into \
             OTEL_EXPORTER_OTLP_HEADERS",
        );
    } else if !crate::traces::ARE_BUILT {
        let reason = "needs a binary that was built with traces: cargo build --features otlp";
        from.fault(NAME, reason);
    }
    Some(Traces {
        endpoint: format!("{}/v1/traces", base.trim_end_matches('/')),
        one_in,
    })
}

fn healthcheck_url(from: &mut Reader) -> Option<BaseUrl> {
    const NAME: &str = "CHATTERSTACK_URL";
    let url = BaseUrl::parse(&from.text(NAME)?);
    if url.is_none() {
        from.fault(NAME, "must be of the form http://host[:port]");
    }
    url
}
