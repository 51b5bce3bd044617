use std::time::Duration;

use crate::config::setting::{Group, Kind, Setting};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

pub(super) const FLEET: Group = Group {
    title: "Several nodes",
    tuning: true,
    settings: &[
        Setting::new(
            "REDIS_PREFIX",
            Kind::Text,
            "What the names of all keys and channels in Redis begin with. The same on every node; another one for \
             another installation on the same Redis.",
        )
        .or("chatterstack"),
        Setting::new(
            "REDIS_CA_FILE",
            Kind::File,
            "Authorities that vouch for Redis over TLS, in PEM. Unset: those of the system.",
        ),
        Setting::new(
            "REDIS_COMMAND_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: MINUTE },
            "Time that one command to Redis may take. Then the node goes on without it.",
        )
        .or("1s"),
        Setting::new(
            "REDIS_CONNECT_TIMEOUT",
            Kind::Duration { min: Duration::from_millis(10), max: MINUTE },
            "Time that a connection to Redis may take to be made. Then it is tried again.",
        )
        .or("2s"),
        Setting::new(
            "BUS_HEARTBEAT",
            Kind::Duration { min: Duration::from_millis(10), max: MINUTE },
            "Pause between two heartbeats that a node sends itself through Redis. They show that hints arrive.",
        )
        .or("1s"),
        Setting::new(
            "BUS_SILENCE",
            Kind::Duration { min: Duration::from_millis(20), max: Duration::from_secs(600) },
            "Time without a heartbeat after which hints count as lost. The node then asks the database. Greater than \
             BUS_HEARTBEAT.",
        )
        .or("3s"),
        Setting::new(
            "BUS_POLL_INTERVAL",
            Kind::Duration { min: Duration::from_millis(10), max: MINUTE },
            "Pause between two looks at the database for missed events while Redis is away. Jittered.",
        )
        .or("1s"),
        Setting::new(
            "BUS_AUDIT_INTERVAL",
            Kind::Duration { min: Duration::from_millis(10), max: HOUR },
            "Pause between two such looks while all seems well, on one node with Postgres too. They find what was lost \
             unnoticed: what a node committed that was cut off from Redis alone, or that could not be answered. With 2s a log-out \
             closes the sockets of every node within 5s, whatever is lost. Jittered by a half.",
        )
        .or("2s"),
        Setting::new(
            "BUS_QUEUE",
            Kind::Integer { min: 1, max: 1_048_576 },
            "Hints that may wait for Redis. Beyond that they are dropped, and the other nodes read the log.",
        )
        .or("8192"),
        Setting::new(
            "RATE_REDIS_WAIT",
            Kind::Duration { min: Duration::from_millis(1), max: MINUTE },
            "Time that a request waits for its rate limit to be counted over all nodes. Then, and for a second more, it \
             is counted on its node alone.",
        )
        .or("250ms"),
        Setting::new(
            "STATS_INTERVAL",
            Kind::Duration { min: Duration::from_millis(100), max: MINUTE },
            "Pause between two reports of a node on how it does, for the others. One of which nothing was heard for five such \
             pauses is not counted any more.",
        )
        .or("1s"),
        Setting::new(
            "PRESENCE_LEASE",
            Kind::Duration { min: Duration::from_millis(100), max: HOUR },
            "Time after which the sockets of a node that died count no more. Renewed a few times within it. The same on every \
             node.",
        )
        .or("30s"),
        Setting::new(
            "PRESENCE_LINGER",
            Kind::Duration { min: Duration::ZERO, max: MINUTE },
            "Time for which a user whose last socket closed still counts as there. Who comes back within it never left.",
        )
        .or("1s"),
        Setting::new(
            "CACHE_TTL",
            Kind::Duration { min: Duration::from_millis(1), max: HOUR },
            "Time for which a node remembers users, rooms and memberships. Changes end it at once, unless Redis loses \
             the word of them; writes always ask the database.",
        )
        .or("5s"),
        Setting::new(
            "CACHE_ENTRIES",
            Kind::Integer { min: 0, max: 10_000_000 },
            "Users, rooms and memberships that a node remembers, of each kind. 0: none, every read asks the database.",
        )
        .or("100000"),
    ],
};
