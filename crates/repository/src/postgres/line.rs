use std::time::Duration;

use deadpool_postgres::{Client, Object, Pool, Transaction};
use domain::{StoreError, StoreResult};
use tokio::time::timeout;
use tokio_postgres::IsolationLevel;

use super::fault::{Fault, Reach};

/// The only way to the database: connections, and the bounds under which each piece of work has one.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) pool: Pool,
    /// How long a connection may be waited for, one that must be made first included.
    pub(super) wait: Duration,
    /// How long the work may take. A server that has stopped answers to no bound of its own.
    pub(super) deadline: Duration,
}

impl Line {
    /// Runs statements on a connection.
    pub(super) async fn run<T, F>(&self, work: F) -> StoreResult<T>
    where
        F: AsyncFnOnce(&mut Client) -> Result<T, Fault>,
    {
        Ok(self.attempt(work).await?)
    }

    /// Runs statements in a transaction, of which each sees what was committed before it began. All of it is committed
    /// when this answers, or nothing is.
    pub(super) async fn change<T, F>(&self, work: F) -> StoreResult<T>
    where
        F: AsyncFnOnce(&Transaction<'_>) -> Result<T, Fault>,
    {
        self.run(async |client: &mut Client| {
            let transaction = client
                .build_transaction()
                .isolation_level(IsolationLevel::ReadCommitted)
                .start()
                .await?;
            let answer = work(&transaction).await?;
            transaction.commit().await?;
            Ok(answer)
        })
        .await
    }

    /// As [`Self::run`], and says how far a fault reaches.
    pub(super) async fn attempt<T, F>(&self, work: F) -> Result<T, Fault>
    where
        F: AsyncFnOnce(&mut Client) -> Result<T, Fault>,
    {
        let mut client = self.client().await?;
        let outcome = timeout(self.deadline, work(&mut client)).await;
        let fault = match outcome.unwrap_or(Err(Fault::Silence)) {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        if fault.reach() == Reach::Connection {
            // Thrown away: nobody knows what is still under way on it.
            drop(Object::take(client));
        }
        Err(fault)
    }

    async fn client(&self) -> StoreResult<Client> {
        match timeout(self.wait, self.pool.get()).await {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(StoreError::Unavailable(format!("no connection: {error}"))),
            Err(_) => Err(StoreError::Unavailable(
                "no connection was free, or could be made, in time".to_owned(),
            )),
        }
    }
}
