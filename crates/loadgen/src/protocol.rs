use std::{borrow::Cow, sync::LazyLock};

use memchr::memmem::Finder;

/// How a server is spoken to, and how one of its frames says that it is a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Each text goes to all others in the room, as it is: the baselines.
    Relay,
    /// The same, in the frames of socket.io over a WebSocket (Engine.IO 4).
    SocketIo,
    /// ChatterStack: somebody begins to type, or stops. Not stored, and told to all others in the room.
    Typing,
    /// ChatterStack: messages, stored before anybody is told.
    Messages,
}

/// What a frame of the server is.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// The message of that number of that sender of the room; with typing, whether the number is odd.
    Delivery { sender: usize, number: u32 },
    /// The socket is in its room.
    Greeting,
    /// To be answered with this text.
    Answer(&'static str),
    /// Anything else.
    Other,
}

/// In front of the number of a sender.
const MARK: &str = "bench-sender-";
/// How many digits a sender has.
const SENDER_DIGITS: usize = 4;
/// How many digits a message has, which stand behind the sender and a dash.
const NUMBER_DIGITS: usize = 8;

static MARKED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MARK));

impl Protocol {
    /// What the account of a sender is called, with the text of a run behind it: as long as a name may be, where the name is
    /// what tells of the sender.
    pub fn sender_name(self, sender: usize, run: &str) -> String {
        match self {
            Self::Typing => format!("{:-<50}", format!("{MARK}{sender:04}-{run}")),
            _ => format!("sender-{sender}-{run}"),
        }
    }

    /// The text of a sender's message of this number; `length` is that of what others are told, where the server does not say.
    pub fn message(self, room: &str, sender: usize, number: u32, length: usize) -> String {
        let content = format!("{MARK}{sender:04}-{number:08}");
        match self {
            Self::Relay => format!("{content:.<length$}"),
            Self::SocketIo => format!("42[\"m\",\"{content:.<length$}\"]"),
            Self::Typing => {
                let event = if number.is_multiple_of(2) {
                    "typing_start"
                } else {
                    "typing_stop"
                };
                format!(r#"{{"event":"{event}","data":{{"room_id":"{room}"}}}}"#)
            }
            Self::Messages => {
                // As long as the text of the others.
                format!(
                    r#"{{"event":"send_message","data":{{"room_id":"{room}","content":"{content:.<length$}"}}}}"#
                )
            }
        }
    }

    /// What a text of the server says.
    pub fn told(self, text: &[u8]) -> Told {
        let is_delivery = match self {
            Self::Relay => true,
            Self::SocketIo => text.starts_with(b"42"),
            Self::Typing => text.starts_with(br#"{"event":"typing_"#),
            Self::Messages => text.starts_with(br#"{"event":"receive_message""#),
        };
        if is_delivery && let Some(told) = self.delivery(text) {
            return told;
        }
        match self {
            Self::SocketIo if text.starts_with(b"0") => Told::Answer("40"),
            Self::SocketIo if text.starts_with(b"40") => Told::Greeting,
            Self::SocketIo if text.starts_with(b"2") => Told::Answer("3"),
            Self::Typing | Self::Messages if text.starts_with(br#"{"event":"ready""#) => {
                Told::Greeting
            }
            _ => Told::Other,
        }
    }

    fn delivery(self, text: &[u8]) -> Option<Told> {
        let found = &text[MARKED.find(text)? + MARK.len()..];
        let sender = digits(found.get(..SENDER_DIGITS)?)? as usize;
        let number = match self {
            Self::Typing => u32::from(text.get(19) == Some(&b'o')),
            _ => digits(found.get(SENDER_DIGITS + 1..)?.get(..NUMBER_DIGITS)?)?,
        };
        Some(Told::Delivery { sender, number })
    }

    /// Whether the message that comes next may have that number.
    pub fn agrees(self, expected: u32, number: u32) -> bool {
        match self {
            Self::Typing => expected % 2 == number,
            _ => expected == number,
        }
    }

    /// Whether who sends a message is told it too.
    pub fn tells_sender(self) -> bool {
        self == Self::Messages
    }

    /// Whether a socket is in its room as soon as it is open.
    pub fn greets(self) -> bool {
        self != Self::Relay
    }

    /// The path of a socket of a room, in a server that has no accounts.
    pub fn path(self, room: usize) -> Cow<'static, str> {
        match self {
            Self::SocketIo => format!("/socket.io/?EIO=4&transport=websocket&room={room}").into(),
            _ => format!("/?room={room}").into(),
        }
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relayed_text_is_a_delivery_of_its_sender_and_as_long_as_asked_for() {
        for protocol in [Protocol::Relay, Protocol::SocketIo] {
            let text = protocol.message("", 17, 42, 200);
            let told = Told::Delivery {
                sender: 17,
                number: 42,
            };
            assert_eq!(protocol.told(text.as_bytes()), told);
        }
        assert_eq!(Protocol::Relay.message("", 0, 0, 200).len(), 200);
    }

    #[test]
    fn typing_is_told_by_turns() {
        let frame = |event: &str| {
            let name = Protocol::Typing.sender_name(3, "run");
            format!(r#"{{"event":"{event}","data":{{"username":"{name}"}}}}"#)
        };
        let told = |event: &str| Protocol::Typing.told(frame(event).as_bytes());
        let delivery = |number| Told::Delivery { sender: 3, number };
        assert_eq!(told("typing_start"), delivery(0));
        assert_eq!(told("typing_stop"), delivery(1));
        assert_eq!(told("presence.changed"), Told::Other);
        assert_eq!(told("ready"), Told::Greeting);
        assert!(Protocol::Typing.agrees(7, 1) && !Protocol::Typing.agrees(7, 0));
    }

    #[test]
    fn socket_io_is_answered_until_it_has_greeted() {
        let told = |text: &str| Protocol::SocketIo.told(text.as_bytes());
        assert_eq!(told(r#"0{"sid":"x"}"#), Told::Answer("40"));
        assert_eq!(told(r#"40{"sid":"y"}"#), Told::Greeting);
        assert_eq!(told("2"), Told::Answer("3"));
    }
}
