use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::{OpenError, link};

/// How Redis is reached and used. The usual bounds are those of [`RedisOptions::new`].
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// Where it is, with user and password:
    ///
    /// - `redis://[[user:]password@]host[:6379][/database]`, and `rediss://` for TLS;
    /// - `redis-cluster://host[:6379][?node=host:port&node=…]`, and `rediss-cluster://`;
    /// - `redis-sentinel://host[:26379][/database]?sentinelServiceName=name[&node=host:port]`, with
    ///   `sentinelUsername` and `sentinelPassword` where the sentinels ask for them, and `rediss-sentinel://`;
    /// - `redis+unix:///path/to/socket`.
    ///
    /// `valkey` may stand for `redis`. A character that means something in a URL is written in percent. An ACL user
    /// needs the keys `~<prefix>:*`, the channels `&<prefix>:*`, and the commands of the features that are used.
    pub url: SecretString,
    /// A PEM file with the authorities to trust instead of those of the system, for TLS; none unless set.
    pub authorities: Option<PathBuf>,
    /// What keys and channels begin with; `chatterstack`. Fleets that share a server need one each, also when their
    /// databases differ: channels know no databases.
    pub prefix: String,
    /// How long an answer of Redis is waited for; 1 s.
    pub command_timeout: Duration,
    /// How long a connection may take, TLS included; 2 s.
    pub connect_timeout: Duration,
    /// The longest pause between two tries to connect; 1 s. The first is a twentieth of it.
    pub reconnect_pause: Duration,
    /// How often the node says through pub/sub that it lives, to hear it itself; 1 s.
    pub heartbeat: Duration,
    /// After how long without hearing itself the node takes the others for unreachable; 3 s. It should be a few
    /// heartbeats.
    pub silence: Duration,
    /// How often subscribers are sent to the database while the others are unreachable; 1 s, spread by half.
    pub poll: Duration,
    /// How often subscribers are sent to the database although nothing is known to be wrong; 30 s, spread by half.
    /// Pub/sub promises nothing: a server may drop a subscriber's messages without a word.
    pub audit: Duration,
    /// How many events may wait for Redis; 8,192. One more is not published: the other nodes are told later that they
    /// missed something.
    pub outgoing: usize,
    /// How many events are on their way to Redis at once; 256.
    pub under_way: usize,
    /// Of how many rooms it is remembered that the others missed something; 1,024. When there are more, the others are
    /// told to look after all rooms.
    pub owed_rooms: usize,
    /// How many messages of other nodes may wait to be decoded; 4,096. When there are more, the oldest are dropped,
    /// and the subscribers are told so.
    pub incoming: usize,
    /// How many events may wait for each subscriber of this node; 1,024. Whoever publishes waits for a place.
    pub backlog: usize,
}

impl RedisOptions {
    /// This server, with the usual bounds.
    #[must_use]
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            authorities: None,
            prefix: "chatterstack".into(),
            command_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(2),
            reconnect_pause: Duration::from_secs(1),
            heartbeat: Duration::from_secs(1),
            silence: Duration::from_secs(3),
            poll: Duration::from_secs(1),
            audit: Duration::from_secs(30),
            outgoing: 8_192,
            under_way: 256,
            owed_rooms: 1_024,
            incoming: 4_096,
            backlog: 1_024,
        }
    }

    /// Whether [`RedisLink::open`](super::RedisLink::open) would take them: the URL, the prefix, and for TLS the file of
    /// the authorities, or those of the system, which are read. Redis is not asked, and no runtime is needed.
    ///
    /// # Errors
    /// What `open` would answer.
    pub fn check(&self) -> Result<(), OpenError> {
        link::prepare(self).map(|_| ())
    }
}
