use std::time::Duration;

use bytestring::ByteString;
use domain::{
    BusEvent, ConnectionId, LiveStream, Message, ReactionChange, RemovalReason, Room, RoomEvent,
    RoomEventKind, RoomId, RoomSnapshot, Seq, ShownStream, StreamEnd, StreamId, Timestamp, User,
    UserId,
};
use serde::Serialize;
use serde_json::json;

use super::Reference;

/// A frame of the server. `seq` is the number of the room event that it tells, if it tells one.
#[derive(Serialize)]
struct Frame<'a, T> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    data: T,
}

fn encode<T: Serialize>(
    event: &str,
    id: Option<&Reference>,
    seq: Option<Seq>,
    data: T,
) -> ByteString {
    super::json(&Frame {
        event,
        id,
        seq,
        data,
    })
}

/// What a socket is told first.
#[derive(Debug, Serialize)]
pub struct Ready<'a> {
    /// This socket.
    pub session_id: ConnectionId,
    /// Whose it is.
    pub user: &'a User,
    /// How often the server pings, in milliseconds.
    pub ping_interval_ms: u128,
    /// When the socket ends, its client comes back at a moment within this time, in milliseconds, that it draws by lot.
    pub reconnect_spread_ms: u128,
    /// The rooms it follows, each as it stood at one moment; its events come from there on.
    pub rooms: &'a [RoomSnapshot],
}

/// The first frame of a socket.
#[must_use]
pub fn ready(
    session_id: ConnectionId,
    user: &User,
    ping_interval: Duration,
    reconnect_spread: Duration,
    rooms: &[RoomSnapshot],
) -> ByteString {
    let data = Ready {
        session_id,
        user,
        ping_interval_ms: ping_interval.as_millis(),
        reconnect_spread_ms: reconnect_spread.as_millis(),
        rooms,
    };
    encode("ready", None, None, data)
}

/// The answer to a command that was carried out.
#[must_use]
pub fn acknowledged(id: &Reference, data: impl Serialize) -> ByteString {
    encode("ack", Some(id), None, data)
}

/// The answer to a command that was not.
#[must_use]
pub fn rejected(id: Option<&Reference>, data: impl Serialize) -> ByteString {
    encode("error", id, None, data)
}

/// The user is in a room now.
#[must_use]
pub fn room_added(room: &Room) -> ByteString {
    encode("room_added", None, None, room)
}

/// The user is in a room no longer.
#[must_use]
pub fn room_removed(room_id: RoomId, reason: RemovalReason) -> ByteString {
    let data = json!({"room_id": room_id, "reason": reason});
    encode("room_removed", None, None, data)
}

/// The client has all of the room that it missed, up to a number; what follows is live.
#[must_use]
pub fn resumed(room_id: RoomId, from: Seq, to: Seq) -> ByteString {
    let data = json!({"room_id": room_id, "from": from, "to": to, "recovered": true});
    encode("resumed", None, None, data)
}

/// The client is told nothing of what it missed, and reads the room anew; what follows `last_seq` is live.
#[must_use]
pub fn not_resumed(room_id: RoomId, from: Seq, last_seq: Seq) -> ByteString {
    let data = json!({"room_id": room_id, "from": from, "last_seq": last_seq, "recovered": false});
    encode("resumed", None, None, data)
}

/// The socket's access token expires soon: it is closed then, unless the client sends a new one.
#[must_use]
pub fn token_expiring(expires_at: Timestamp) -> ByteString {
    let data = json!({"expires_at": expires_at});
    encode("token_expiring", None, None, data)
}

