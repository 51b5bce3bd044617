//! What an event weighs in an answer.

use domain::{Attachment, RoomEvent, RoomEventKind};

/// The most events that are read before they are weighed.
pub(super) const PAGE: u32 = 200;

/// The frame around what people write: names of fields, ids, times.
const FRAME: u64 = 512;
const FRAME_OF_ATTACHMENT: u64 = 64;

/// About how many bytes the event takes in an answer, without encoding it; in memory it takes no more than some hundred
/// above that. Off by the frame alone: what people write is counted as JSON writes it.
pub(super) fn weight(event: &RoomEvent) -> u64 {
    FRAME
        + match &event.kind {
            RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message) => {
                let attachments = message.attachments.iter().map(weight_of_attachment);
                in_json(message.content.as_str()) + attachments.sum::<u64>()
            }
            _ => 0,
        }
}

fn weight_of_attachment(attachment: &Attachment) -> u64 {
    FRAME_OF_ATTACHMENT + in_json(attachment.url.as_str()) + in_json(attachment.mime_type.as_str())
}

fn in_json(text: &str) -> u64 {
    let bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    });
    bytes.sum()
}

#[cfg(test)]
mod tests {
    use domain::values::{AttachmentUrl, MessageContent, MimeType};

    use super::*;
    use crate::sample::{event, message};

    fn saying(text: &str, attachments: usize) -> RoomEvent {
        let mut message = message(8);
        message.content = MessageContent::parse(text).unwrap();
        let attachment = Attachment {
            url: AttachmentUrl::parse(&format!("https://x.org/{}", "y".repeat(2_000))).unwrap(),
            mime_type: MimeType::parse("image/png").unwrap(),
            size_bytes: u64::MAX,
        };
        message.attachments = vec![attachment; attachments];
        event(RoomEventKind::MessageEdited(message))
    }

    #[test]
    fn what_people_write_counts_as_it_is_written_into_an_answer() {
        let blank = weight(&saying("x", 0)) - 1;
        assert_eq!(weight(&event(RoomEventKind::RoomDeleted)), blank);
        for (text, bytes) in [
            ("x".repeat(4_000), 4_000),
            ("\u{1f372}".repeat(4_000), 16_000),
            ("\"\n".repeat(2_000), 8_000),
            ("\u{1}x".repeat(2_000), 14_000),
        ] {
            assert_eq!(weight(&saying(&text, 0)), blank + bytes);
        }
        let heavy = weight(&saying("x", 10));
        assert!((20_000..22_000).contains(&heavy), "{heavy}");
    }
}
