use std::{convert::Infallible, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use domain::{ConnectionId, StreamId};
use futures_util::stream::unfold;
use realtime::{CloseReason, Connection, Outgoing};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::timeout;
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
/// `stream.stop` (to its author), and `stream.finished` or `stream.aborted`, after which it ends; `stream.gone`, when it has
/// ended already. The data are those of the socket's frames. A comment comes when nothing else does.
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
    // Asked again now that its end would be heard.
    let is_gone = match show.execute(caller, id).await {
        Ok(_) => false,
        Err(StreamError::NotFound) => true,
        Err(error) => return Err(error.into()),
    };
    let (clock, warning) = (door.health.clock.clone(), door.settings.ws.expiry_warning);
    let events = Events {
        id,
        connection,
        lease: Lease::new(proof, clock, warning),
        pause: door.settings.ws.ping_interval,
        next: if is_gone { Next::Gone } else { Next::Frame },
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
    next: Next,
}

enum Next {
    Frame,
    Gone,
    End,
}

impl Events {
    async fn next(&mut self) -> Option<Bytes> {
        match self.next {
            Next::End => return None,
            Next::Gone => {
                self.next = Next::End;
                let data = format!(r#"{{"id":"{}"}}"#, self.id);
                return Some(event("stream.gone", &data));
            }
            Next::Frame => {}
        }
        loop {
            let outgoing = tokio::select! {
                outgoing = timeout(self.pause, self.connection.next()) => outgoing,
                over = self.lease.next() => match over {
                    LeaseEvent::EndsSoon(_) => continue,
                    LeaseEvent::Over => Ok(Outgoing::Close(CloseReason::TokenExpired)),
                },
            };
            // The peer shows that it is there by taking this.
            self.connection.heard();
            match outgoing {
                Err(_) => return Some(Bytes::from_static(b":\n\n")),
                Ok(Outgoing::Close(reason)) => {
                    self.next = Next::End;
                    return Some(closed(reason));
                }
                Ok(Outgoing::Frame(frame)) => {
                    if let Some(event) = self.tell(&frame) {
                        return Some(event);
                    }
                }
            }
        }
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
