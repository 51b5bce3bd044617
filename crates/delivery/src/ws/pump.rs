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
use tokio::time::{Instant, sleep_until, timeout};
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
    verdict: Rc<Cell<Option<Verdict>>>,
    last_heard: Instant,
    /// When the next ping is due.
    ping_at: Instant,
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
    pub(super) fn run(
        settings: WsSettings,
        protocol: P,
        connection: Rc<Connection>,
        upgraded: Upgraded,
    ) -> impl Future<Output = ()> {
        connection.outbox().set_writer(upgraded.writer.clone());
        let now = Instant::now();
        let pump = Self {
            settings,
            protocol: Rc::new(protocol),
            connection,
            writer: upgraded.writer,
            verdict: upgraded.verdict,
            last_heard: now,
            ping_at: now + settings.ping_interval,
            bad_frames: 0,
        };
        pump.until_closed(upgraded.frames)
    }

    async fn until_closed(mut self, mut frames: AggregatedMessageStream) {
        let frames = &mut frames;
        let writer = self.writer.clone();
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
                let closed = timeout(wait, close(&writer, reason)).await;
                if closed == Ok(true) && reason.is_read() {
                    let _ = timeout(wait, answered(frames)).await;
                }
            }
            End::Gone => tracing::debug!(connection_id = %id, "socket gone"),
        }
        writer.end();
    }

    async fn until_end(&mut self, frames: &mut AggregatedMessageStream) -> End {
        let mut under_way = None;
        let (connection, protocol) = (self.connection.clone(), self.protocol.clone());
        let writer = self.writer.clone();
        // Kept from step to step: to wait anew costs more than most steps do.
        let mut over = pin!(protocol.over());
        let mut outgoing = pin!(connection.next());
        let mut drained = pin!(writer.drained());
        let mut alarm = pin!(sleep_until(self.due(false)));
        loop {
            // One that is set too early is set anew when it is over.
            let due = self.due(under_way.is_some());
            if due < alarm.deadline() {
                alarm.as_mut().reset(due);
            }
            let step = tokio::select! {
                // What may happen without end comes last.
                biased;
                reason = &mut over => Err(End::Close(reason)),
                () = &mut alarm => {
                    let step = self.on_alarm(under_way.is_some());
                    alarm.as_mut().reset(self.due(under_way.is_some()));
                    step
                }
                next = &mut outgoing => match next {
                    Outgoing::Close(reason) => Err(End::Close(reason)),
                    // All else is written where it is told.
                    _ => {
                        outgoing.set(connection.next());
                        Ok(())
                    }
                },
                () = &mut drained => {
                    drained.set(writer.drained());
                    // There may be more to write.
                    outgoing.set(connection.next());
                    Ok(())
                }
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
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// When something is to be done, whatever happens until then.
    fn due(&self, is_busy: bool) -> Instant {
        let others = [self.silent_at(is_busy), self.given_up_at()];
        others
            .into_iter()
            .flatten()
            .fold(self.ping_at, Instant::min)
    }

    /// When the peer has been silent for too long. What it sends while a command is under way is not read, so that silence says
    /// nothing about it then.
    fn silent_at(&self, is_busy: bool) -> Option<Instant> {
        (!is_busy).then(|| self.last_heard + self.settings.pong_timeout)
    }

    /// When the peer has taken nothing for too long.
    fn given_up_at(&self) -> Option<Instant> {
        let since = self.writer.blocked_since()?;
        Some(since + self.settings.write_timeout)
    }

    /// Does what is due.
    fn on_alarm(&mut self, is_busy: bool) -> Result<(), End> {
        let now = Instant::now();
        let is_due = |time: Option<Instant>| time.is_some_and(|time| time <= now);
        if is_due(self.given_up_at()) {
            return Err(End::Gone);
        }
        if is_due(self.silent_at(is_busy)) {
            return Err(End::Close(CloseReason::Silent));
        }
        if self.ping_at <= now {
            self.ping_at = now + self.settings.ping_interval;
            if is_busy {
                self.connection.heard();
            }
            self.connection.outbox().push_control(Outgoing::Ping);
        }
        Ok(())
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

/// Writes the close frame, behind what was written before, and waits until the connection has taken it. False when the peer is
/// gone.
async fn close(writer: &FrameWriter, reason: CloseReason) -> bool {
    if !writer.free().await {
        return false;
    }
    let mut frame = Vec::new();
    Outgoing::Close(reason).put(&mut frame);
    writer.write(&frame) || writer.free().await
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
