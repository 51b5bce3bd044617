use std::time::Duration;

use crate::config::setting::{Group, Kind, Secrecy, Setting};

const DAY: Duration = Duration::from_secs(86_400);

pub(super) const ACCOUNTS: Group = Group {
    title: "Accounts",
    tuning: false,
    settings: &[
        Setting::new(
            "JWT_ACCESS_SECRET",
            Kind::Text,
            "Secret that signs access tokens. At least 32 bytes, the same on every node. Unset in development: a \
             random one is made and kept, with SQLite in DATA_DIR/jwt_secret, readable by the owner alone, with \
             Postgres in the database, for all nodes; in staging and production the server refuses to start.",
        )
        .shown(Secrecy::Secret),
        Setting::new(
            "JWT_ACCESS_TTL",
            Kind::Duration { min: Duration::from_millis(1), max: DAY },
            "Time for which an access token is good. It is refused at once when its log-in ends.",
        )
        .or("15m"),
        Setting::new(
            "JWT_REFRESH_TTL",
            Kind::Duration { min: Duration::from_millis(1), max: DAY.saturating_mul(365) },
            "Time for which a refresh token is good. Each use of one gives a new one with the whole time.",
        )
        .or("168h"),
        Setting::new("JWT_ISSUER", Kind::Text, "The iss of access tokens. Tokens of another issuer are refused.")
            .or("chatterstack"),
        Setting::new("JWT_AUDIENCE", Kind::Text, "The aud of access tokens. Tokens for another audience are refused.")
            .or("chatterstack"),
        Setting::new(
            "GUESTS",
            Kind::Switch,
            "Whether guests may come into public rooms that allow it. Unset: on in development, off otherwise. Guests have \
             no account; they speak the dialects \"flat\" and \"stream\".",
        ),
        Setting::new(
            "GUEST_HISTORY",
            Kind::Integer { min: 1, max: 200 },
            "Messages that are replayed to a guest who comes into a room.",
        )
        .or("50"),
    ],
};

pub(super) const PASSWORDS: Group = Group {
    title: "Password hashing",
    tuning: true,
    settings: &[
        Setting::new(
            "HASH_CONCURRENCY",
            Kind::Integer { min: 1, max: 64 },
            "Passwords that are hashed at once. Each takes a thread and about 19 MiB for as long as it lasts.",
        )
        .or("2"),
        Setting::new(
            "HASH_QUEUE",
            Kind::Integer { min: 0, max: 10_000 },
            "Passwords that may wait to be hashed. Beyond that, 503 with Retry-After.",
        )
        .or("64"),
    ],
};
