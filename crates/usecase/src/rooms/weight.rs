//! What an event weighs in an answer.

use domain::{Attachment, ReactionCount, RoomEvent, RoomEventKind};

/// The most events that are read before they are weighed.
pub(super) const PAGE: u32 = 200;

/// The frame around what people write: names of fields, ids, times.
const FRAME: u64 = 512;
const FRAME_OF_ATTACHMENT: u64 = 64;
const FRAME_OF_REACTIONS: u64 = 96;
const USER_ID: u64 = 39;

/// About how many bytes the event takes in an answer, without encoding it; in memory it takes no more than some hundred
/// above that. Off by the frame alone: what people write is counted as JSON writes it.
pub(super) fn weight(event: &RoomEvent) -> u64 {
    FRAME
        + match &event.kind {
            RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message) => {
                let attachments = message.attachments.iter().map(weight_of_attachment);
                let reactions = message.reactions.iter().map(weight_of_reactions);
                in_json(message.content.as_str())
                    + attachments.sum::<u64>()
                    + reactions.sum::<u64>()
            }
            RoomEventKind::ReactionAdded(change) | RoomEventKind::ReactionRemoved(change) => {
                in_json(change.emoji.as_str())
            }
            _ => 0,
        }
}

fn weight_of_attachment(attachment: &Attachment) -> u64 {
    FRAME_OF_ATTACHMENT + in_json(attachment.url.as_str()) + in_json(attachment.mime_type.as_str())
}

fn weight_of_reactions(reactions: &ReactionCount) -> u64 {
    let users = reactions.user_ids.len() as u64 * USER_ID;
    FRAME_OF_REACTIONS + in_json(reactions.emoji.as_str()) + users
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
    use domain::{
        ReactionChange, Seq,
        values::{AttachmentUrl, Emoji, MessageContent, MimeType},
    };

    use super::*;
    use crate::sample::{ann, event, message};

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

    /// As long as an emoji can be, in characters of one byte, of four, and of two because JSON escapes them.
    const EMOJIS: [(char, u64); 3] = [('x', 32), ('\u{1f372}', 128), ('"', 64)];

    fn emoji(of: char) -> Emoji {
        Emoji::parse(&of.to_string().repeat(32)).unwrap()
    }

    fn reacted(emojis: &[Emoji], users: usize) -> RoomEvent {
        let mut message = message(8);
        let reactions = emojis.iter().map(|emoji| ReactionCount {
            emoji: emoji.clone(),
            count: u64::MAX,
            user_ids: vec![ann().id; users],
            last_seq: Seq(u64::MAX),
        });
        message.reactions = reactions.collect();
        event(RoomEventKind::MessageSent(message))
    }

    #[test]
    fn the_reactions_to_a_message_count_at_least_as_they_are_written_into_an_answer() {
        let bare = weight(&reacted(&[], 0));
        for (of, bytes) in EMOJIS {
            for users in [1, 10] {
                let ids = vec![format!("\"{}\"", ann().id); users].join(",");
                let (written, most) = ("x".repeat(bytes as usize), u64::MAX);
                let json = format!(
                    r#"{{"emoji":"{written}","count":{most},"user_ids":[{ids}],"last_seq":{most}}},"#
                );
                for emojis in [1, 20] {
                    let counted = weight(&reacted(&vec![emoji(of); emojis], users)) - bare;
                    let exact = (json.len() * emojis) as u64;
                    let slack = 10 * emojis as u64;
                    assert!(
                        (exact..=exact + slack).contains(&counted),
                        "{counted} for {json}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_change_of_a_reaction_counts_its_emoji_as_it_is_written_into_an_answer() {
        let blank = weight(&event(RoomEventKind::RoomDeleted));
        for (of, bytes) in EMOJIS {
            let change = ReactionChange {
                message_id: message(8).id,
                user_id: ann().id,
                username: ann().username,
                emoji: emoji(of),
                count: 1,
            };
            for kind in [RoomEventKind::ReactionAdded, RoomEventKind::ReactionRemoved] {
                assert_eq!(weight(&event(kind(change.clone()))), blank + bytes);
            }
        }
    }
}
