use std::rc::Rc;

use actix_web::web;
use realtime::{
    CloseReason, Connection, FrameClass,
    wire::{self, ClientFrame},
};

use usecase::analytics::AnalyticsError;

use super::{
    command::{self, Outcome},
    lease::{Lease, LeaseEvent},
    pump::{Begun, Protocol},
    ticks::Ticks,
};
use crate::{Door, http::LiveBody};

/// The protocol of the product.
pub(super) struct Native {
    pub door: web::Data<Door>,
    pub lease: Rc<Lease>,
    pub connection: Rc<Connection>,
    pub ticks: Rc<Ticks>,
}

impl Protocol for Native {
    fn begin(&self, text: &str) -> Begun {
        let frame = ClientFrame::parse(text);
        let is_good = frame.command.is_ok();
        let door = self.door.clone();
        let (lease, connection) = (self.lease.clone(), self.connection.clone());
        let ticks = self.ticks.clone();
        connection.outbox().begin_command();
        let under_way = Box::pin(async move {
            let id = frame.id.clone();
            let answer = match command::carry_out(door, &lease, &connection, &ticks, frame).await {
                // Who gave no reference did not ask for an answer.
                Ok(Outcome::Answer(data)) => id.map(|id| wire::acknowledged(&id, data)),
                Ok(Outcome::Answered) => return,
                Err(problem) => Some(wire::rejected(id.as_ref(), problem.body(None))),
            };
            connection.outbox().answer(answer);
        });
        Begun { is_good, under_way }
    }

    /// Warns before the access token expires, and ends with it. Meanwhile it tells a client that watches the nodes how they do.
    async fn over(&self) -> CloseReason {
        loop {
            tokio::select! {
                event = self.lease.next() => match event {
                    LeaseEvent::EndsSoon(expires_at) => {
                        let frame = wire::token_expiring(expires_at);
                        self.connection.outbox().push(FrameClass::Durable, frame);
                    }
                    LeaseEvent::Over => return CloseReason::TokenExpired,
                },
                // In a place of its own: few sockets are told so, and it is larger than all the rest.
                () = self.ticks.due() => Box::pin(self.tick()).await,
            }
        }
    }
}

impl Native {
    async fn tick(&self) {
        let live = &self.door.usecases.analytics.live;
        match live.execute(self.lease.caller(), self.door.stats()).await {
            Ok(report) => {
                let frame = wire::analytics_tick(LiveBody::from(&report));
                self.connection.outbox().push(FrameClass::Ephemeral, frame);
            }
            // Who is an admin no longer.
            Err(AnalyticsError::NotAllowed) => self.ticks.stop(),
            Err(error) => tracing::debug!(%error, "a tick was left out"),
        }
    }
}
