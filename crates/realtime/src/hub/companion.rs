use std::sync::Arc;

use tokio::sync::oneshot;

use super::handle::Shared;

/// What the sockets of the hub leave behind, and who is there.
pub struct HubCompanion {
    pub(super) shared: Arc<Shared>,
    /// Closed when the rounds have ended, or were dropped.
    pub(super) ended: oneshot::Receiver<()>,
}

impl HubCompanion {
    /// Works until the rounds have ended, and their last sockets have left.
    pub async fn run(self) {
        let presence = &self.shared.presence;
        let all = async {
            // Nobody says more than that it is over.
            let _ = self.ended.await;
            presence.settle_all().await;
        };
        tokio::select! {
            () = all => {}
            () = presence.run() => {}
        }
    }
}
