use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    StreamId, StreamKind, WhenLost,
    values::{ClientMsgId, GuestId, MessageContent, RoomName, Username},
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

use super::{Arrival, DEFAULT_ROOM, Guest, arrive, check};
use crate::{
    Door,
    client_address::client_address,
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
        guest_id: GuestId::given(&door.ids.next().to_string()).map_err(invalid)?,
        name: name.clone(),
        room: GuestRoom::Named(RoomName::parse(DEFAULT_ROOM).map_err(invalid)?),
    };
    // Before anything is changed: a request that is no handshake lets nobody in.
    let (response, upgraded) = upgrade(&request, payload, &door).await?;
    let Arrival {
        connection,
        entered,
    } = arrive(&request, &door, Codec::Stream, input).await?;
    let address = client_address(&request);
    let settings = door.settings.ws;
    // Given back, as in the native handshake.
    let starting = Box::pin(async move {
        let Entered { user, room, start } = entered;
        let guest = Guest {
            caller: Caller::guest(user.id),
            room_id: room.id,
            address,
        };
        let welcome = format!("Welcome to ChatterStack. You are {name} until you join by a name.");
        let greeting = vec![stream::system(&welcome)];
        connection.start_guest(user, start, greeting).await;
        let connection = Rc::new(connection);
        let talk = Rc::new(Talk {
            door,
            guest,
            connection: connection.clone(),
            draft: Cell::new(None),
            failed: RefCell::default(),
        });
        (Stream(talk), connection)
    });
    let pumping = async move {
        let (stream, connection) = starting.await;
        Pump::run(settings, stream, connection, upgraded).await;
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
    guest: Guest,
    connection: Rc<Connection>,
    /// What the guest is writing, if anything.
    draft: Cell<Option<StreamId>>,
    /// A text that could not be sent, or of which that is not known, and under which reference: tried again, it has the same.
    failed: RefCell<Option<(String, StreamId)>>,
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
        let Guest {
            caller, room_id, ..
        } = self.guest;
        let door = self.door.clone();
        // An event of the log, as a message is.
        self.guest.may_say(&door).await?;
        // A draft has the name under which it was begun: what follows is another one. Where it cannot be ended, its lease does.
        if let Err(problem) = self.clear().await {
            tracing::debug!(%problem, "a draft goes on under an old name");
        }
        run_to_end(async move {
            let rename = &door.usecases.guests.rename;
            rename.execute(caller, room_id, &name).await
        })
        .await
    }

    /// Shows the whole draft. One that was lost meanwhile, with its lease, is begun anew.
    async fn show(&self, chunk: String) -> Result<(), Problem> {
        let deed = Deed::Stream(self.guest.caller.user_id);
        self.door.limits.check(deed).await?;
        if let Some(id) = self.draft.get() {
            match self.replace(id, chunk.clone()).await? {
                Written::Yes => return Ok(()),
                Written::Gone => self.draft.set(None),
            }
        }
        let Guest {
            caller, room_id, ..
        } = self.guest;
        let door = self.door.clone();
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
        let (door, caller) = (self.door.clone(), self.guest.caller);
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
        let Some(id) = self.draft.get() else {
            return Ok(());
        };
        let (door, caller) = (self.door.clone(), self.guest.caller);
        run_to_end(async move {
            match door.usecases.streams.abort.execute(caller, id).await {
                // It ended by itself, and that was told.
                Err(StreamError::NotFound | StreamError::Ended) => Ok(()),
                other => other,
            }
        })
        .await?;
        self.draft.set(None);
        Ok(())
    }

    /// Sends the text, as the message that the draft becomes. Whatever becomes of the draft, the message has its id as its
    /// reference: a text that is committed again, because that failed, is not sent twice.
    async fn commit(&self, text: String) -> Result<(), Problem> {
        MessageContent::parse(&text).map_err(|error| invalid("text", &error.to_string()))?;
        self.guest.may_say(&self.door).await?;
        let failed = self.failed.take();
        let again = failed.filter(|(said, _)| *said == text).map(|(_, id)| id);
        if again.is_some_and(|again| self.draft.get().is_some_and(|draft| draft != again)) {
            // It was typed again: what was typed is not what is sent.
            self.clear().await?;
        }
        let draft = self.draft.take();
        let reference = again.or(draft).unwrap_or(StreamId(self.door.ids.next()));
        let sent = self.send(draft, reference, &text).await;
        if sent.is_err() {
            self.failed.replace(Some((text, reference)));
        }
        sent
    }

    async fn send(
        &self,
        draft: Option<StreamId>,
        reference: StreamId,
        text: &str,
    ) -> Result<(), Problem> {
        let (door, caller) = (self.door.clone(), self.guest.caller);
        if let Some(id) = draft.filter(|id| *id == reference) {
            match self.replace(id, text.to_owned()).await {
                Ok(Written::Yes) => {
                    let finishing = door.clone();
                    let finish = async move {
                        let finish = &finishing.usecases.streams.finish;
                        finish.execute(caller, id).await
                    };
                    if run_to_end(finish).await.is_ok() {
                        return Ok(());
                    }
                    // It takes no more writes, and is sent as it is, now or later: once.
                }
                Ok(Written::Gone) => {}
                // What is being written needs Redis, and messages do not.
                Err(problem) => tracing::debug!(%problem, "a draft is sent past its store"),
            }
        }
        let reference = ClientMsgId::parse(&reference.to_string())
            .map_err(|error| invalid("text", &error.to_string()))?;
        self.guest.say(door, text, Some(reference)).await
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
