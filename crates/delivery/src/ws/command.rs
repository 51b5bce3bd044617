use actix_web::web;
use bytestring::ByteString;
use domain::{
    MessageDraft, RoomId,
    values::{ClientMsgId, InvalidValue},
};
use realtime::{
    CloseReason, Connection,
    wire::{self, ClientFrame, Command, Reference, SendMessage},
};
use serde_json::{Value, json};
use usecase::{Caller, auth::AuthenticateError, messages::SendMessageInput};

use super::{lease::Lease, streams::StreamCommand, ticks::Ticks};
use crate::{
    Door,
    http::{parse_attachments, run_to_end},
    limits::Deed,
    problem::{Code, Fields, Problem},
};

/// What becomes of a command that was carried out.
pub(super) enum Outcome {
    /// It is answered with this.
    Answer(Value),
    /// The hub has answered it, in the place where the answer belongs.
    Answered,
}

/// Carries out a command of a socket.
pub(super) async fn carry_out(
    door: web::Data<Door>,
    lease: &Lease,
    connection: &Connection,
    ticks: &Ticks,
    frame: ClientFrame,
) -> Result<Outcome, Problem> {
    let caller = lease.caller();
    let stream = StreamCommand {
        door: door.clone(),
        caller,
        connection,
    };
    let answer = match frame.command? {
        Command::SendMessage(data) => send_message(door, caller, data).await?,
        Command::TypingStart(data) => {
            door.limits.check(Deed::Typing(caller.user_id)).await?;
            connection.typing(data.room_id, true).await?;
            json!({})
        }
        Command::TypingStop(data) => {
            door.limits.check(Deed::Typing(caller.user_id)).await?;
            connection.typing(data.room_id, false).await?;
            json!({})
        }
        Command::Subscribe(data) => {
            door.limits.check(Deed::Call(caller.user_id)).await?;
            let follow = &door.usecases.follow_rooms;
            let room = follow.subscribe(caller, data.room_id).await?;
            let answer = acknowledge(frame.id.as_ref(), json!({"room": room}));
            connection.follow(vec![room], vec![], answer).await?;
            return Ok(Outcome::Answered);
        }
        Command::Unsubscribe(data) => {
            let answer = acknowledge(frame.id.as_ref(), json!({}));
            connection.unfollow(data.room_id, answer).await;
            return Ok(Outcome::Answered);
        }
        Command::Resume(data) => {
            door.limits.check(Deed::Call(caller.user_id)).await?;
            let follow = &door.usecases.follow_rooms;
            let resumed = follow.resume(caller, data.rooms).await?;
            let answer = acknowledge(frame.id.as_ref(), json!({"rooms": resumed.rooms}));
            let (rooms, resumptions) = (resumed.rooms, resumed.resumptions);
            connection.follow(rooms, resumptions, answer).await?;
            return Ok(Outcome::Answered);
        }
        Command::Authenticate(data) => {
            door.limits.check(Deed::Call(caller.user_id)).await?;
            authenticate(&door, lease, connection, &data.access_token).await?
        }
        Command::StreamStart(data) => stream.start(data).await?,
        Command::StreamAppend(data) => stream.append(data).await?,
        Command::StreamReplace(data) => stream.replace(data).await?,
        Command::StreamFinish(data) => stream.finish(data.id).await?,
        Command::StreamAbort(data) => stream.abort(data.id).await?,
        Command::StreamStop(data) => stream.stop(data.id).await?,
        Command::AnalyticsSubscribe => {
            door.limits.check(Deed::Call(caller.user_id)).await?;
            let live = &door.usecases.analytics.live;
            live.nodes(caller, door.stats()).await?;
            ticks.start();
            json!({})
        }
        Command::AnalyticsUnsubscribe => {
            ticks.stop();
            json!({})
        }
        _ => Err(Problem::new(
            Code::UnknownEvent,
            "this door does not know the command",
        ))?,
    };
    Ok(Outcome::Answer(answer))
}

fn acknowledge(id: Option<&Reference>, data: Value) -> Option<ByteString> {
    id.map(|id| wire::acknowledged(id, data))
}

async fn authenticate(
    door: &Door,
    lease: &Lease,
    connection: &Connection,
    token: &str,
) -> Result<Value, Problem> {
    let authenticate = &door.usecases.authenticate;
    let proof = authenticate.prove(token).await?;
    let (old, new) = (lease.caller(), proof.caller);
    if new.user_id != old.user_id {
        let told = "the access token is another user's";
        return Err(Problem::new(Code::TokenInvalid, told));
    }
    if new.session_id != old.session_id {
        connection.renew(new.session_id).await;
        // Looked at again now that its end would close the socket: it may have ended just before.
        match authenticate.prove(token).await {
            Ok(_) => {}
            Err(error @ AuthenticateError::SessionEnded) => {
                connection.outbox().close(CloseReason::SessionEnded);
                return Err(error.into());
            }
            // Nothing is known of the new log-in: the socket stays as it was, and the client tries again.
            Err(error) => {
                connection.renew(old.session_id).await;
                return Err(error.into());
            }
        }
    }
    lease.renew(proof);
    Ok(json!({"expires_at": proof.expires_at}))
}

async fn send_message(
    door: web::Data<Door>,
    caller: Caller,
    data: SendMessage,
) -> Result<Value, Problem> {
    let mut fields = Fields::new();
    let room_id = data
        .room_id
        .parse::<RoomId>()
        .map_err(|_| InvalidValue::new("not_an_id", "must be the id of a room"));
    let room_id = fields.check("room_id", room_id);
    let attachments = parse_attachments(&mut fields, data.attachments);
    let draft = fields.check("content", MessageDraft::parse(&data.content, attachments));
    let client_msg_id = fields.optional("client_msg_id", data.client_msg_id, |raw| {
        ClientMsgId::parse(&raw)
    });
    let (Some(room_id), Some(draft), Some(client_msg_id), true) =
        (room_id, draft, client_msg_id, fields.are_good())
    else {
        return Err(fields.into());
    };
    door.limits.check(Deed::Message(caller.user_id)).await?;
    let sent = run_to_end(async move {
        let input = SendMessageInput {
            room_id,
            draft,
            client_msg_id,
        };
        door.usecases.send_message.execute(caller, input).await
    })
    .await?;
    Ok(json!({"message": sent.message, "repeated": sent.repeated}))
}
