//! The commands of a socket that writes streams.

use actix_web::web;
use domain::{ShownStream, StreamId};
use realtime::{
    Connection,
    wire::{AppendToStream, ReplaceStream, StartStream},
};
use serde_json::{Value, json};
use usecase::{
    Caller,
    streams::{StartStreamInput, WriteStreamError, Written},
};

use crate::{Door, http::run_to_end, limits::Deed, problem::Problem};

/// A command about a stream, by whom, on which socket.
pub(super) struct StreamCommand<'a> {
    pub door: web::Data<Door>,
    pub caller: Caller,
    pub connection: &'a Connection,
}

impl StreamCommand<'_> {
    pub async fn start(self, data: StartStream) -> Result<Value, Problem> {
        let Self { door, caller, .. } = self;
        door.limits.check(Deed::Stream(caller.user_id)).await?;
        let stream = run_to_end(async move {
            let input = StartStreamInput {
                room_id: data.room_id,
                kind: data.kind,
                when_lost: data.when_lost,
            };
            door.usecases.streams.start.execute(caller, input).await
        })
        .await?;
        self.connection.writes_stream(stream.room_id, stream.id);
        Ok(json!({"stream": ShownStream::from(stream)}))
    }

    pub async fn append(self, data: AppendToStream) -> Result<Value, Problem> {
        let (door, caller, id) = (self.door.clone(), self.caller, data.id);
        let append = async move {
            let write = &door.usecases.streams.write;
            write.append(caller, id, data.index, &data.delta).await
        };
        self.write(id, append).await
    }

    pub async fn replace(self, data: ReplaceStream) -> Result<Value, Problem> {
        let (door, caller, id) = (self.door.clone(), self.caller, data.id);
        let replace = async move {
            let write = &door.usecases.streams.write;
            write.replace(caller, id, &data.text).await
        };
        self.write(id, replace).await
    }

    /// Whoever writes on after a connection was lost keeps the stream by the new one.
    async fn write(
        self,
        id: StreamId,
        write: impl Future<Output = Result<Written, WriteStreamError>> + 'static,
    ) -> Result<Value, Problem> {
        let deed = Deed::Stream(self.caller.user_id);
        self.door.limits.check(deed).await?;
        let written = run_to_end(write).await?;
        self.connection.writes_stream(written.room_id, id);
        Ok(json!({"index": written.index}))
    }

    pub async fn finish(self, id: StreamId) -> Result<Value, Problem> {
        let Self { door, caller, .. } = self;
        door.limits.check(Deed::Message(caller.user_id)).await?;
        let finish = async move { door.usecases.streams.finish.execute(caller, id).await };
        let sent = run_to_end(finish).await?;
        Ok(json!({"message": sent.message, "repeated": sent.repeated}))
    }

    pub async fn abort(self, id: StreamId) -> Result<Value, Problem> {
        let Self { door, caller, .. } = self;
        run_to_end(async move { door.usecases.streams.abort.execute(caller, id).await }).await?;
        Ok(json!({}))
    }

    pub async fn stop(self, id: StreamId) -> Result<Value, Problem> {
        let Self { door, caller, .. } = self;
        door.limits.check(Deed::Stream(caller.user_id)).await?;
        run_to_end(async move { door.usecases.streams.stop.execute(caller, id).await }).await?;
        Ok(json!({}))
    }
}
