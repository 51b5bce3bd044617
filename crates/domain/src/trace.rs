use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The target of the spans that make up a trace. Nothing is recorded for them where traces are off.
pub const TRACED: &str = "chatterstack::trace";

/// The name of the field of a span that may begin a trace. It holds the [`TraceParent`] whose work the span goes on with, if
/// any. Also the name of the HTTP header that says so.
pub const TRACE_PARENT_FIELD: &str = "traceparent";

/// Where something stands in a trace that is recorded: what one node tells another, so that both record one trace.
/// As text the `traceparent` of W3C Trace Context, version 00, with the flag "sampled".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    span_id: u64,
}

/// The text is no `traceparent` of a trace that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the traceparent of a recorded trace, 00-<32 hex digits>-<16 hex digits>-01")]
pub struct InvalidTraceParent;

impl TraceParent {
    /// Of these ids; `None` where one of them is zero, which is no id.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64) -> Option<Self> {
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id })
    }

    /// Of the whole trace.
    #[must_use]
    pub fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// Of the span.
    #[must_use]
    pub fn span_id(self) -> u64 {
        self.span_id
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Takes later versions too, which begin like this one (W3C Trace Context, section 3.2.4).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let mut part = |length| {
            let part = parts.next().filter(|part| part.len() == length);
            part.filter(|part| part.bytes().all(is_hex_digit))
                .ok_or(InvalidTraceParent)
        };
        let (version, trace_id, span_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let has_more = parts.next().is_some();
        if version == "ff" || (version == "00" && has_more) {
            return Err(InvalidTraceParent);
        }
        let flags = u8::from_str_radix(flags, 16).map_err(|_| InvalidTraceParent)?;
        let is_sampled = flags & 1 == 1;
        let trace_id = u128::from_str_radix(trace_id, 16).map_err(|_| InvalidTraceParent)?;
        let span_id = u64::from_str_radix(span_id, 16).map_err(|_| InvalidTraceParent)?;
        Self::new(trace_id, span_id)
            .filter(|_| is_sampled)
            .ok_or(InvalidTraceParent)
    }
}

/// Lower case alone, as the standard has it.
fn is_hex_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceParent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn it_is_read_as_it_is_written() {
        let parent: TraceParent = TEXT.parse().unwrap();
        assert_eq!(parent.trace_id(), 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!(parent.span_id(), 0x00f0_67aa_0ba9_02b7);
        assert_eq!(parent.to_string(), TEXT);
        let json = serde_json::to_string(&parent).unwrap();
        assert_eq!(json, format!("{TEXT:?}"));
        assert_eq!(serde_json::from_str::<TraceParent>(&json).unwrap(), parent);
    }

    #[test]
    fn later_versions_and_flags_begin_like_this_one() {
        let expected = TEXT.parse::<TraceParent>();
        for later in [
            TEXT.replacen("00", "01", 1) + "-more",
            TEXT.replace("-01", "-03"),
        ] {
            assert_eq!(later.parse(), expected, "{later}");
        }
    }

    #[test]
    fn nothing_else_is_one() {
        let others = [
            String::new(),
            TEXT.to_uppercase(),
            TEXT.replace("-01", "-00"),
            TEXT.replace("-01", ""),
            TEXT.to_owned() + "-more",
            TEXT.replacen("00", "ff", 1),
            TEXT.replace('4', "+"),
            TEXT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            TEXT.replace("00f067aa0ba902b7", &"0".repeat(16)),
        ];
        for other in others {
            assert_eq!(
                other.parse::<TraceParent>(),
                Err(InvalidTraceParent),
                "{other}"
            );
        }
    }
}
