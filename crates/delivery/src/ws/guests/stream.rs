use std::{cell::Cell, rc::Rc};

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    RoomId, StreamId, StreamKind, WhenLost,
    values::{MessageContent, RoomName, Username},
};
use realtime::{
    CloseReason, Connection, FrameClass,
    wire::{
        Codec,
        stream::{self, StreamCommand},
    },
};
use tracing::Instrument;
use usecase::{
    Caller,
    guests::{EnterRoomInput, Entered, GuestRoom},
    streams::{StartStreamInput, StreamError, WriteStreamError},
};

use super::{Arrival, DEFAULT_ROOM, arrive, check, flat::send, new_guest_id};
use crate::{
    Door,
    http::run_to_end,
    limits::Deed,
    problem::{Code, Problem},
    ws::{
        pump::{Begun, Protocol, Pump},
        upgrade::upgrade,
    },
};

/// Opens a socket of the dialect "stream".
///
/// # Errors
/// The problem that refuses it.
pub async fn open_stream(
    request: HttpRequest,
    payload: web::Payload,
    door: web::Data<Door>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let invalid =
        |error: domain::values::InvalidValue| Problem::new(Code::Internal, error.to_string());
    let name = stream::unnamed(door.ids.next().as_u128());
    let input = EnterRoomInput {
        guest_id: new_guest_id(&door)?,
        name: name.clone(),
        room: GuestRoom::Named(RoomName::parse(DEFAULT_ROOM).map_err(invalid)?),
    };
    let Arrival {
        connection,
        entered,
    } = arrive(&request, &door, Codec::Stream, input).await?;
    let (response, upgraded) = upgrade(&request, payload, &door).await?;
    let pumping = async move {
        let Entered { user, room, start } = entered;
        let (room_id, caller) = (room.id, Caller::guest(user.id));
        let welcome = format!("Welcome to ChatterStack. You are {name} until you join by a name.");
        let greeting = vec![stream::system(&welcome)];
        connection.start_guest(user, start, greeting).await;
        let settings = door.settings.ws;
        let connection = Rc::new(connection);
        let talk = Rc::new(Talk {
            door,
            caller,
            room_id,
            connection: connection.clone(),
            draft: Cell::new(None),
        });
        Pump::run(settings, Stream(talk), connection, upgraded).await;
    };
    actix_web::rt::spawn(pumping.in_current_span());
    Ok(response)
}

/// The dialect "stream": a client shows its draft as it is typed, and commits it.
struct Stream(Rc<Talk>);

impl Protocol for Stream {
    fn begin(&self, text: &str) -> Begun {
        let parsed = stream::parse(text);
        let is_good = parsed.is_ok();
        let talk = self.0.clone();
        let under_way = Box::pin(async move {
            let refused = match parsed {
                Ok(command) => talk
                    .carry_out(command)
                    .await
                    .map_err(|problem| problem.detail().to_owned()),
                Err(error) => Err(format!("not a frame of this dialect: {error}")),
            };
            if let Err(why) = refused {
                let told = stream::system(&why);
                talk.connection.outbox().push(FrameClass::Durable, told);
            }
        });
        Begun { is_good, under_way }
    }

    /// A guest stays as long as they like.
    async fn over(&self) -> CloseReason {
        std::future::pending().await
    }
}

struct Talk {
    door: web::Data<Door>,
    caller: Caller,
    room_id: RoomId,
    connection: Rc<Connection>,
    /// What the guest is writing, if anything.
    draft: Cell<Option<StreamId>>,
}

impl Talk {
    async fn carry_out(&self, command: StreamCommand) -> Result<(), Problem> {
        match command {
            StreamCommand::Join { name } if name.trim().is_empty() => Ok(()),
            StreamCommand::CommitMessage { text } if text.trim().is_empty() => Ok(()),
            StreamCommand::Join { name } => self.rename(&name).await,
            StreamCommand::StreamChunk { chunk } if chunk.is_empty() => self.clear().await,
            StreamCommand::StreamChunk { chunk } => self.show(chunk).await,
            StreamCommand::CommitMessage { text } => self.commit(text).await,
        }
    }

    async fn rename(&self, name: &str) -> Result<(), Problem> {
        let name = Username::parse(name).map_err(|error| invalid("name", &error.to_string()))?;
        let (door, caller, room) = (self.door.clone(), self.caller, self.room_id);
        // An event of the log, as a message is.
        door.limits.check(Deed::Message(caller.user_id)).await?;
        // A draft has the name under which it was begun: what follows is another one.
        self.clear().await?;
        run_to_end(async move {
            let rename = &door.usecases.guests.rename;
            rename.execute(caller, room, &name).await
        })
        .await
    }

    /// Shows the whole draft. One that was lost meanwhile, with its lease, is begun anew.
    async fn show(&self, chunk: String) -> Result<(), Problem> {
        let deed = Deed::Stream(self.caller.user_id);
        self.door.limits.check(deed).await?;
        if let Some(id) = self.draft.get() {
            match self.replace(id, chunk.clone()).await? {
                Written::Yes => return Ok(()),
                Written::Gone => self.draft.set(None),
            }
        }
        let (door, caller, room_id) = (self.door.clone(), self.caller, self.room_id);
        let begun = run_to_end(async move {
            let input = StartStreamInput {
                room_id,
                kind: StreamKind::Draft,
                when_lost: WhenLost::Drop,
            };
            door.usecases.streams.start.execute(caller, input).await
        })
        .await?;
        self.draft.set(Some(begun.id));
        self.connection.writes_stream(room_id, begun.id);
        self.replace(begun.id, chunk).await.map(drop)
    }

    async fn replace(&self, id: StreamId, text: String) -> Result<Written, Problem> {
        let (door, caller) = (self.door.clone(), self.caller);
        let replacing = async move {
            let write = &door.usecases.streams.write;
            match write.replace(caller, id, &text).await {
                Ok(_) => Ok(Written::Yes),
                Err(WriteStreamError::Stream(StreamError::NotFound | StreamError::Ended)) => {
                    Ok(Written::Gone)
                }
                Err(error) => Err(error),
            }
        };
        run_to_end(replacing).await
    }

    async fn clear(&self) -> Result<(), Problem> {
        let Some(id) = self.draft.take() else {
            return Ok(());
        };
        let (door, caller) = (self.door.clone(), self.caller);
        run_to_end(async move {
            match door.usecases.streams.abort.execute(caller, id).await {
                // It ended by itself, and that was told.
                Err(StreamError::NotFound | StreamError::Ended) => Ok(()),
                other => other,
            }
        })
        .await
    }

    /// Sends the text: as the message that the draft becomes, when there is one.
    async fn commit(&self, text: String) -> Result<(), Problem> {
        let content =
            MessageContent::parse(&text).map_err(|error| invalid("text", &error.to_string()))?;
        let (door, caller) = (self.door.clone(), self.caller);
        if let Some(id) = self.draft.get()
            && self.replace(id, text).await? == Written::Yes
        {
            door.limits.check(Deed::Message(caller.user_id)).await?;
            let finish = async move { door.usecases.streams.finish.execute(caller, id).await };
            run_to_end(finish).await?;
            self.draft.set(None);
            return Ok(());
        }
        self.draft.set(None);
        send(door, caller, self.room_id, content).await
    }
}

/// What became of a write to a draft.
#[derive(Debug, PartialEq, Eq)]
enum Written {
    Yes,
    /// The draft is there no longer.
    Gone,
}

fn invalid(field: &str, rule: &str) -> Problem {
    Problem::new(Code::ValidationFailed, format!("{field}: {rule}"))
}
