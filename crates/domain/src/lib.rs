#![doc = include_str!("../README.md")]

mod activity;
mod bus_event;
mod error;
mod ids;
mod live_stream;
mod message;
mod node_stats;
mod reaction;
mod resumption;
mod room;
mod room_event;
mod session;
mod trace;
mod user;

pub mod ports;
pub mod values;

pub use activity::{ActivityPoint, HourActivity, Interval, RoomActivity, Span, UserActivity};
pub use bus_event::{BusEvent, ReceiptKind, RemovalReason};
pub use error::{Conflict, StoreError, StoreResult};
pub use ids::{
    ConnectionId, IdMap, IdSet, InvalidId, MessageId, NodeId, RoomId, Seq, SessionId, StreamId,
    UserId,
};
pub use live_stream::{
    LiveStream, ShownStream, Splice, StreamEnd, StreamKind, StreamState, WhenLost, WriteRefused,
    common_start,
};
pub use message::{Attachment, Message, MessageDraft, MessageStatus};
pub use node_stats::{CommitStats, Distribution, FleetStats, NodeStats, SocketStats, UserCount};
pub use reaction::{Reaction, ReactionChange, ReactionCount};
pub use resumption::{Missed, Resumption};
pub use room::{Member, Role, Room, RoomSnapshot, Visibility, direct_room_name};
pub use room_event::{RoomEvent, RoomEventKind};
pub use session::{AccessClaims, PasswordHash, RefreshTokenHash, Session};
pub use trace::{InvalidTraceParent, TRACE_PARENT_FIELD, TRACED, TraceParent};
pub use user::{User, UserStatus};

/// A point in time in UTC. Adapters keep microseconds; [`ports::Clock`] hands out no finer ones.
pub use jiff::Timestamp;
