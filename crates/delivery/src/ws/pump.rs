use std::{
    cell::Cell,
    future::Future,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
};

use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use domain::{ConnectionId, TRACE_PARENT_FIELD};
use futures_util::StreamExt;
use realtime::{CloseReason, Connection, Outgoing, SocketWriter};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tracing::{Instrument, Span, field::Empty, instrument::Instrumented};

use super::{guard::Verdict, upgrade::Upgraded, writer::FrameWriter};
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
    writer: Arc<FrameWriter>,
    /// Since when the peer has not taken what was written.
    blocked_since: Option<Instant>,
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
            writer,
            mut frames,
            verdict,
        } = upgraded;
        connection.outbox().set_writer(writer.clone());
        let pump = Self {
            settings,
            protocol: Rc::new(protocol),
            connection,
            writer: writer.clone(),
            blocked_since: None,
            verdict,
            last_heard: Instant::now(),
            bad_frames: 0,
        };
        pump.until_closed(&mut frames).await;
        writer.end();
    }

    async fn until_closed(mut self, frames: &mut AggregatedMessageStream) {
        let end = self.until_end(frames).await;
        let wait = self.settings.write_timeout;
        let id = self.connection.id();
        if let End::Close(reason) = end {
            // Nothing is written behind the close frame, whatever the hub still tells.
            self.connection.outbox().close_at_once(reason);
        }
        // From here on the hub tells it nothing.
        drop((self.protocol, self.connection));
        match end {
            End::Close(reason) => {
                tracing::debug!(connection_id = %id, code = reason.code(), "socket closed");
                let closed = timeout(wait, close(&self.writer, reason)).await;
                if closed == Ok(true) && reason.is_read() {
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
            let given_up_at = self.blocked().map(|since| since + settings.write_timeout);
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
                    self.on_frame(frame, &mut under_way)
                }
                // All else is written where it is told.
                outgoing = connection.next() => match outgoing {
                    Outgoing::Close(reason) => Err(End::Close(reason)),
                    _ => Ok(()),
                },
                () = self.writer.drained() => Ok(()),
                () = at(given_up_at), if given_up_at.is_some() => Err(End::Gone),
                reason = &mut over => Err(End::Close(reason)),
                _ = pings.tick() => {
                    if under_way.is_some() {
                        connection.heard();
                    }
                    connection.outbox().push_control(Outgoing::Ping);
                    Ok(())
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

    /// Since when the peer has not taken what was written, if it has not.
    fn blocked(&mut self) -> Option<Instant> {
        if self.writer.is_free() {
            self.blocked_since = None;
        } else {
            self.blocked_since.get_or_insert_with(Instant::now);
        }
        self.blocked_since
    }

    fn on_frame(
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
                let pong = Outgoing::Pong(bytes);
                self.connection.outbox().push_control(pong);
                Ok(())
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Binary(_))) => Err(End::Close(CloseReason::Unsupported)),
            Some(Ok(AggregatedMessage::Close(_))) => Err(End::Close(CloseReason::ClientLeft)),
            Some(Err(error)) => Err(End::Close(protocol_error(&error))),
            None => Err(self.verdict.get().map_or(End::Gone, End::Close)),
        }
    }
}

/// Writes the close frame, behind what was written before. False when the peer is gone.
async fn close(writer: &FrameWriter, reason: CloseReason) -> bool {
    let is_there = writer.free().await;
    if is_there {
        let mut frame = Vec::new();
        Outgoing::Close(reason).put(&mut frame);
        writer.write(&frame);
    }
    is_there
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
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
