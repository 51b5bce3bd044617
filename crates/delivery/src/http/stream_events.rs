use std::{convert::Infallible, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use domain::{ConnectionId, Message, StreamId};
use futures_util::stream::unfold;
use realtime::{CloseReason, Connection, Outgoing, wire};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep_until};
use usecase::streams::StreamError;

use super::caller::{Authenticated, access_token};
use crate::{
    Door,
    client_address::{client_address, network},
    problem::{CALLER, Code, ID, Problem, problems},
    ws::{Lease, LeaseEvent, not_let_in},
};

problems!(EventsProblems: CALLER, ID; StreamNotFound, TooManySockets, GoingAway);

/// Tells a stream as it is written, as server-sent events: `stream.started` with the text so far, `stream.delta`,
/// `stream.stop` (to its author), and `stream.finished`, `stream.aborted` or `stream.gone`, after which it ends. `stream.gone`
/// says that it was found to have ended: its author hears so of every end without a message. The data are those of the
/// socket's frames. A comment comes when nothing else does.
#[utoipa::path(get, path = "/v1/streams/{stream_id}/events", tag = "streams", params(("stream_id" = StreamId, Path)),
    responses((status = 200, body = String, content_type = "text/event-stream",
               description = "the events, until the stream ends"), EventsProblems))]
pub(super) async fn tell(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(_caller, id): Authenticated<web::Path<StreamId>>,
) -> Result<HttpResponse, Problem> {
    let id = id.into_inner();
    let token = access_token(&request)?;
    let token = token.ok_or_else(|| Problem::new(Code::TokenMissing, "an access token"))?;
    let proof = door.usecases.authenticate.prove(&token).await?;
    let caller = proof.caller;
    let show = &door.usecases.streams.show;
    let room_id = show.execute(caller, id).await?.room_id;
    // From here on it is a socket that follows one room, and is told less.
    let connection = door
        .hub
        .register(
            ConnectionId(door.ids.next()),
            caller.user_id,
            caller.session_id,
            &network(client_address(&request)),
        )
        .await
        .map_err(|error| not_let_in(error, &door.hub))?;
    let open = &door.usecases.open_socket;
    let start = open.execute(caller, vec![room_id], [].into()).await;
    // Who has left the room meanwhile may see it no more.
    let start = start.map_err(|error| match Problem::from(error) {
        problem if problem.code() == Code::RoomForbidden => StreamError::NotFound.into(),
        problem => problem,
    })?;
    connection
        .start(start.user, start.rooms, start.resumptions, false)
        .await;
    // Asked again now that its end would be heard, unless its message came before.
    let next = match show.execute(caller, id).await {
        Ok(stream) => match show.sent(&stream).await? {
            Some(message) => Next::Sent(Box::new(message)),
            None => Next::Frame,
        },
        Err(StreamError::NotFound) => Next::Gone,
        Err(error) => return Err(error.into()),
    };
    let (clock, warning) = (door.health.clock.clone(), door.settings.ws.expiry_warning);
    let pause = door.settings.ws.ping_interval;
    let events = Events {
        id,
        connection,
        lease: Lease::new(proof, clock, warning),
        pause,
        silent_until: Instant::now() + pause,
        next,
        door,
    };
    let body = unfold(events, |mut events| async move {
        let event = events.next().await?;
        Some((Ok::<_, Infallible>(event), events))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies that collect answers hold this one back otherwise.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(body)))
}

/// The events of one stream, one after the other.
struct Events {
    id: StreamId,
    connection: Connection,
    lease: Lease,
    pause: Duration,
    /// When something is told at the latest. What is told to others alone does not put it off, however busy the room is: it
    /// shows that nobody is there any more.
    silent_until: Instant,
    next: Next,
    door: web::Data<Door>,
}

enum Next {
    Frame,
    Sent(Box<Message>),
    Gone,
    End,
}

impl Events {
    async fn next(&mut self) -> Option<Bytes> {
        let event = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return None,
            Next::Gone => self.gone(),
            Next::Sent(message) => self.tell(&wire::stream_finished(&message))?,
            Next::Frame => {
                self.next = Next::Frame;
                self.hear().await
            }
        };
        // The peer shows that it is there by taking this.
        self.connection.heard();
        self.silent_until = Instant::now() + self.pause;
        Some(event)
    }

    /// The next event of what is told to the connection, or what is found when none comes in time.
    async fn hear(&mut self) -> Bytes {
        loop {
            let outgoing = tokio::select! {
                outgoing = self.connection.next() => outgoing,
                over = self.lease.next() => match over {
                    LeaseEvent::EndsSoon(_) => continue,
                    LeaseEvent::Over => Outgoing::Close(CloseReason::TokenExpired),
                },
                () = sleep_until(self.silent_until) => return self.look().await,
            };
            match outgoing {
                Outgoing::Close(reason) => {
                    self.next = Next::End;
                    return closed(reason);
                }
                Outgoing::Frame(frame) => {
                    if let Some(event) = self.tell(&frame) {
                        return event;
                    }
                }
                // What only a WebSocket has.
                Outgoing::Ping | Outgoing::Pong(_) => {}
            }
        }
    }

    /// Asks whether there is such a stream still: nobody tells an author what they did themselves.
    async fn look(&mut self) -> Bytes {
        let show = &self.door.usecases.streams.show;
        match show.execute(self.lease.caller(), self.id).await {
            Err(StreamError::NotFound) => {
                self.next = Next::End;
                self.gone()
            }
            // A store that is away says nothing of it.
            Ok(_) | Err(_) => Bytes::from_static(b":\n\n"),
        }
    }

    fn gone(&self) -> Bytes {
        event("stream.gone", &format!(r#"{{"id":"{}"}}"#, self.id))
    }

    /// The frame as an event, if it is about this stream.
    fn tell(&mut self, frame: &str) -> Option<Bytes> {
        // Looked at before it is taken apart, because a busy room tells much else.
        let is_told = [r#"{"event":"stream."#, r#"{"event":"receive_message""#];
        if !is_told.iter().any(|start| frame.starts_with(start)) {
            return None;
        }
        let frame: Frame<'_> = serde_json::from_str(frame).ok()?;
        let Subject { id } = serde_json::from_str(frame.data.get()).ok()?;
        if id != self.id {
            return None;
        }
        // The message says that the stream was finished, also when the other frame was dropped.
        let name = match frame.event {
            "receive_message" => "stream.finished",
            name => name,
        };
        if matches!(name, "stream.finished" | "stream.aborted") {
            self.next = Next::End;
        }
        Some(event(name, frame.data.get()))
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    event: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Subject {
    id: StreamId,
}

/// JSON stands on one line, as the format wants it.
fn event(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// Why the server ends it, with when to come back where it is a matter of time.
fn closed(reason: CloseReason) -> Bytes {
    let retry = match reason {
        CloseReason::Restart { retry_after } => format!("retry: {}\n", retry_after.as_millis()),
        _ => String::new(),
    };
    let code = reason.code();
    format!("{retry}event: closed\ndata: {{\"code\":{code}}}\n\n").into()
}
