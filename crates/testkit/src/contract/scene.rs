//! Short words for what most demands begin with.

use std::future::Future;

use domain::{
    Attachment, Message, PasswordHash, Reaction, Role, RoomEvent, RoomEventKind, RoomId, Seq, User,
    UserId, Visibility,
    ports::{Appended, MessagePage, NewMessage, NewRoom},
    values::{AttachmentUrl, Emoji, MimeType},
};
use tokio::task::JoinSet;

use super::Stores;
use crate::sample;

impl Stores {
    /// Registers somebody.
    pub(super) async fn user(&self, name: &str) -> User {
        let user = sample::user(name);
        let password = PasswordHash(format!("$argon2id${name}"));
        self.users
            .create(&user, &password)
            .await
            .expect("an account");
        user
    }

    /// A private room with its owner and plain members.
    pub(super) async fn room(&self, owner: &User, members: &[&User]) -> RoomId {
        self.room_with(owner, members, |_| {}).await
    }

    /// A room that anybody may join.
    pub(super) async fn public_room(&self, owner: &User) -> RoomId {
        self.room_with(owner, &[], |room| room.visibility = Visibility::Public)
            .await
    }

    pub(super) async fn room_with(
        &self,
        owner: &User,
        members: &[&User],
        change: impl FnOnce(&mut NewRoom),
    ) -> RoomId {
        let mut room = sample::new_room(owner.id);
        room.members = members.iter().map(|user| (user.id, Role::Member)).collect();
        change(&mut room);
        self.rooms.create(&room).await.expect("a room").room.id
    }

    /// Sends a message, and answers it as the store tells it.
    pub(super) async fn say(&self, room: RoomId, sender: &User, text: &str) -> Message {
        sent(
            self.append(sample::new_message(room, sender.id, text))
                .await,
        )
    }

    /// Sends so many messages, "1" and so on.
    pub(super) async fn say_many(&self, room: RoomId, sender: &User, count: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        for number in 1..=count {
            messages.push(self.say(room, sender, &number.to_string()).await);
        }
        messages
    }

    pub(super) async fn append(&self, new: NewMessage) -> RoomEvent {
        match self.log.append(new).await.expect("an append") {
            Appended::New(event) => event,
            Appended::Repeat(event) => panic!("not a repeat: {event:?}"),
        }
    }

    /// Adds a reaction that does not stand there yet.
    pub(super) async fn react(&self, message: &Message, by: &User, with: &str) -> RoomEvent {
        let (room, id) = (message.room_id, message.id);
        let added = self.log.react(room, id, by.id, emoji(with), sample::now());
        match added.await.expect("a reaction") {
            Appended::New(event) => event,
            Appended::Repeat(event) => panic!("not a repeat: {event:?}"),
        }
    }

    /// Takes back a reaction that stands there.
    pub(super) async fn unreact(&self, message: &Message, by: &User, with: &str) -> RoomEvent {
        let (room, id) = (message.room_id, message.id);
        let removed = self
            .log
            .unreact(room, id, by.id, emoji(with), sample::now());
        removed.await.expect("no fault").expect("a reaction")
    }

    /// All reactions to a message, one by one.
    pub(super) async fn reactions_to(&self, message: &Message) -> Vec<Reaction> {
        let (room, id) = (message.room_id, message.id);
        let reactions = self.messages.reactions(room, id, Seq::START, 10_000);
        reactions.await.expect("reactions")
    }

    /// A message as it is now.
    pub(super) async fn shown(&self, message: &Message) -> Message {
        let found = self.messages.by_id(message.room_id, message.id).await;
        found.expect("no fault").expect("the message")
    }

    /// The whole log of a room.
    pub(super) async fn events(&self, room: RoomId) -> Vec<RoomEvent> {
        self.log
            .read(room, Seq::START, 10_000)
            .await
            .expect("the log")
    }

    /// The texts of a page, in its order.
    pub(super) async fn texts(&self, room: RoomId, page: MessagePage, limit: u32) -> Vec<String> {
        let messages = self.messages.page(room, page, limit).await;
        texts(&messages.expect("a page"))
    }

    /// The texts that somebody finds.
    pub(super) async fn found(
        &self,
        user: UserId,
        room: Option<RoomId>,
        term: &str,
    ) -> Vec<String> {
        let found = self
            .messages
            .search(user, room, &sample::term(term), 50)
            .await;
        texts(&found.expect("a search"))
    }
}

pub(super) fn texts(messages: &[Message]) -> Vec<String> {
    messages
        .iter()
        .map(|message| message.content.to_string())
        .collect()
}

/// The message of an event that sent one.
pub(super) fn sent(event: RoomEvent) -> Message {
    match event.kind {
        RoomEventKind::MessageSent(message) => message,
        other => panic!("not a message that was sent: {other:?}"),
    }
}

/// Starts `count` calls before any of them is waited for, and answers what they answered, in no order.
pub(super) async fn at_once<T, F>(count: usize, mut call: impl FnMut(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut calls: JoinSet<T> = (0..count).map(&mut call).collect();
    let mut answers = Vec::new();
    while let Some(answer) = calls.join_next().await {
        answers.push(answer.expect("the call does not panic"));
    }
    answers
}

/// Something to hang on a message.
pub(super) fn picture() -> Attachment {
    Attachment {
        url: AttachmentUrl::parse("https://files.example/ä.png?a=\"1\"").expect("valid"),
        mime_type: MimeType::parse("image/png").expect("valid"),
        // JSON in JavaScript would lose this one.
        size_bytes: (1 << 53) + 1,
    }
}

/// What a reaction says.
pub(super) fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).expect("an emoji")
}
