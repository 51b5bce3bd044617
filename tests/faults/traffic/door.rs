use std::{sync::Arc, time::Duration};

use testkit::Link;

use crate::{api::Client, documented::Document, rig::Rig, server::Server};

/// A user at one node, by way of a link.
#[derive(Clone)]
pub struct Door {
    pub client: Client,
    /// `host:port`.
    pub sockets: String,
    /// How long the node may be silent, pings too, before this client takes it for dead.
    pub silence: Duration,
}

/// A few pings.
const SILENCE: Duration = Duration::from_secs(5);

impl Door {
    /// At each node.
    pub async fn of(rig: &Rig, user: &Client) -> Vec<Self> {
        let mut doors = Vec::new();
        for (node, links) in rig.fleet.nodes.iter().zip(&rig.links) {
            doors.push(Self::by(node, &links.clients, user).await);
        }
        doors
    }

    /// At a node, by way of this link to it.
    pub async fn by(node: &Server, link: &Link, user: &Client) -> Self {
        let document = Document::fetch(&node.url()).await;
        let sockets = link.address().to_string();
        let client = Client::new(format!("http://{sockets}"), Arc::new(document));
        Self {
            client: client.with_tokens(user.tokens.clone()),
            sockets,
            silence: SILENCE,
        }
    }
}
