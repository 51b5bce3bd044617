use std::time::Duration;

use domain::{StoreError, StoreResult};
use fred::types::{FromValue, Value, scripts::Script};

use super::RedisLink;

impl RedisLink {
    /// Runs a script. Fails as [`ask`](Self::ask) does.
    pub(super) async fn run<R: FromValue>(
        &self,
        script: &Script,
        keys: Vec<String>,
        arguments: Vec<String>,
    ) -> StoreResult<R> {
        self.ask(script.evalsha_with_reload(self.client(), keys, arguments))
            .await
    }

    /// Waits for the answer to a command. Fails as soon as the link is known to be down, and not only when the command's
    /// time is over; at once, when it is down already.
    pub(super) async fn ask<R>(
        &self,
        command: impl Future<Output = Result<R, fred::error::Error>>,
    ) -> StoreResult<R> {
        let away = || StoreError::Unavailable("Redis is away".into());
        if !self.is_up() {
            return Err(away());
        }
        let mut up = self.watch();
        tokio::select! {
            biased;
            answer = command => answer.map_err(|error| fault(&error)),
            _ = up.wait_for(|up| !up) => Err(away()),
        }
    }
}

pub(super) fn fault(error: &fred::error::Error) -> StoreError {
    StoreError::Unavailable(format!("Redis: {error}"))
}

pub(super) fn convert<R: FromValue>(value: Option<Value>) -> StoreResult<R> {
    value
        .unwrap_or(Value::Null)
        .convert()
        .map_err(|error| fault(&error))
}

/// At least one: Redis keeps nothing for no time.
pub(super) fn millis(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}
