use std::time::Duration;

use crate::config::setting::{Group, Kind, Setting};

pub(super) const SERVER: Group = Group {
    title: "Server",
    tuning: false,
    settings: &[
        Setting::new(
            "APP_ENV",
            Kind::Choice(&["development", "staging", "production"]),
            "What kind of installation this is. In development a signing secret is made when none is given; \
             staging and production refuse to start without a secret.",
        )
        .or("development"),
        Setting::new("HOST", Kind::Address, "Address to listen on. 0.0.0.0 and :: stand for every address.")
            .or("0.0.0.0"),
        Setting::new(
            "PORT",
            Kind::Integer { min: 0, max: 65_535 },
            "Port to listen on. 0 takes any free one, which the log line \"listening\" names.",
        )
        .or("8080")
        .alias("HTTP_PORT"),
        Setting::new(
            "WORKERS",
            Kind::Integer { min: 1, max: 512 },
            "Threads of each listener. Unset: as many as the node has processors. With 1 what is told to sockets is written by \
             the thread that reads them, which takes least of one processor.",
        ),
        Setting::new(
            "METRICS_PORT",
            Kind::Integer { min: 0, max: 65_535 },
            "Port of a listener for /metrics alone, which PORT does not serve then. Unset: on PORT. 0 takes any free one. Set it \
             where PORT is open to the world: /metrics asks for no token.",
        ),
        Setting::new(
            "WS_PORT",
            Kind::Integer { min: 0, max: 65_535 },
            "Port of a second listener, for /ws alone. Unset: sockets are served on PORT. 0 takes any free one. A proxy in \
             front must then send /ws here: the web page asks its own address for it.",
        ),
        Setting::new(
            "CORS_ALLOWED_ORIGINS",
            Kind::Origins,
            "Web origins whose pages may call the API and open sockets. Compared exactly: no path and no *. Unset: \
             only pages that this server itself serves.",
        ),
        Setting::new(
            "TRUSTED_PROXIES",
            Kind::Integer { min: 0, max: 16 },
            "Number of proxies in front, whose X-Forwarded-For entries are believed. 0: the address of the peer is \
             the address of the client. Too high a number lets clients forge their address.",
        )
        .or("0"),
        Setting::new(
            "CHATTERSTACK_URL",
            Kind::Url,
            "Where the command healthcheck finds the server. Of the form http://host[:port]. Unset: HOST and PORT, \
             with 127.0.0.1 for 0.0.0.0 and ::1 for ::.",
        ),
    ],
};

pub(super) const LOGS: Group = Group {
    title: "Logs",
    tuning: false,
    settings: &[
        Setting::new(
            "LOG_LEVEL",
            Kind::Choice(&["debug", "info", "warn", "error"]),
            "Least weight of the events that are logged. Logs go to standard error. The libraries underneath are \
             logged from warn on.",
        )
        .or("info"),
        Setting::new(
            "LOG_FORMAT",
            Kind::Choice(&["pretty", "json"]),
            "How an event is written. json is one object a line. Unset: pretty on a terminal, json otherwise.",
        ),
    ],
};

pub(super) const TRACES: Group = Group {
    title: "Traces",
    tuning: true,
    settings: &[
        Setting::new(
            "OTLP_ENDPOINT",
            Kind::Url,
            "Collector of OpenTelemetry that traces are sent to, over OTLP/HTTP. Its base, of the form \
             http[s]://host[:port][/path]; traces go to /v1/traces below it. Unset: nothing is recorded. For a binary that \
             was built with --features otlp. The exporter itself takes OTEL_EXPORTER_OTLP_HEADERS, \
             OTEL_EXPORTER_OTLP_TIMEOUT and OTEL_BSP_* from the environment: see docs/TRACES.md.",
        )
        .alias("OTEL_EXPORTER_OTLP_ENDPOINT"),
        Setting::new(
            "TRACE_ONE_IN",
            Kind::Integer { min: 1, max: 1_000_000 },
            "Of how many traces that begin here one is recorded, by chance. Requests whose traceparent says that they are \
             recorded always are.",
        )
        .or("1"),
    ],
};

pub(super) const REQUESTS: Group = Group {
    title: "Requests",
    tuning: true,
    settings: &[
        Setting::new(
            "MAX_BODY_BYTES",
            Kind::Integer { min: 1_024, max: 16_777_216 },
            "Bytes that a request body may have. A larger one is refused with 413.",
        )
        .or("262144"),
        Setting::new(
            "BODY_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(600) },
            "Time that a request body may take to arrive. A slower one is refused with 408.",
        )
        .or("10s"),
        Setting::new(
            "REQUEST_HEAD_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(300) },
            "Time that the request line and headers may take to arrive. Slower ones are refused with 408.",
        )
        .or("5s"),
        Setting::new(
            "KEEP_ALIVE",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(3_600) },
            "Time that a connection without a request stays open. Keep it above that of every balancer in front (60s of most), which \
             else sends a request just as the node closes, and answers 502.",
        )
        .or("75s"),
    ],
};

pub(super) const ANALYTICS: Group = Group {
    title: "Analytics",
    tuning: true,
    settings: &[
        Setting::new(
            "ANALYTICS_INTERVAL",
            Kind::Duration { min: Duration::from_millis(100), max: Duration::from_secs(3_600) },
            "Pause between two counts of what was said. Each question of analytics counts first, so this is for what nobody \
             asks about for long.",
        )
        .or("10s"),
    ],
};

pub(super) const SHUTDOWN: Group = Group {
    title: "Shutdown",
    tuning: true,
    settings: &[
        Setting::new(
            "SHUTDOWN_GRACE",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(3_600) },
            "Time from SIGTERM until the process has ended, whatever is still running. PRESENCE_LINGER and a second at its end \
             are kept for the way out of the node itself, so it must be greater than both. Keep it below the time after which \
             the platform kills the process. A second signal cuts it short. 0s: the process ends at once, and tells nobody.",
        )
        .or("30s"),
        Setting::new(
            "DRAIN_NOTICE",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(600) },
            "Time after SIGTERM for which requests and sockets are still served. /health/ready says 503 meanwhile. Longer than \
             a proxy needs to see that, so that it sends no request to a listener that has closed, and no client back to this \
             node. SHUTDOWN_GRACE must leave a second after it for what is then under way. Unset: 0s where APP_ENV is \
             development, else 5s, or less where SHUTDOWN_GRACE is short.",
        ),
        Setting::new(
            "DRAIN_BATCH",
            Kind::Integer { min: 1, max: 100_000 },
            "Sockets that are told of the shutdown in one step, once DRAIN_NOTICE is over. Each is closed with 1012.",
        )
        .or("100"),
        Setting::new(
            "DRAIN_INTERVAL",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(10) },
            "Mean pause between two such steps. Jittered, so that clients do not come back all at once.",
        )
        .or("50ms"),
    ],
};