/// A durable event of a room.
#[must_use]
pub fn room_event(event: &RoomEvent) -> ByteString {
    let (room_id, seq) = (event.room_id, event.seq);
    let tell = |name: &str, data: serde_json::Value| encode(name, None, Some(seq), data);
    match &event.kind {
        RoomEventKind::MessageSent(message) => encode("receive_message", None, Some(seq), message),
        RoomEventKind::MessageEdited(message) => {
            encode("message.updated", None, Some(seq), message)
        }
        RoomEventKind::MessageDeleted { message_id } => tell(
            "message.deleted",
            json!({"id": message_id, "room_id": room_id, "seq": seq}),
        ),
        RoomEventKind::ReactionAdded(change) => {
            tell("reaction.added", reaction(room_id, seq, change))
        }
        RoomEventKind::ReactionRemoved(change) => {
            tell("reaction.removed", reaction(room_id, seq, change))
        }
        RoomEventKind::MemberJoined(member) => tell(
            "member.joined",
            json!({"room_id": room_id, "user_id": member.user_id, "username": member.username,
                   "role": member.role, "joined_at": member.joined_at, "seq": seq,
                   "guest_id": member.guest_id}),
        ),
        RoomEventKind::MemberLeft { user_id, .. } => tell(
            "member.left",
            json!({"room_id": room_id, "user_id": user_id, "seq": seq}),
        ),
        RoomEventKind::MemberRenamed {
            user_id, username, ..
        } => tell(
            "member.renamed",
            json!({"room_id": room_id, "user_id": user_id, "username": username, "seq": seq}),
        ),
        RoomEventKind::RoomCreated => tell("room.created", json!({"room_id": room_id, "seq": seq})),
        RoomEventKind::RoomDeleted => tell("room.deleted", json!({"room_id": room_id, "seq": seq})),
        // The number alone, so that the client's count has no gap.
        _ => tell("room.event", json!({"room_id": room_id, "seq": seq})),
    }
}

fn reaction(room_id: RoomId, seq: Seq, change: &ReactionChange) -> serde_json::Value {
    json!({"room_id": room_id, "message_id": change.message_id, "user_id": change.user_id,
           "username": change.username, "emoji": change.emoji, "count": change.count, "seq": seq})
}

/// A stream with its text so far: it has begun, or the socket has come to it, or missed some of it.
#[must_use]
pub fn stream_started(stream: &LiveStream) -> ByteString {
    let data = ShownStream::from(stream.clone());
    encode("stream.started", None, None, data)
}

/// The first `index` characters of the stream's text stay, and `delta` follows them.
#[must_use]
pub fn stream_delta(room_id: RoomId, id: StreamId, index: usize, delta: &str) -> ByteString {
    let data = json!({"id": id, "room_id": room_id, "index": index, "delta": delta});
    encode("stream.delta", None, None, data)
}

/// The stream has become this message, which is told by `receive_message` as well.
#[must_use]
pub fn stream_finished(message: &Message) -> ByteString {
    encode("stream.finished", None, None, message)
}

/// The stream has ended without a message.
#[must_use]
pub fn stream_aborted(room_id: RoomId, id: StreamId, why: StreamEnd) -> ByteString {
    let data = json!({"id": id, "room_id": room_id, "reason": why});
    encode("stream.aborted", None, None, data)
}

/// Somebody asks the author of the stream to stop.
#[must_use]
pub fn stream_stop(room_id: RoomId, id: StreamId, user_id: UserId) -> ByteString {
    let data = json!({"id": id, "room_id": room_id, "user_id": user_id});
    encode("stream.stop", None, None, data)
}

/// How the nodes do, to who watches them.
#[must_use]
pub fn analytics_tick(data: impl Serialize) -> ByteString {
    encode("analytics.tick", None, None, data)
}

/// A passing event of a room, if it is one.
#[must_use]
pub fn bus_frame(event: &BusEvent) -> Option<ByteString> {
    let (name, data) = match event {
        BusEvent::Typing {
            room_id,
            user_id,
            username,
            active,
        } => (
            if *active {
                "typing_start"
            } else {
                "typing_stop"
            },
            json!({"username": username, "user_id": user_id, "room_id": room_id}),
        ),
        BusEvent::Presence {
            room_id,
            user_id,
            username,
            online,
        } => (
            "presence.changed",
            json!({"room_id": room_id, "user_id": user_id, "username": username,
                   "status": if *online { "ONLINE" } else { "OFFLINE" }}),
        ),
        BusEvent::Receipt {
            room_id,
            user_id,
            message_id,
            seq,
            kind,
        } => (
            "receipt.updated",
            json!({"room_id": room_id, "user_id": user_id, "message_id": message_id,
                   "status": kind, "message_seq": seq}),
        ),
        _ => return None,
    };
    Some(encode(name, None, None, data))
}

#[cfg(test)]
mod tests;
