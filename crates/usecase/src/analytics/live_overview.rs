use std::sync::Arc;

use domain::{FleetStats, NodeStats, StoreError, StoreResult, TRACED, ports::LiveStats};
use tracing::instrument;

use super::{AnalyticsError, access::Analyst};
use crate::Caller;

/// Tells how all nodes do now.
pub struct LiveOverview {
    pub(crate) analyst: Arc<Analyst>,
    pub(crate) live: Arc<dyn LiveStats>,
}

/// How all nodes do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveReport {
    /// What they count.
    pub fleet: FleetStats,
    /// The messages of the last whole minute, as far as they are counted yet.
    pub messages_last_minute: u64,
}

impl LiveOverview {
    /// For admins: what the nodes count. `here` is what this one counts now; of the others, what they said last is told.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    pub async fn nodes(
        &self,
        caller: Caller,
        here: NodeStats,
    ) -> Result<FleetStats, AnalyticsError> {
        self.analyst.allow(caller, None).await?;
        Ok(fleet(&*self.live, here).await?)
    }

    /// As [`nodes`](Self::nodes), with how much is said.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "LiveOverview", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        here: NodeStats,
    ) -> Result<LiveReport, AnalyticsError> {
        let fleet = self.nodes(caller, here).await?;
        let analyst = &self.analyst;
        // The second one is the one that lasts.
        let minutes = analyst.by_minute(analyst.clock.now(), 2).await?;
        Ok(LiveReport {
            fleet,
            messages_last_minute: minutes[0],
        })
    }
}

/// This node and all others. While these cannot be asked, this one counts alone.
pub(super) async fn fleet(live: &dyn LiveStats, here: NodeStats) -> StoreResult<FleetStats> {
    let others = match live.all().await {
        Ok(all) => all,
        Err(StoreError::Unavailable(reason)) => {
            tracing::debug!(%reason, "the other nodes are not counted");
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let node_id = here.node_id;
    let mut fleet = FleetStats::from(here);
    for other in others.into_iter().filter(|it| it.node_id != node_id) {
        fleet.merge(other);
    }
    Ok(fleet)
}

#[cfg(test)]
mod tests;
