use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Client;
use serde::Deserialize;
use tokio::time::{interval, timeout};

/// How often the server is asked.
pub const PAUSE: Duration = Duration::from_millis(100);

/// What the server says of itself.
pub struct Health {
    http: Client,
    address: String,
}

#[derive(Deserialize)]
struct Body {
    clients: usize,
}

impl Health {
    /// That of the server with this address.
    pub fn of(url: &str) -> Self {
        Self {
            http: Client::new(),
            address: format!("{url}/health"),
        }
    }

    /// How many sockets it has now.
    pub async fn clients(&self) -> Result<usize> {
        let response = self.http.get(&self.address).send().await?;
        Ok(response.error_for_status()?.json::<Body>().await?.clients)
    }

    /// Waits until it has so many sockets.
    pub async fn reaches(&self, clients: usize, within: Duration) -> Result<()> {
        let asking = async {
            let mut pause = interval(PAUSE);
            while self.clients().await? != clients {
                pause.tick().await;
            }
            Ok(())
        };
        timeout(within, asking)
            .await
            .with_context(|| format!("the server does not come to {clients} sockets"))?
    }
}
