//! How much is said where, by whom and when. Admins ask of all rooms, the owner of a room of theirs.

mod access;
mod active_users;
mod count_activity;
mod guest_overview;
mod live_overview;
mod messages_over_time;
mod overview;
mod room_report;
mod top;

#[cfg(test)]
mod sample;

pub use access::AnalyticsError;
pub use active_users::{ActiveUsers, ActiveUsersReport, Window};
pub use count_activity::CountActivity;
pub use guest_overview::{GuestOverview, GuestOverviewReport};
pub use live_overview::{LiveOverview, LiveReport};
pub use messages_over_time::{MessagesOverTime, MessagesOverTimeInput};
pub use overview::{Overview, OverviewReport};
pub use room_report::{RoomReport, RoomReportAnswer};
pub use top::{Top, TopInput};

use std::sync::Arc;

use self::access::Analyst;
use crate::Ports;

/// What somebody can ask about activity.
#[expect(
    missing_docs,
    reason = "each field is the use case that its type names"
)]
pub struct AnalyticsUseCases {
    pub count: CountActivity,
    pub overview: Overview,
    pub messages: MessagesOverTime,
    pub active_users: ActiveUsers,
    pub top: Top,
    pub room: RoomReport,
    pub live: LiveOverview,
    pub guests: GuestOverview,
}

impl AnalyticsUseCases {
    /// Wires each to its ports.
    pub(crate) fn new(ports: &Ports) -> Self {
        let p = ports.clone();
        let count = CountActivity {
            activity: p.activity.clone(),
        };
        let analyst = Arc::new(Analyst {
            users: p.users,
            rooms: p.rooms,
            activity: p.activity,
            clock: p.clock,
            count: count.clone(),
        });
        Self {
            count,
            overview: Overview(analyst.clone()),
            messages: MessagesOverTime(analyst.clone()),
            active_users: ActiveUsers(analyst.clone()),
            top: Top(analyst.clone()),
            room: RoomReport(analyst.clone()),
            live: LiveOverview {
                analyst: analyst.clone(),
                live: p.live_stats.clone(),
            },
            guests: GuestOverview {
                analyst,
                live: p.live_stats,
                members: p.members,
                presence: p.presence,
            },
        }
    }
}
