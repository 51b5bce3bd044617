use super::text::{InvalidValue, bounded, one_line, text_value};

text_value!(
    /// The name of an account: 1 to 50 characters on one line, surrounding blanks cut off.
    Username,
    "1 to 50 characters",
    |raw| one_line(raw, 1..=50).map(str::to_owned)
);
impl Username {
    /// What two names that differ only in the case of their letters have in common (Unicode's lower case).
    #[must_use]
    pub fn key(&self) -> String {
        self.as_str().to_lowercase()
    }
}

text_value!(
    /// What a guest is known by to the protocol that let them in: 1 to 128 characters on one line, surrounding blanks cut
    /// off. Who uses the same one is the same guest: nothing proves it.
    GuestId,
    "1 to 128 characters",
    |raw| one_line(raw, 1..=128).map(str::to_owned)
);
impl GuestId {
    /// What only the server gives begins so.
    const GIVEN: &str = "guest:";

    /// One that a client has chosen: any but those that the server gives.
    ///
    /// # Errors
    /// Names the rule that was broken.
    pub fn chosen(raw: &str) -> Result<Self, InvalidValue> {
        let id = Self::parse(raw)?;
        if id.is_given() {
            return Err(InvalidValue::new("reserved", "must not begin with guest:"));
        }
        Ok(id)
    }

    /// One for a guest who cannot choose; the text is an id that nobody else has.
    ///
    /// # Errors
    /// The text is too long.
    pub fn given(id: &str) -> Result<Self, InvalidValue> {
        Self::parse(&[Self::GIVEN, id].concat())
    }

    /// The server gave it.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.as_str().starts_with(Self::GIVEN)
    }
}
text_value!(
    /// The name of a room: 1 to 100 characters on one line, surrounding blanks cut off.
    RoomName,
    "1 to 100 characters",
    |raw| one_line(raw, 1..=100).map(str::to_owned)
);
text_value!(
    /// What a room is about: at most 1,000 characters.
    #[derive(Default)]
    RoomDescription,
    "at most 1,000 characters",
    |raw| bounded(raw, 0..=1_000).map(str::to_owned)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        assert_eq!(Username::parse("  Zoë ").unwrap().as_str(), "Zoë");
        assert!(Username::parse(&"é".repeat(50)).is_ok());
        assert_eq!(
            Username::parse(&"é".repeat(51)).unwrap_err().code,
            "too_long"
        );
    }

    #[test]
    fn names_that_differ_in_case_alone_have_one_key() {
        let key = |name| Username::parse(name).unwrap().key();
        assert_eq!(key("Éva"), key("éVA"));
        assert_ne!(key("Eva"), key("Éva"));
    }

    #[test]
    fn a_blank_name_is_empty_and_a_newline_is_refused() {
        assert_eq!(Username::parse("   ").unwrap_err().code, "empty");
        assert_eq!(
            RoomName::parse("a\nb").unwrap_err().code,
            "control_character"
        );
        assert_eq!(RoomDescription::parse("a\0b").unwrap_err().code, "nul");
    }

    #[test]
    fn what_a_guest_is_known_by_has_one_to_128_characters_on_one_line() {
        for good in [
            "1",
            "é",
            "a b",
            "<script>",
            "01900000-0000-7000-8000-000000000001",
        ] {
            assert_eq!(
                GuestId::parse(&format!(" {good}\t")).unwrap().as_str(),
                good
            );
        }
        let longest = "é".repeat(128);
        assert_eq!(GuestId::parse(&longest).unwrap().as_str(), longest);
        for (bad, code) in [
            ("", "empty"),
            ("  ", "empty"),
            ("a\nb", "control_character"),
            ("a\u{7f}b", "control_character"),
            ("a\0b", "nul"),
            (&*"é".repeat(129), "too_long"),
        ] {
            assert_eq!(GuestId::parse(bad).unwrap_err().code, code, "{bad:?}");
        }
    }

    #[test]
    fn serde_goes_through_the_same_door() {
        assert!(serde_json::from_str::<Username>(r#""""#).is_err());
        assert_eq!(
            serde_json::to_string(&Username::parse("a").unwrap()).unwrap(),
            r#""a""#
        );
    }
}
