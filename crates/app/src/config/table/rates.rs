use crate::config::setting::{Group, Kind, Setting};

pub(super) const RATES: Group = Group {
    title: "Rate limits",
    tuning: true,
    settings: &[
        Setting::new(
            "RATE_REGISTER_IP",
            Kind::Rate,
            "Accounts that one address may make. Stops whoever fills the database with accounts.",
        )
        .or("60/1m"),
        Setting::new(
            "RATE_LOGIN_IP",
            Kind::Rate,
            "Log-ins and renewed tokens of one address. Stops whoever tries passwords on many accounts, and has room \
             for an office behind one address.",
        )
        .or("300/1m"),
        Setting::new(
            "RATE_LOGIN_ACCOUNT",
            Kind::Rate,
            "Log-ins to one account, from any address, whether it exists or not. Stops whoever tries passwords on one \
             account; those who are logged in already stay so.",
        )
        .or("10/1m"),
        Setting::new(
            "RATE_REST_USER",
            Kind::Rate,
            "REST calls and opened sockets of one user. Stops a client that has run wild.",
        )
        .or("3000/1m"),
        Setting::new(
            "RATE_MESSAGES_USER",
            Kind::Rate,
            "Messages that one user sends, over REST and sockets together. Stops whoever drowns a room.",
        )
        .or("300/10s"),
        Setting::new(
            "RATE_TYPING_USER",
            Kind::Rate,
            "Times that one user begins or stops typing. Stops a client that tells of every key.",
        )
        .or("60/10s"),
        Setting::new(
            "RATE_STREAMS_USER",
            Kind::Rate,
            "Writes to streams of one user, over REST and sockets together. Leaves room for a token at a time.",
        )
        .or("1000/10s"),
        Setting::new(
            "RATE_GUESTS_IP",
            Kind::Rate,
            "Guests coming in, and what they ask over REST, for each address. Guests of one proxy or school share it.",
        )
        .or("600/1m"),
        Setting::new(
            "RATE_GUEST_ROOMS_IP",
            Kind::Rate,
            "Rooms that guests make by asking for them, for each address. Nobody takes such a room away again.",
        )
        .or("60/1h"),
        Setting::new(
            "RATE_GUEST_MESSAGES_IP",
            Kind::Rate,
            "Messages and names of guests, for each address. Beside RATE_MESSAGES_USER: a guest is whoever they say.",
        )
        .or("3000/10s"),
        Setting::new(
            "RATE_SOCKET_FRAMES",
            Kind::Rate,
            "Frames that one socket may send, of any kind. Counted on its node alone; beyond that it is closed with \
             4429.",
        )
        .or("1000/10s"),
    ],
};
