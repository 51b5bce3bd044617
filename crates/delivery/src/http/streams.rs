use actix_web::{HttpResponse, web};
use domain::{Message, RoomId, ShownStream, StreamId, StreamKind, WhenLost};
use serde::{Deserialize, Serialize};
use usecase::streams::StartStreamInput;
use utoipa::ToSchema;

use super::{body::Body, caller::Authenticated, json::Word, run_to_end};
use crate::{
    Door,
    limits::Deed,
    problem::{BODY, CALLER, ID, Problem, problems},
};

/// A stream to be begun.
#[derive(Deserialize, ToSchema)]
pub(super) struct StartBody {
    /// What it is.
    #[schema(value_type = StreamKind)]
    kind: Word<StreamKind>,
    /// What becomes of it when its author is lost; `drop` if not given.
    #[schema(value_type = Option<WhenLost>)]
    when_lost: Option<Word<WhenLost>>,
}

/// What stands where.
#[derive(Deserialize, ToSchema)]
pub(super) struct AppendBody {
    /// Where the delta begins, in characters (Unicode scalar values) from the start: at the end of the text, or where it
    /// stands already.
    index: usize,
    /// The whole text has at most 4,000 characters.
    delta: String,
}

/// Another text.
#[derive(Deserialize, ToSchema)]
pub(super) struct ReplaceBody {
    /// At most 4,000 characters; it may be empty.
    text: String,
}

/// Where the stream goes on.
#[derive(Serialize, ToSchema)]
pub(super) struct WrittenBody {
    /// How many characters (Unicode scalar values) the text has.
    index: usize,
}

/// What is being written in a room.
#[derive(Serialize, ToSchema)]
pub(super) struct StreamsBody {
    /// The one that was begun first first.
    streams: Vec<ShownStream>,
}

problems!(StartProblems: CALLER, ID, BODY; RoomNotFound, TooManyStreams);
problems!(ListProblems: CALLER, ID; RoomNotFound);
problems!(ShowProblems: CALLER, ID; StreamNotFound);
problems!(WriteProblems: CALLER, ID, BODY; StreamNotFound, NotYours, StreamEnded, ValidationFailed);
problems!(AppendProblems: CALLER, ID, BODY; StreamNotFound, NotYours, StreamEnded, StreamMisplaced, ValidationFailed);
problems!(FinishProblems: CALLER, ID; StreamNotFound, NotYours, StreamBlank);
problems!(EndProblems: CALLER, ID; StreamNotFound, NotYours, StreamEnded);
problems!(StopProblems: CALLER, ID; StreamNotFound, StreamEnded);

/// Begins a message that others see while it is written. It has the id of the message that it becomes.
#[utoipa::path(post, path = "/v1/rooms/{room_id}/streams", tag = "streams", params(("room_id" = RoomId, Path)),
    request_body = StartBody, responses((status = 201, body = ShownStream), StartProblems))]
pub(super) async fn start(
    door: web::Data<Door>,
    Authenticated(caller, (room, Body(body))): Authenticated<(web::Path<RoomId>, Body<StartBody>)>,
) -> Result<HttpResponse, Problem> {
    let input = StartStreamInput {
        room_id: room.into_inner(),
        kind: body.kind.0,
        when_lost: body.when_lost.map(|word| word.0).unwrap_or_default(),
    };
    door.limits.check(Deed::Stream(caller.user_id)).await?;
    let stream = run_to_end(async move {
        let start = &door.usecases.streams.start;
        start.execute(caller, input).await
    })
    .await?;
    Ok(HttpResponse::Created().json(ShownStream::from(stream)))
}

/// Lists what is being written in a room.
#[utoipa::path(get, path = "/v1/rooms/{room_id}/streams", tag = "streams", params(("room_id" = RoomId, Path)),
    responses((status = 200, body = StreamsBody), ListProblems))]
pub(super) async fn list(
    door: web::Data<Door>,
    Authenticated(caller, room): Authenticated<web::Path<RoomId>>,
) -> Result<HttpResponse, Problem> {
    let list = &door.usecases.streams.list;
    let streams = list.execute(caller, room.into_inner()).await?;
    let streams = streams.into_iter().map(ShownStream::from).collect();
    Ok(HttpResponse::Ok().json(StreamsBody { streams }))
}

