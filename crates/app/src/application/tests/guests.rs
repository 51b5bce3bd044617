//! What becomes of a commit, and of a clear, in "stream" when a store fails in the middle of it.

use domain::{
    LiveStream, MessageId, RoomEvent, RoomId, Seq, Splice, StreamId, StreamState,
    ports::{Appended, LiveStreams, NewMessage, RoomLog},
    values::{Emoji, MessageContent},
};

use super::*;

/// What fails the next time, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nothing was changed.
    Finish,
    /// Nothing was changed.
    RemoveIf,
    /// Nothing was changed.
    Append,
    /// It was appended, and the answer is lost.
    AnswerOfAppend,
}

#[derive(Clone, Default)]
struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    fn set(&self, faults: &[Fault]) {
        *self.0.lock().unwrap() = faults.to_vec();
    }

    /// Takes the fault, if it is due.
    fn take(&self, fault: Fault) -> StoreResult<()> {
        let mut faults = self.0.lock().unwrap();
        match faults.iter().position(|it| *it == fault) {
            None => Ok(()),
            Some(place) => {
                faults.remove(place);
                Err(StoreError::Unavailable(format!("{fault:?} failed")))
            }
        }
    }

    #[track_caller]
    fn assert_none_left(&self) {
        let left = self.0.lock().unwrap();
        assert!(left.is_empty(), "{left:?}");
    }
}

struct FaultyStreams(Arc<dyn LiveStreams>, Faults);

#[async_trait]
impl LiveStreams for FaultyStreams {
    async fn start(&self, stream: &LiveStream, most: usize) -> StoreResult<()> {
        self.0.start(stream, most).await
    }

    async fn by_id(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        self.0.by_id(id).await
    }

    async fn of_rooms(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<LiveStream>> {
        self.0.of_rooms(rooms).await
    }

    async fn of_author(&self, author: UserId) -> StoreResult<Vec<LiveStream>> {
        self.0.of_author(author).await
    }

    async fn write(&self, id: StreamId, splice: &Splice) -> StoreResult<()> {
        self.0.write(id, splice).await
    }

    async fn hide(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        self.0.hide(id).await
    }

    async fn renew(&self, ids: Vec<StreamId>) -> StoreResult<Vec<StreamId>> {
        self.0.renew(ids).await
    }

    async fn finish(&self, id: StreamId) -> StoreResult<Option<LiveStream>> {
        self.1.take(Fault::Finish)?;
        self.0.finish(id).await
    }

    async fn remove(&self, id: StreamId) -> StoreResult<bool> {
        self.0.remove(id).await
    }

    async fn remove_if(&self, id: StreamId, state: StreamState) -> StoreResult<bool> {
        self.1.take(Fault::RemoveIf)?;
        self.0.remove_if(id, state).await
    }

    async fn take_lost(&self, most: usize) -> StoreResult<Vec<LiveStream>> {
        self.0.take_lost(most).await
    }
}

struct FaultyLog(Arc<dyn RoomLog>, Faults);

#[async_trait]
impl RoomLog for FaultyLog {
    async fn append(&self, new: NewMessage) -> StoreResult<Appended> {
        self.1.take(Fault::Append)?;
        let appended = self.0.append(new).await?;
        self.1.take(Fault::AnswerOfAppend)?;
        Ok(appended)
    }

    async fn edit(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        content: MessageContent,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        self.0.edit(room, message, by, content, at).await
    }

    async fn delete(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        self.0.delete(room, message, by, at).await
    }

