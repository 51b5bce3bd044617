use std::{
    cell::Cell,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
};

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseReason as CloseFrame, Closed, ProtocolError,
    Session,
};
use domain::{ConnectionId, TRACE_PARENT_FIELD};
use futures_util::{FutureExt, StreamExt};
use realtime::{CloseReason, Connection, Outgoing};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{Instrument, Span, field::Empty, instrument::Instrumented};

use super::{guard::Verdict, upgrade::Upgraded};
use crate::{WsSettings, logging::are_recorded};

/// What the frames of a client mean, and for how long it may stay.
pub(super) trait Protocol {
    /// Begins to do what a text frame asks for.
    fn begin(&self, text: &str) -> Begun;

    /// Answers why, when the socket may stay open no longer. Cancel-safe.
    fn over(&self) -> impl Future<Output = CloseReason>;
}

/// A text frame that is being dealt with.
pub(super) struct Begun {
    /// It is one of the protocol.
    pub is_good: bool,
    /// What is done because of it.
    pub under_way: UnderWay,
}

/// Moves frames between a socket and its connection, until one of them ends.
pub(super) struct Pump<P> {
    settings: WsSettings,
    protocol: Rc<P>,
    connection: Rc<Connection>,
    session: Session,
    verdict: Rc<Cell<Option<Verdict>>>,
    last_heard: Instant,
    /// How many of its last frames were none of the protocol.
    bad_frames: u32,
}

/// A command that is being carried out. One at a time: a client's commands take effect in the order that it sent them,
/// and one who sends faster than they are carried out is held back by TCP.
pub(super) type UnderWay = Pin<Box<dyn Future<Output = ()>>>;

/// Why the pump ends, and what the peer is told.
enum End {
    /// With a close frame.
    Close(CloseReason),
    /// The peer is gone, or takes nothing any more.
    Gone,
}

impl<P: Protocol> Pump<P> {
    /// Answers when the connection may end.
    pub(super) async fn run(
        settings: WsSettings,
        protocol: P,
        connection: Rc<Connection>,
        upgraded: Upgraded,
    ) {
        let Upgraded {
            session,
            mut frames,
            verdict,
            held,
        } = upgraded;
        let pump = Self {
            settings,
            protocol: Rc::new(protocol),
            connection,
            session,
            verdict,
            last_heard: Instant::now(),
            bad_frames: 0,
        };
        pump.until_closed(&mut frames).await;
        drop(held);
    }

    async fn until_closed(mut self, frames: &mut AggregatedMessageStream) {
        let end = self.until_end(frames).await;
        let wait = self.settings.write_timeout;
        let id = self.connection.id();
        // From here on the hub tells it nothing.
        drop((self.protocol, self.connection));
        match end {
            End::Close(reason) => {
                tracing::debug!(connection_id = %id, code = reason.code(), "socket closed");
                let frame = CloseFrame {
                    code: reason.code().into(),
                    description: Some(reason.text().to_owned()).filter(|text| !text.is_empty()),
                };
                let closed = timeout(wait, self.session.close(Some(frame))).await;
                if closed.is_ok() && reason.is_read() {
                    let _ = timeout(wait, answered(frames)).await;
                }
            }
            End::Gone => tracing::debug!(connection_id = %id, "socket gone"),
        }
    }

