use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Attachment, Message, MessageDraft, MessageId, ReceiptKind, RoomId,
    values::{AttachmentUrl, ClientMsgId, InvalidValue, MimeType},
};
use realtime::wire::RawAttachment;
use serde::Deserialize;
use usecase::messages::SendMessageInput;
use utoipa::ToSchema;

use super::{body::Body, caller::Authenticated, json::Object, run_to_end};
use crate::{
    Door,
    limits::Deed,
    problem::{BODY, CALLER, Fields, ID, Problem, problems},
};

type MessagePath = web::Path<(RoomId, MessageId)>;

/// A new message.
#[derive(Deserialize, ToSchema)]
pub(super) struct SendBody {
    /// At most 4,000 characters; not blank, except beside attachments.
    #[schema(required = true, value_type = String, max_length = 4000)]
    content: Option<String>,
    /// At most 10.
    #[schema(value_type = Option<Vec<Attachment>>)]
    attachments: Option<Vec<Object<RawAttachment>>>,
    /// 1 to 64 characters. A repeat answers the first message and sends nothing.
    client_msg_id: Option<String>,
}

/// Another text.
#[derive(Deserialize, ToSchema)]
pub(super) struct EditBody {
    /// 1 to 4,000 characters, not blank.
    #[schema(required = true, value_type = String, min_length = 1, max_length = 4000)]
    content: Option<String>,
}

problems!(SendProblems: CALLER, ID, BODY; RoomNotFound);
problems!(EditProblems: CALLER, ID, BODY; RoomNotFound, MessageNotFound, NotYours);
problems!(RemoveProblems: CALLER, ID; RoomNotFound, MessageNotFound, NotYours);
problems!(MarkProblems: CALLER, ID; RoomNotFound, MessageNotFound);

/// Sends a message.
#[utoipa::path(post, path = "/v1/rooms/{room_id}/messages", tag = "messages", params(("room_id" = RoomId, Path)),
    request_body = SendBody,
    responses((status = 201, body = Message),
              (status = 200, body = Message, description = "sent before, with this client_msg_id"), SendProblems))]
pub(super) async fn send(
    request: HttpRequest,
    door: web::Data<Door>,
    Authenticated(caller, (room, Body(body))): Authenticated<(web::Path<RoomId>, Body<SendBody>)>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let attachments = body.attachments.unwrap_or_default().into_iter();
    let attachments = attachments.map(|Object(raw)| raw).collect();
    let attachments = parse_attachments(&mut fields, attachments);
    let draft = fields.required("content", body.content, |raw| {
        MessageDraft::parse(&raw, attachments)
    });
    let client_msg_id = fields.optional("client_msg_id", body.client_msg_id, |raw| {
        ClientMsgId::parse(&raw)
    });
    let (Some(draft), Some(client_msg_id), true) = (draft, client_msg_id, fields.are_good()) else {
        return Err(fields.into());
    };
    let message = Deed::Message(caller.user_id);
    door.limits.check_request(&request, message).await?;
    let input = SendMessageInput {
        room_id: room.into_inner(),
        draft,
        client_msg_id,
    };
    let sent =
        run_to_end(async move { door.usecases.send_message.execute(caller, input).await }).await?;
    let mut response = if sent.repeated {
        HttpResponse::Ok()
    } else {
        HttpResponse::Created()
    };
    Ok(response.json(sent.message))
}

/// Parses attachments; the fields know of those that are refused.
pub(crate) fn parse_attachments(fields: &mut Fields, raw: Vec<RawAttachment>) -> Vec<Attachment> {
    let most = MessageDraft::MAX_ATTACHMENTS;
    if raw.len() > most {
        let rule = format!("at most {most} attachments");
        fields.refuse("attachments", "too_many_attachments", rule);
    }
    let parsed = raw
        .into_iter()
        .take(most)
        .enumerate()
        .filter_map(|(i, raw)| {
            let url = fields.check(
                &format!("attachments[{i}].url"),
                AttachmentUrl::parse(&raw.url),
            );
            let mime_type = fields.check(
                &format!("attachments[{i}].mime_type"),
                MimeType::parse(&raw.mime_type),
            );
            let size = i64::try_from(raw.size_bytes)
                .map_err(|_| InvalidValue::new("out_of_range", "is larger than any file"));
            fields.check(&format!("attachments[{i}].size_bytes"), size)?;
            Some(Attachment {
                url: url?,
                mime_type: mime_type?,
                size_bytes: raw.size_bytes,
            })
        });
    parsed.collect()
}

/// Gives a message another text.
#[utoipa::path(patch, path = "/v1/rooms/{room_id}/messages/{message_id}", tag = "messages",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path)),
    request_body = EditBody, responses((status = 200, body = Message), EditProblems))]
pub(super) async fn edit(
    door: web::Data<Door>,
    Authenticated(caller, (path, Body(body))): Authenticated<(MessagePath, Body<EditBody>)>,
) -> Result<HttpResponse, Problem> {
    let (room, message) = path.into_inner();
    let mut fields = Fields::new();
    let text = fields.required("content", body.content, |raw| {
        MessageDraft::parse(&raw, Vec::new())
    });
    let Some(text) = text else {
        return Err(fields.into());
    };
    let edited = run_to_end(async move {
        let edit = &door.usecases.edit_message;
        edit.execute(caller, room, message, text).await
    })
    .await?;
    Ok(HttpResponse::Ok().json(edited))
}

/// Deletes a message for everybody. Its sender may, and an admin of the room; where guests may come in, one of the server too.
#[utoipa::path(delete, path = "/v1/rooms/{room_id}/messages/{message_id}", tag = "messages",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path)),
    responses((status = 204), RemoveProblems))]
pub(super) async fn remove(
    door: web::Data<Door>,
    Authenticated(caller, path): Authenticated<MessagePath>,
) -> Result<HttpResponse, Problem> {
    let (room, message) = path.into_inner();
    run_to_end(async move {
        let delete = &door.usecases.delete_message;
        delete.execute(caller, room, message).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Says that the caller's client has the message, and all before it.
#[utoipa::path(post, path = "/v1/rooms/{room_id}/messages/{message_id}/deliver", tag = "messages",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path)),
    responses((status = 204), MarkProblems))]
pub(super) async fn deliver(
    door: web::Data<Door>,
    marked: Authenticated<MessagePath>,
) -> Result<HttpResponse, Problem> {
    mark(door, marked, ReceiptKind::Delivered).await
}

/// Says that the caller has read the message, and all before it.
#[utoipa::path(post, path = "/v1/rooms/{room_id}/messages/{message_id}/read", tag = "messages",
    params(("room_id" = RoomId, Path), ("message_id" = MessageId, Path)),
    responses((status = 204), MarkProblems))]
pub(super) async fn read(
    door: web::Data<Door>,
    marked: Authenticated<MessagePath>,
) -> Result<HttpResponse, Problem> {
    mark(door, marked, ReceiptKind::Read).await
}

async fn mark(
    door: web::Data<Door>,
    Authenticated(caller, path): Authenticated<MessagePath>,
    kind: ReceiptKind,
) -> Result<HttpResponse, Problem> {
    let (room, message) = path.into_inner();
    run_to_end(async move {
        let mark = &door.usecases.mark_message;
        mark.execute(caller, room, message, kind).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