    async fn react(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> StoreResult<Appended> {
        self.0.react(room, message, by, emoji, at).await
    }

    async fn unreact(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> StoreResult<Option<RoomEvent>> {
        self.0.unreact(room, message, by, emoji, at).await
    }

    async fn read(&self, room: RoomId, after: Seq, limit: u32) -> StoreResult<Vec<RoomEvent>> {
        self.0.read(room, after, limit).await
    }

    async fn heads(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<(RoomId, Seq)>> {
        self.0.heads(rooms).await
    }
}

/// A guest in "stream", alone on a node whose stores fail as they are told.
struct Guest {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    address: SocketAddr,
    faults: Faults,
}

impl Guest {
    async fn send(&mut self, kind: &str, payload: Value) {
        let frame = json!({"type": kind, "payload": payload});
        self.socket
            .send(Frame::text(frame.to_string()))
            .await
            .unwrap();
    }

    async fn commit(&mut self) {
        self.send("COMMIT_MESSAGE", json!({"text": "soup"})).await;
    }

    async fn type_out(&mut self, chunk: &str) {
        self.send("STREAM_CHUNK", json!({"chunk": chunk})).await;
    }

    /// Types, and waits until it is shown.
    async fn shows(&mut self, chunk: &str) {
        self.type_out(chunk).await;
        while self.next("STREAM_CHUNK").await["chunk"] != chunk {}
    }

    /// The payload of the next frame of this type.
    async fn next(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.socket.next().await.expect("a frame").unwrap();
            let Ok(frame) = serde_json::from_str::<Value>(frame.to_text().unwrap_or_default())
            else {
                continue;
            };
            if frame["type"] == kind {
                return frame["payload"].clone();
            }
        }
    }

    /// The server says that something failed.
    async fn complaint(&mut self) {
        let told = self.next("SYSTEM").await;
        assert_eq!(told["text"], "the store is away; try again", "{told}");
    }

    /// What is stored.
    async fn stored(&self) -> Vec<String> {
        let url = format!("http://{}/api/rooms/global/messages", self.address);
        let listed: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let messages = listed.as_array().unwrap().iter();
        messages
            .map(|it| it["content"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Asserts that "soup" is told and stored once: what is told before the end of what is sent next is all that is.
    async fn assert_sent_once(&mut self) {
        let told = self.next("MESSAGE_COMMITTED").await;
        assert_eq!(told["text"], "soup");
        self.faults.assert_none_left();
        self.send("COMMIT_MESSAGE", json!({"text": "bread"})).await;
        let told = self.next("MESSAGE_COMMITTED").await;
        assert_eq!(told["text"], "bread");
        assert_eq!(self.stored().await, ["soup", "bread"]);
    }
}

async fn with_a_guest(test: impl AsyncFnOnce(&mut Guest)) {
    let faults = Faults::default();
    let (node, _folder) = node_with(|ports| {
        ports.streams = Arc::new(FaultyStreams(ports.streams.clone(), faults.clone()));
        ports.log = Arc::new(FaultyLog(ports.log.clone(), faults.clone()));
    })
    .await;
    let address = node.address;
    let body = async {
        let (socket, _) = connect_async(format!("ws://{address}/")).await.unwrap();
        let mut guest = Guest {
            socket,
            address,
            faults,
        };
        guest.next("PARTICIPANTS").await;
        test(&mut guest).await;
    };
    run_for(node, body).await;
}

#[tokio::test]
async fn a_commit_whose_draft_cannot_be_finished_is_sent_once() {
    with_a_guest(async |guest| {
        guest.shows("sou").await;
        guest.faults.set(&[Fault::Finish]);
        guest.commit().await;
        guest.assert_sent_once().await;
    })
    .await;
}

#[tokio::test]
async fn a_commit_whose_draft_is_finished_and_cannot_be_appended_is_appended_past_it_once() {
    for fault in [Fault::Append, Fault::AnswerOfAppend] {
        with_a_guest(async |guest| {
            guest.shows("sou").await;
            guest.faults.set(&[fault]);
            guest.commit().await;
            guest.assert_sent_once().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_commit_that_fails_altogether_is_answered_and_may_be_tried_again() {
    for faults in [
        [Fault::Finish, Fault::Append].as_slice(),
        &[Fault::Finish, Fault::AnswerOfAppend],
        &[Fault::Append, Fault::Append],
        &[Fault::AnswerOfAppend, Fault::AnswerOfAppend],
        // Nor is the second try answered.
        &[
            Fault::AnswerOfAppend,
            Fault::AnswerOfAppend,
            Fault::AnswerOfAppend,
        ],
    ] {
        with_a_guest(async |guest| {
            guest.shows("sou").await;
            guest.faults.set(faults);
            guest.commit().await;
            guest.complaint().await;
            if faults.len() > 2 {
                guest.commit().await;
                guest.complaint().await;
            }
            guest.commit().await;
            guest.assert_sent_once().await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_clear_that_fails_is_answered_and_the_draft_goes_on() {
    with_a_guest(async |guest| {
        guest.shows("sou").await;
        guest.faults.set(&[Fault::RemoveIf]);
        guest.type_out("").await;
        guest.complaint().await;
        guest.faults.assert_none_left();
        // It is the same draft: nothing stands there twice.
        guest.shows("soup").await;
        guest.type_out("").await;
        assert_eq!(guest.next("STREAM_CHUNK").await["chunk"], "");
        guest.shows("so").await;
        guest.commit().await;
        guest.assert_sent_once().await;
    })
    .await;
}