    async fn until_end(&mut self, frames: &mut AggregatedMessageStream) -> End {
        let settings = self.settings;
        let mut pings = interval(settings.ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        let mut under_way = None;
        let connection = self.connection.clone();
        let protocol = self.protocol.clone();
        let mut over = pin!(protocol.over());
        loop {
            // What the peer sends while a command is under way is not read, so that silence says nothing about it then.
            let silent_at = self.last_heard + settings.pong_timeout;
            let step = tokio::select! {
                // Reading waits while a command is under way; writing does not.
                () = finished(&mut under_way), if under_way.is_some() => {
                    under_way = None;
                    self.last_heard = Instant::now();
                    Ok(())
                }
                frame = frames.next(), if under_way.is_none() => {
                    self.last_heard = Instant::now();
                    connection.heard();
                    self.on_frame(frame, &mut under_way).await
                }
                outgoing = connection.next() => self.write(outgoing).await,
                reason = &mut over => Err(End::Close(reason)),
                _ = pings.tick() => {
                    if under_way.is_some() {
                        connection.heard();
                    }
                    self.ping().await
                }
                () = sleep_until(silent_at), if under_way.is_none() => {
                    Err(End::Close(CloseReason::Silent))
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn on_frame(
        &mut self,
        frame: Option<Result<AggregatedMessage, ProtocolError>>,
        under_way: &mut Option<Instrumented<UnderWay>>,
    ) -> Result<(), End> {
        match frame {
            // Nothing is done any more for a socket that is to be closed: its log-in may have ended.
            Some(Ok(AggregatedMessage::Text(_))) if self.connection.outbox().is_closing() => Ok(()),
            Some(Ok(AggregatedMessage::Text(text))) => {
                let begun = self.protocol.begin(&text);
                self.bad_frames = if begun.is_good {
                    0
                } else {
                    self.bad_frames + 1
                };
                let span = command_span(self.connection.id());
                *under_way = Some(begun.under_way.instrument(span));
                if self.bad_frames >= self.settings.bad_frames {
                    return Err(End::Close(CloseReason::BadClient));
                }
                Ok(())
            }
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                let wait = self.settings.write_timeout;
                written(timeout(wait, self.session.pong(&bytes)).await)
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Binary(_))) => Err(End::Close(CloseReason::Unsupported)),
            Some(Ok(AggregatedMessage::Close(_))) => Err(End::Close(CloseReason::ClientLeft)),
            Some(Err(error)) => Err(End::Close(protocol_error(&error))),
            None => Err(self.verdict.get().map_or(End::Gone, End::Close)),
        }
    }

    async fn write(&mut self, outgoing: Outgoing) -> Result<(), End> {
        match outgoing {
            Outgoing::Frame(frame) => {
                let outcome = {
                    let mut writing = pin!(self.session.text(frame));
                    match writing.as_mut().now_or_never() {
                        // Nearly always: no timer is made for it, which pays for the look at the clock below.
                        Some(outcome) => Ok(outcome),
                        None => timeout(self.settings.write_timeout, writing).await,
                    }
                };
                written(outcome)?;
                self.connection.written();
                Ok(())
            }
            Outgoing::Close(reason) => Err(End::Close(reason)),
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        let wait = self.settings.write_timeout;
        written(timeout(wait, self.session.ping(b"")).await)
    }
}

/// Waits for the peer's own close frame, or the end of the connection (RFC 6455, section 7.1.1). What it sends before is
/// taken, and nothing is done about it.
async fn answered(frames: &mut AggregatedMessageStream) {
    while let Some(Ok(frame)) = frames.next().await {
        if matches!(frame, AggregatedMessage::Close(_)) {
            return;
        }
    }
}

/// The beginning of a trace: a command that came over this socket. The log shows it below the handshake, which is not
/// recorded.
fn command_span(connection: ConnectionId) -> Span {
    if !are_recorded() {
        return Span::none();
    }
    tracing::info_span!(
        "command",
        otel.kind = "server",
        { TRACE_PARENT_FIELD } = Empty,
        connection_id = %connection,
    )
}

async fn finished(under_way: &mut Option<Instrumented<UnderWay>>) {
    match under_way {
        Some(command) => command.await,
        None => std::future::pending().await,
    }
}

/// A peer that takes nothing for the whole time-out is given up: it has closed, or it does not read.
fn written(outcome: Result<Result<(), Closed>, tokio::time::error::Elapsed>) -> Result<(), End> {
    match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Closed)) | Err(_) => Err(End::Gone),
    }
}

/// The guard has let only whole, bounded frames pass, so what is left is bad UTF-8, or a connection that broke.
fn protocol_error(error: &ProtocolError) -> CloseReason {
    match error {
        ProtocolError::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => {
            CloseReason::InvalidText
        }
        ProtocolError::Overflow => CloseReason::TooBig,
        _ => CloseReason::Protocol,
    }
}
