use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use domain::ports::{Allowance, Quota};

use crate::problem::whole_seconds;

/// How a quota stood when the last was taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) quota: Quota,
    pub(super) allowance: Allowance,
}

impl Standing {
    /// True when the client will sooner be refused by this one.
    pub(super) fn is_tighter_than(&self, other: &Self) -> bool {
        let rank = |standing: &Self| (standing.allowance.granted, standing.allowance.remaining);
        rank(self) < rank(other)
    }

    /// Puts on the headers of draft-ietf-httpapi-ratelimit-headers-10. Times are whole seconds there, rounded up.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let (quota, allowance) = (&self.quota, &self.allowance);
        let policy = format!(
            "\"{}\";q={};w={}",
            quota.name,
            quota.burst,
            whole_seconds(quota.period)
        );
        let left = format!(
            "\"{}\";r={};t={}",
            quota.name,
            allowance.remaining,
            whole_seconds(allowance.reset_after)
        );
        for (name, text) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
