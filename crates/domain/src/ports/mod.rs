//! What the outside must fulfil. A MUST is a test in `testkit::contract`, which every adapter passes.
//!
//! A method is the atomic unit: all that it changes is committed together, or nothing is. An error other than
//! [`StoreError::Unavailable`](crate::StoreError) means that nothing was changed.

mod activity;
mod bus;
mod credentials;
mod limits;
mod live_stats;
mod live_streams;
mod log;
mod members;
mod messages;
mod presence;
mod rooms;
mod sessions;
mod system;
mod traces;
mod users;

pub use activity::ActivityStore;
pub use bus::{BusDelivery, BusHealth, BusSubscription, EventBus, Following};
pub use credentials::{AccessTokens, HashError, PasswordHasher, TokenError};
pub use limits::{Allowance, Quota, RateLimiter};
pub use live_stats::{CommitCounts, LiveStats};
pub use live_streams::LiveStreams;
pub use log::{Appended, NewMessage, RoomLog};
pub use members::{Departure, MemberStore, NewMember};
pub use messages::{MessagePage, MessageStore, Receipt};
pub use presence::{Presence, PresenceChange, Present};
pub use rooms::{NewRoom, OpenedRoom, RoomStore};
pub use sessions::{Arrival, NewSession, Rotation, SessionStore};
pub use system::{Clock, IdSource, Probe, Randomness};
pub use traces::{Traces, Untraced};
pub use users::UserStore;

#[cfg(feature = "mock")]
pub use self::{
    activity::MockActivityStore,
    bus::MockEventBus,
    credentials::{MockAccessTokens, MockPasswordHasher},
    limits::MockRateLimiter,
    live_stats::MockLiveStats,
    live_streams::MockLiveStreams,
    log::MockRoomLog,
    members::MockMemberStore,
    messages::MockMessageStore,
    presence::MockPresence,
    rooms::MockRoomStore,
    sessions::MockSessionStore,
    system::{MockClock, MockIdSource, MockProbe, MockRandomness},
    users::MockUserStore,
};
