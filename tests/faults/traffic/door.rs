use std::{sync::Arc, time::Duration};

use reqwest::RequestBuilder;
use testkit::Link;

use super::IMPATIENCE;
use crate::{
    api::{Answer, Client},
    documented::Document,
    rig::Rig,
    server::Server,
};

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
        let mut client = client.with_tokens(user.tokens.clone());
        client.node_may_stop = true;
        Self {
            client,
            sockets,
            silence: SILENCE,
        }
    }

    /// The answer to a request, if there is one before this client goes elsewhere. A node that was stopped in between takes
    /// the request for one that did not come in time, and has done nothing.
    pub async fn ask(&self, request: RequestBuilder) -> Option<Answer> {
        let answer = self.client.try_send(request.timeout(IMPATIENCE)).await;
        answer.ok().filter(|answer| answer.status != 408)
    }
}
