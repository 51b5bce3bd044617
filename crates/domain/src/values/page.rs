use super::text::InvalidValue;

/// How many rows a page has: 1 to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize<const MAX: u32>(u32);

impl<const MAX: u32> PageSize<MAX> {
    /// As many as there can be.
    pub const MOST: Self = Self(MAX);

    /// Parses it.
    ///
    /// # Errors
    /// Names the rule that was broken.
    pub fn parse(raw: u32) -> Result<Self, InvalidValue> {
        if (1..=MAX).contains(&raw) {
            Ok(Self(raw))
        } else {
            Err(InvalidValue::new(
                "out_of_range",
                format!("must be 1 to {MAX}"),
            ))
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}
