use std::time::Duration;

use crate::config::setting::{Group, Kind, Setting};

pub(super) const STREAMS: Group = Group {
    title: "Streams",
    tuning: true,
    settings: &[
        Setting::new(
            "STREAM_LEASE",
            Kind::Duration { min: Duration::from_millis(300), max: Duration::from_secs(3_600) },
            "Time for which a stream is kept whose author is lost. Then it is sent as it is, marked as interrupted, or \
             dropped, as was asked at its start; within a sixth of that time more. The same on every node.",
        )
        .or("30s"),
        Setting::new(
            "STREAM_INTERVAL",
            Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(10) },
            "Pause between two deltas of a stream, told together. The first comes at once, and so does the end.",
        )
        .or("50ms"),
        Setting::new(
            "STREAMS_USER",
            Kind::Integer { min: 1, max: 1_000 },
            "Streams that one user writes at once.",
        )
        .or("8"),
    ],
};
