use std::ops::RangeInclusive;

/// A value broke one of its rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidValue {
    /// A stable word for the rule.
    pub code: &'static str,
    /// The rule, for people.
    pub message: String,
}

impl InvalidValue {
    /// A broken rule with its stable word.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Checks the length in characters (Unicode scalar values), and refuses NUL, which PostgreSQL cannot store.
pub(super) fn bounded(raw: &str, chars: RangeInclusive<usize>) -> Result<&str, InvalidValue> {
    // Four bytes at most make one character: a text of megabytes is refused without being counted.
    let count = if raw.len() > chars.end() * 4 {
        usize::MAX
    } else {
        raw.chars().count()
    };
    if count < *chars.start() {
        let (code, message) = if count == 0 {
            ("empty", "must not be empty".to_owned())
        } else {
            (
                "too_short",
                format!("must have at least {} characters", chars.start()),
            )
        };
        return Err(InvalidValue::new(code, message));
    }
    if count > *chars.end() {
        return Err(InvalidValue::new(
            "too_long",
            format!("must have at most {} characters", chars.end()),
        ));
    }
    if raw.contains('\0') {
        return Err(InvalidValue::new("nul", "must not contain NUL"));
    }
    Ok(raw)
}

/// As [`bounded`], for text that stands on one line: trimmed, without control characters.
pub(super) fn one_line(raw: &str, chars: RangeInclusive<usize>) -> Result<&str, InvalidValue> {
    let text = bounded(raw.trim(), chars)?;
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::new(
            "control_character",
            "must not contain control characters",
        ));
    }
    Ok(text)
}

/// A newtype over `String` that only `parse` makes, from serde too.
macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $schema:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, description = $schema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses it.
            ///
            /// # Errors
            /// Names the rule that was broken.
            pub fn parse(raw: &str) -> Result<Self, $crate::values::InvalidValue> {
                let parse: fn(&str) -> Result<String, $crate::values::InvalidValue> = $parse;
                parse(raw).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::values::InvalidValue;

            fn try_from(raw: String) -> Result<Self, Self::Error> {
                Self::parse(&raw)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(super) use text_value;
