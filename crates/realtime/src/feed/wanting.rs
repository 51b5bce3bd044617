use domain::Seq;

use super::{ReadRequest, RoomFeed, listener::Listener};

/// What a feed wants from the log, and for whom.
impl RoomFeed {
    /// What should be read from the log now, if anything. At most one read is under way at a time: the caller asks
    /// again after each answer.
    #[must_use]
    pub fn wants(&self) -> Option<ReadRequest> {
        let furthest_behind = self
            .late
            .values()
            .filter(|listener| !listener.is_held())
            .filter_map(Listener::behind)
            .filter(|seq| *seq < self.position)
            .min();
        let wants_live = self.live_wants_more();
        match furthest_behind {
            // In turns, so that neither waits for the other to have enough.
            Some(after) if !(wants_live && self.served_late) => Some(ReadRequest::Now(after)),
            _ if wants_live => Some(ReadRequest::Now(self.position)),
            _ => self.misses_some().then_some(ReadRequest::Soon),
        }
    }

    /// A number is missing that somebody would be given now.
    #[must_use]
    pub fn misses_some(&self) -> bool {
        !self.early.is_empty() && self.somebody_follows()
    }

    fn live_wants_more(&self) -> bool {
        self.knows_of_more() && self.somebody_follows()
    }

    pub(super) fn knows_of_more(&self) -> bool {
        self.more_in_log || (self.gap_is_due && !self.early.is_empty())
    }

    /// Somebody would miss what lies in front of the feed up to this number: who is live, and who is behind and may be
    /// taken out by it.
    pub(super) fn is_missed_by_some(&self, to: Seq) -> bool {
        let may_end = |it: &Listener| it.ends_at().is_none() && it.member_as_of < to;
        !self.live.is_empty() || self.late.values().any(may_end)
    }

    /// Somebody is a member, or waits in front of the feed. Members who are behind are told nothing yet by the feed, but
    /// it finds out for them whether they still are members. Those who are told how that ended want no more than it has
    /// passed.
    fn somebody_follows(&self) -> bool {
        let is_in_front = |listener: &Listener| listener.behind() > Some(self.position);
        let is_member = |listener: &Listener| listener.ends_at().is_none();
        let mut late = self.late.values();
        !self.live.is_empty() || late.any(|it| is_member(it) || is_in_front(it))
    }
}
