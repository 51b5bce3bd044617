use domain::values::InvalidValue;
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;

/// A field that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Which: a dotted path from the top of the body, or the name in the query.
    pub field: String,
    /// The rule as a stable word.
    pub code: &'static str,
    /// The rule, for people.
    pub message: String,
}

/// Parses the fields of an input one after the other and keeps every error, so that a client learns all at once.
///
/// The rules are those of the domain's values; there is no second copy of them here.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the error of a field.
    pub fn check<T>(&mut self, field: &str, parsed: Result<T, InvalidValue>) -> Option<T> {
        parsed
            .map_err(|error| self.refuse(field, error.code, error.message))
            .ok()
    }

    /// Parses a field that must be there.
    pub fn required<R, T>(
        &mut self,
        field: &str,
        raw: Option<R>,
        parse: impl FnOnce(R) -> Result<T, InvalidValue>,
    ) -> Option<T> {
        match raw {
            Some(raw) => self.check(field, parse(raw)),
            None => {
                self.refuse(field, "missing", "must be there");
                None
            }
        }
    }

    /// Parses a field that may be left out; the outer `None` is an error.
    pub fn optional<R, T>(
        &mut self,
        field: &str,
        raw: Option<R>,
        parse: impl FnOnce(R) -> Result<T, InvalidValue>,
    ) -> Option<Option<T>> {
        match raw {
            Some(raw) => self.check(field, parse(raw)).map(Some),
            None => Some(None),
        }
    }

    /// True while no rule was broken.
    #[must_use]
    pub fn are_good(&self) -> bool {
        self.errors.is_empty()
    }

    /// Notes a broken rule.
    pub fn refuse(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: field.to_owned(),
            code,
            message: message.into(),
        });
    }
}

impl From<Fields> for Problem {
    fn from(fields: Fields) -> Self {
        Self::validation(fields.errors)
    }
}

#[cfg(test)]
mod tests {
    use domain::values::{Email, Username};

    use super::*;
    use crate::problem::Code;

    #[test]
    fn all_broken_fields_are_told_at_once() {
        let mut fields = Fields::new();
        assert!(
            fields
                .required("username", Some(""), Username::parse)
                .is_none()
        );
        assert!(fields.required("email", None, Email::parse).is_none());
        assert!(fields.optional("name", None, Username::parse) == Some(None));
        let problem = Problem::from(fields);
        assert_eq!(problem.code(), Code::ValidationFailed);
        let told: Vec<_> = problem
            .errors
            .iter()
            .map(|error| (error.field.as_str(), error.code))
            .collect();
        assert_eq!(told, [("username", "empty"), ("email", "missing")]);
    }
}
