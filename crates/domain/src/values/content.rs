use super::text::{InvalidValue, bounded, one_line, text_value};

text_value!(
    /// The text of a message: at most 4,000 characters, kept as they are. Empty once the message is deleted, or
    /// beside attachments; [`crate::MessageDraft`] refuses a message that says nothing.
    MessageContent,
    "at most 4,000 characters; not blank, except beside attachments",
    |raw| bounded(raw, 0..=4_000).map(str::to_owned)
);

impl MessageContent {
    /// The text of a deleted message, and of one that only carries attachments.
    #[must_use]
    pub fn empty() -> Self {
        Self(String::new())
    }
}

text_value!(
    /// A sender's own reference to a message: 1 to 64 characters, taken as they are.
    ClientMsgId,
    "1 to 64 characters",
    |raw| bounded(raw, 1..=64).map(str::to_owned)
);
text_value!(
    /// What a reaction says: an emoji or a short name, 1 to 32 characters, none of them white space. Two are the same when
    /// their characters are: that a client may draw `❤` like `❤️` is not known here.
    Emoji,
    "an emoji or a short name: 1 to 32 characters without white space",
    |raw| {
        let emoji = bounded(raw, 1..=32)?;
        if emoji.contains(char::is_whitespace) {
            return Err(InvalidValue::new("white_space", "must not contain white space"));
        }
        if emoji.chars().any(char::is_control) {
            return Err(InvalidValue::new("control_character", "must not contain control characters"));
        }
        // What stands for bytes that were no text.
        if emoji.contains(char::REPLACEMENT_CHARACTER) {
            return Err(InvalidValue::new("not_text", "must be text in UTF-8"));
        }
        // In a path these are steps, which a client takes away before it asks.
        if matches!(emoji, "." | "..") {
            return Err(InvalidValue::new("dots", "must not be a step of a path"));
        }
        Ok(emoji.to_owned())
    }
);
text_value!(
    /// What to search for: 1 to 200 characters on one line, surrounding blanks cut off.
    SearchTerm,
    "1 to 200 characters",
    |raw| one_line(raw, 1..=200).map(str::to_owned)
);
text_value!(
    /// Where an attachment lies: an absolute http or https address of at most 2,048 characters. Other schemes
    /// (`javascript:`, `data:`) are refused, because clients make links of it.
    AttachmentUrl,
    "an http or https address of at most 2,048 characters",
    |raw| {
        let url = one_line(raw, 1..=2_048)?;
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| strip_prefix_ignoring_case(url, scheme));
        match rest {
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') && !url.contains(' ') => {
                Ok(url.to_owned())
            }
            _ => Err(InvalidValue::new("not_a_url", "must be an http or https address")),
        }
    }
);
text_value!(
    /// A media type, `type/subtype` (RFC 6838), with parameters or without; at most 255 characters.
    MimeType,
    "type/subtype, at most 255 characters",
    |raw| {
        let mime = one_line(raw, 3..=255)?;
        let essence = mime.split(';').next().unwrap_or_default().trim_end();
        let token = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(&b))
        };
        match essence.split_once('/') {
            Some((kind, subtype)) if token(kind) && token(subtype) => Ok(mime.to_owned()),
            _ => Err(InvalidValue::new("not_a_mime_type", "must be type/subtype")),
        }
    }
);

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept_as_it_is() {
        assert_eq!(MessageContent::parse(" hi\n").unwrap().as_str(), " hi\n");
        assert_eq!(MessageContent::parse("a\0").unwrap_err().code, "nul");
        assert!(MessageContent::parse(&"\u{1F600}".repeat(4_000)).is_ok());
        assert!(MessageContent::parse(&"a".repeat(4_001)).is_err());
    }

    #[test]
    fn an_attachment_cannot_be_a_script() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//host/x",
            "https://",
            "https:///x",
            "http://a b",
        ] {
            assert_eq!(
                AttachmentUrl::parse(bad).unwrap_err().code,
                "not_a_url",
                "{bad}"
            );
        }
        assert!(AttachmentUrl::parse("HTTPS://files.example/a.png").is_ok());
    }

    #[test]
    fn an_emoji_is_one_word() {
        for good in ["\u{1F44D}", "\u{2764}\u{FE0F}", "+1", "party_parrot"] {
            assert_eq!(Emoji::parse(good).unwrap().as_str(), good);
        }
        // A family of four, with the joiners between them.
        assert!(
            Emoji::parse("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}").is_ok()
        );
        assert!(Emoji::parse(&"\u{1F44D}".repeat(32)).is_ok());
        for (bad, code) in [
            ("", "empty"),
            (" ", "white_space"),
            (" a", "white_space"),
            ("a b", "white_space"),
            ("a\u{a0}b", "white_space"),
            ("a\tb", "white_space"),
            ("a\u{7}b", "control_character"),
            ("a\u{fffd}", "not_text"),
            (".", "dots"),
            ("..", "dots"),
        ] {
            assert_eq!(Emoji::parse(bad).unwrap_err().code, code, "{bad:?}");
        }
        assert_eq!(Emoji::parse(&"a".repeat(33)).unwrap_err().code, "too_long");
    }

    #[test]
    fn a_mime_type_has_two_parts() {
        assert!(MimeType::parse("text/plain; charset=utf-8").is_ok());
        for bad in ["text", "text/", "/plain", "te xt/plain"] {
            assert!(MimeType::parse(bad).is_err(), "{bad}");
        }
    }
}
