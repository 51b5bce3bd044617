use domain::StoreResult;
use secrecy::{ExposeSecret, SecretString};

use super::{Postgres, statement};

impl Postgres {
    /// The secret of this name: `fresh`, unless there is one already, of whichever node was first.
    ///
    /// # Errors
    /// `Unavailable` when the database is away.
    pub async fn keep_secret(&self, name: &str, fresh: &SecretString) -> StoreResult<SecretString> {
        let fresh = fresh.expose_secret();
        self.run(async |client| {
            let keep = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            statement::execute(client, keep, &[&name, &fresh]).await?;
            // A statement of its own, because one that met another's row does not see it yet.
            let kept = "SELECT value FROM secrets WHERE name = $1";
            let row = statement::row(client, kept, &[&name]).await?;
            let value: String = row.ok_or(domain::StoreError::NotFound)?.try_get("value")?;
            Ok(SecretString::from(value))
        })
        .await
    }
}