/// A stream, with its text so far.
#[utoipa::path(get, path = "/v1/streams/{stream_id}", tag = "streams", params(("stream_id" = StreamId, Path)),
    responses((status = 200, body = ShownStream), ShowProblems))]
pub(super) async fn show(
    door: web::Data<Door>,
    Authenticated(caller, id): Authenticated<web::Path<StreamId>>,
) -> Result<HttpResponse, Problem> {
    let show = &door.usecases.streams.show;
    let stream = show.execute(caller, id.into_inner()).await?;
    Ok(HttpResponse::Ok().json(ShownStream::from(stream)))
}

/// Writes on at one's stream. To do so again changes nothing; an empty delta at the end keeps the stream.
#[utoipa::path(post, path = "/v1/streams/{stream_id}/append", tag = "streams", params(("stream_id" = StreamId, Path)),
    request_body = AppendBody, responses((status = 200, body = WrittenBody), AppendProblems))]
pub(super) async fn append(
    door: web::Data<Door>,
    Authenticated(caller, (id, Body(body))): Authenticated<(web::Path<StreamId>, Body<AppendBody>)>,
) -> Result<HttpResponse, Problem> {
    door.limits.check(Deed::Stream(caller.user_id)).await?;
    let written = run_to_end(async move {
        let write = &door.usecases.streams.write;
        let id = id.into_inner();
        write.append(caller, id, body.index, &body.delta).await
    })
    .await?;
    let index = written.index;
    Ok(HttpResponse::Ok().json(WrittenBody { index }))
}

/// Gives one's stream another text.
#[utoipa::path(put, path = "/v1/streams/{stream_id}/text", tag = "streams", params(("stream_id" = StreamId, Path)),
    request_body = ReplaceBody, responses((status = 200, body = WrittenBody), WriteProblems))]
pub(super) async fn replace(
    door: web::Data<Door>,
    Authenticated(caller, (id, Body(body))): Authenticated<(
        web::Path<StreamId>,
        Body<ReplaceBody>,
    )>,
) -> Result<HttpResponse, Problem> {
    door.limits.check(Deed::Stream(caller.user_id)).await?;
    let written = run_to_end(async move {
        let write = &door.usecases.streams.write;
        write.replace(caller, id.into_inner(), &body.text).await
    })
    .await?;
    let index = written.index;
    Ok(HttpResponse::Ok().json(WrittenBody { index }))
}

/// Sends one's stream as a message. To do so again answers the same message.
#[utoipa::path(post, path = "/v1/streams/{stream_id}/finish", tag = "streams", params(("stream_id" = StreamId, Path)),
    responses((status = 201, body = Message), (status = 200, body = Message, description = "sent before"),
              FinishProblems))]
pub(super) async fn finish(
    door: web::Data<Door>,
    Authenticated(caller, id): Authenticated<web::Path<StreamId>>,
) -> Result<HttpResponse, Problem> {
    door.limits.check(Deed::Message(caller.user_id)).await?;
    let sent = run_to_end(async move {
        let finish = &door.usecases.streams.finish;
        finish.execute(caller, id.into_inner()).await
    })
    .await?;
    let mut response = if sent.repeated {
        HttpResponse::Ok()
    } else {
        HttpResponse::Created()
    };
    Ok(response.json(sent.message))
}

/// Gives one's stream up.
#[utoipa::path(delete, path = "/v1/streams/{stream_id}", tag = "streams", params(("stream_id" = StreamId, Path)),
    responses((status = 204), EndProblems))]
pub(super) async fn abort(
    door: web::Data<Door>,
    Authenticated(caller, id): Authenticated<web::Path<StreamId>>,
) -> Result<HttpResponse, Problem> {
    run_to_end(async move {
        let abort = &door.usecases.streams.abort;
        abort.execute(caller, id.into_inner()).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Asks the author of a stream to stop: their sockets are told `stream.stop`.
#[utoipa::path(post, path = "/v1/streams/{stream_id}/stop", tag = "streams", params(("stream_id" = StreamId, Path)),
    responses((status = 204), StopProblems))]
pub(super) async fn stop(
    door: web::Data<Door>,
    Authenticated(caller, id): Authenticated<web::Path<StreamId>>,
) -> Result<HttpResponse, Problem> {
    door.limits.check(Deed::Stream(caller.user_id)).await?;
    run_to_end(async move {
        let stop = &door.usecases.streams.stop;
        stop.execute(caller, id.into_inner()).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
