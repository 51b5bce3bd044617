use std::time::Duration;

use crate::config::setting::{Group, Kind, Setting};

pub(super) const SOCKETS: Group = Group {
    title: "Sockets",
    tuning: true,
    settings: &[
        Setting::new(
            "WS_TRANSPORT",
            Kind::Choice(&["actix", "takeover"]),
            "How a connection becomes a socket. actix: the framework keeps it, and reads it. takeover: the framework lets go of \
             it at the upgrade, which takes less memory for a socket and less time for a frame. Clients see no difference.",
        )
        .or("actix"),
        Setting::new(
            "WS_MAX_FRAME_BYTES",
            Kind::Integer { min: 1_024, max: 16_777_216 },
            "Bytes of a client's largest frame, and of its largest whole message. A larger one closes with 1009.",
        )
        .or("262144"),
        Setting::new(
            "WS_QUEUE_BYTES",
            Kind::Integer { min: 4_096, max: 268_435_456 },
            "Bytes that may wait to be sent to one socket. The last 16 KiB that were written to it are not counted. A peer that \
             is further behind is closed and resumes; keep it well above MAX_BODY_BYTES. At least 512 for each of WS_ROOMS_MAX.",
        )
        .or("1048576"),
        Setting::new(
            "WS_PING_INTERVAL",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(600) },
            "Pause between two pings of the server. Keep it well below the idle time-out of every proxy in front.",
        )
        .or("12s"),
        Setting::new(
            "WS_PONG_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(20), max: Duration::from_secs(3_600) },
            "Time after which a peer that has sent nothing at all, no pong either, is closed. Greater than WS_PING_INTERVAL.",
        )
        .or("25s"),
        Setting::new(
            "WS_WRITE_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(600) },
            "Time that one write to a peer that does not read may take. Then the socket is closed.",
        )
        .or("15s"),
        Setting::new(
            "WS_ROOMS_MAX",
            Kind::Integer { min: 1, max: 100_000 },
            "Rooms that one socket names at most. One that names none follows every room of its user.",
        )
        .or("1000"),
        Setting::new(
            "WS_EXPIRY_WARNING",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(3_600) },
            "Time before its access token expires at which a socket is warned. At half of the token's life, where that is \
             later. Without a new token the socket is closed.",
        )
        .or("60s"),
        Setting::new(
            "WS_BAD_FRAMES",
            Kind::Integer { min: 1, max: 1_000_000 },
            "Frames in a row that are not of the protocol, after which a socket is closed.",
        )
        .or("16"),
        Setting::new(
            "WS_SOCKETS_NODE",
            Kind::Limit { min: 1, max: 1_000_000 },
            "Sockets that this node takes, with those that are being opened. Beyond that they are refused with 503. Each needs \
             an open file: a node whose soft limit (ulimit -n) is lower than this and 256 more warns of it when it starts.",
        )
        .or("16000"),
        Setting::new(
            "WS_SOCKETS_USER",
            Kind::Limit { min: 1, max: 1_000_000 },
            "Sockets that one user may have on a node. Beyond that they are refused with 503, unless one of them has been \
             silent for one and a half WS_PING_INTERVAL: that one is closed with 4409.",
        )
        .or("50"),
        Setting::new(
            "WS_SOCKETS_ADDRESS",
            Kind::Limit { min: 1, max: 1_000_000 },
            "Sockets that one address may have on a node; an IPv6 address counts by its /64. Behind a proxy set \
             TRUSTED_PROXIES as well, or all clients count as one. Beyond that they are refused with 503.",
        )
        .or("2000"),
        Setting::new(
            "RECONNECT_SPREAD",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(600) },
            "Time over which the clients of a node that goes away come back. Each is told a random part of it; one that is \
             refused because a node is full waits such a part longer.",
        )
        .or("5s"),
        Setting::new(
            "TYPING_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(300) },
            "Time after which a typer who fell silent counts as having stopped.",
        )
        .or("6s"),
    ],
};

pub(super) const DELIVERY: Group = Group {
    title: "Delivery of events",
    tuning: true,
    settings: &[
        Setting::new(
            "BUS_CAPACITY",
            Kind::Integer { min: 16, max: 1_048_576 },
            "Events that the in-process bus holds for a slow listener. Beyond these, whoever sends waits.",
        )
        .or("4096"),
        Setting::new(
            "DELIVERY_LATENCY",
            Kind::Choice(&["on", "off"]),
            "Whether this node tells how long events take to its sockets. off: none is timed, and /metrics and analytics tell \
             of it as of a node that delivers nothing.",
        )
        .or("on"),
        Setting::new(
            "FEED_GAP_WAIT",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(10) },
            "Time that a room feed waits for a missing event. Then it reads the log.",
        )
        .or("5ms"),
        Setting::new(
            "FEED_PAGE",
            Kind::Integer { min: 1, max: 10_000 },
            "Events that one read of the log takes at most.",
        )
        .or("500"),
        Setting::new(
            "FEED_READS",
            Kind::Integer { min: 1, max: 64 },
            "Reads of the log that feeds have under way at once. Up to four questions after a loss come on top; keep the \
             sum below DB_READERS or DB_POOL, so that requests are served meanwhile.",
        )
        .or("2"),
        Setting::new(
            "FEED_SURVEY",
            Kind::Integer { min: 1, max: 10_000 },
            "Rooms, log-ins or users that one query asks about when hints may have been lost.",
        )
        .or("500"),
        Setting::new(
            "FEED_RETRY",
            Kind::Duration { min: Duration::from_millis(10), max: Duration::from_secs(60) },
            "Time that a room feed waits after a read of the log that failed. Then it reads again.",
        )
        .or("500ms"),
        Setting::new(
            "RESUME_MAX_EVENTS",
            Kind::Integer { min: 1, max: 100_000 },
            "Events of one room that a client which was away is told at most. One that missed more reads the room anew.",
        )
        .or("1000"),
        Setting::new(
            "SYNC_MAX_EVENTS",
            Kind::Integer { min: 1, max: 100_000 },
            "Events of all rooms that one answer of /v1/sync tells at most. The next one goes on. A room that has more by \
             itself, up to RESUME_MAX_EVENTS, is not split.",
        )
        .or("2000"),
        Setting::new(
            "SYNC_MAX_BYTES",
            Kind::Integer { min: 1_024, max: 268_435_456 },
            "Bytes of events in one answer of /v1/sync or of a room's log, by estimate. The next one goes on. In a sync, a \
             room that has more by itself is read anew.",
        )
        .or("4194304"),
        Setting::new(
            "SYNC_MAX_ROOMS",
            Kind::Integer { min: 1, max: 100_000 },
            "Rooms that a cursor of /v1/sync holds at most. Others count as new in every answer. Each is some 25 bytes of \
             the body of a call: see MAX_BODY_BYTES.",
        )
        .or("10000"),
        Setting::new(
            "SYNC_AT_ONCE",
            Kind::Integer { min: 1, max: 64 },
            "Calls of /v1/sync that this node works on at once. Each may hold SYNC_MAX_BYTES several times over.",
        )
        .or("2"),
        Setting::new(
            "SYNC_QUEUE",
            Kind::Integer { min: 0, max: 10_000 },
            "Calls of /v1/sync that may wait for their turn. Beyond that, 503 with Retry-After.",
        )
        .or("64"),
    ],
};
