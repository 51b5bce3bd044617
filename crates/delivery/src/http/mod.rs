//! REST.

mod body;
mod caller;
mod cookies;
mod cors;
mod farewell;
mod finish;
mod guests;
mod json;
mod origin;
mod router;
mod run_to_end;

mod analytics;
mod auth;
mod events;
mod health;
mod history;
mod members;
mod messages;
mod metrics;
mod reactions;
mod rooms;
mod stream_events;
mod streams;
mod sync;
mod users;

mod openapi;

pub use cors::cors;
pub use farewell::farewell;
pub use finish::finish;
pub use openapi::document as openapi;
pub use router::{health_routes, metrics_route, routes, socket_route, stream_route};
pub use sync::Turns as SyncTurns;

pub(crate) use analytics::live::LiveBody;
pub(crate) use caller::{access_token, header_token};
pub(crate) use guests::guests_may_come;
pub(crate) use messages::parse_attachments;
pub(crate) use origin::origin_is_allowed;
pub(crate) use run_to_end::{changes_under_way, run_to_end};
