use actix_web::web;
use domain::{
    MessageDraft, RoomId,
    values::{ClientMsgId, InvalidValue},
};
use realtime::{
    Connection,
    wire::{ClientFrame, Command, SendMessage},
};
use serde_json::{Value, json};
use usecase::{Caller, messages::SendMessageInput};

use crate::{
    Door,
    http::{parse_attachments, run_to_end},
    limits::Deed,
    problem::{Fields, Problem},
};

/// Carries out a command. Answers what the `ack` says.
pub(super) async fn carry_out(
    door: web::Data<Door>,
    caller: Caller,
    connection: &Connection,
    frame: ClientFrame,
) -> Result<Value, Problem> {
    match frame.command? {
        Command::SendMessage(data) => send_message(door, caller, data).await,
        Command::TypingStart(data) => {
            door.limits.check(Deed::Typing(caller.user_id)).await?;
            connection.typing(data.room_id, true).await?;
            Ok(json!({}))
        }
        Command::TypingStop(data) => {
            door.limits.check(Deed::Typing(caller.user_id)).await?;
            connection.typing(data.room_id, false).await?;
            Ok(json!({}))
        }
        _ => Err(Problem::new(
            crate::problem::Code::UnknownEvent,
            "this door does not know the command",
        )),
    }
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
