use std::sync::Arc;

use domain::{
    StoreError, TRACED,
    ports::{Clock, EventBus, UserStore},
};
use tracing::instrument;

use super::revocation::tell_ended;
use crate::Caller;

/// Ends every log-in of the caller, this one too.
pub struct LogOutEverywhere {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why no log-in was ended.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogOutEverywhereError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LogOutEverywhere {
    /// Ends all log-ins that stand. One that is opened meanwhile may stay: it is a new one.
    ///
    /// # Errors
    /// [`LogOutEverywhereError`].
    #[instrument(target = TRACED, name = "LogOutEverywhere", skip_all)]
    pub async fn execute(&self, caller: Caller) -> Result<(), LogOutEverywhereError> {
        let now = self.clock.now();
        let ended = self.users.end_log_ins(caller.user_id, now).await?;
        tell_ended(&*self.bus, caller.user_id, ended).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
