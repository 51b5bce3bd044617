use validator::ValidateEmail;

use super::text::{InvalidValue, one_line, text_value};

text_value!(
    /// An e-mail address in lower case, at most 254 characters (RFC 5321), of the form that HTML's input takes.
    Email,
    "an e-mail address of at most 254 characters",
    |raw| {
        let text = one_line(raw, 1..=254)?;
        if !text.validate_email() {
            return Err(InvalidValue::new("not_an_email", "must be an e-mail address"));
        }
        Ok(text.to_lowercase())
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case() {
        assert_eq!(
            Email::parse(" Ann@Example.ORG ").unwrap().as_str(),
            "ann@example.org"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "ann",
            "ann@",
            "@example.org",
            "a b@example.org",
            "a@b\0.org",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }
}
