use std::{convert::Infallible, time::Duration};

use anyhow::{Result, ensure};
use reqwest::Client;
use tokio::time::interval;

/// How long events took to be written to sockets; absent where none was.
const LATENCY: &str = "\nchatterstack_delivery_latency_seconds{";

/// What Prometheus is told of a node.
pub struct Metrics {
    http: Client,
    address: String,
}

impl Metrics {
    /// Those of the node with this address.
    pub fn of(url: &str) -> Self {
        Self {
            http: Client::new(),
            address: format!("{url}/metrics"),
        }
    }

    /// Asks for them at once, and each second from then on.
    pub async fn once_a_second(&self) -> Result<Infallible> {
        let mut seconds = interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            self.read().await?;
        }
    }

    /// Fails unless deliveries are among them, or are not, as it should be.
    pub async fn tell_of_deliveries(&self, should: bool) -> Result<()> {
        let tell = self.read().await?.contains(LATENCY);
        ensure!(
            tell == should,
            "{} should {}tell how long deliveries took",
            self.address,
            if should { "" } else { "not " }
        );
        Ok(())
    }

    async fn read(&self) -> Result<String> {
        let response = self.http.get(&self.address).send().await?;
        Ok(response.error_for_status()?.text().await?)
    }
}
