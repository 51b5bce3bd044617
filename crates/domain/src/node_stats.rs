use serde::{Deserialize, Serialize};

use crate::{NodeId, Timestamp, UserId};

/// Values of one kind, each with how often it was seen, the smallest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct Distribution(Vec<(u64, u64)>);

impl Distribution {
    /// How many were seen.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// The smallest value that so many of a hundred do not exceed; none when nothing was seen.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reaches = |(_, count): &&(u64, u64)| {
            seen += count;
            seen >= rank
        };
        self.0.iter().find(reaches).map(|(value, _)| *value)
    }

    /// Each value, with how often it was seen.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    /// Sees all that another has seen.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
        let all = std::mem::take(&mut self.0);
        *self = all.into();
    }
}

impl From<Vec<(u64, u64)>> for Distribution {
    fn from(mut values: Vec<(u64, u64)>) -> Self {
        values.sort_unstable();
        values.dedup_by(|(value, count), (kept, total)| {
            let is_same = value == kept;
            if is_same {
                *total += *count;
            }
            is_same
        });
        values.retain(|(_, count)| *count > 0);
        Self(values)
    }
}

impl FromIterator<(u64, u64)> for Distribution {
    fn from_iter<I: IntoIterator<Item = (u64, u64)>>(values: I) -> Self {
        Vec::from_iter(values).into()
    }
}

impl From<Distribution> for Vec<(u64, u64)> {
    fn from(distribution: Distribution) -> Self {
        distribution.0
    }
}

/// How many users hold sockets. One who holds some on several nodes counts once, unless a node has too many users to name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserCount {
    /// A mark for each of those who are told apart, in their order. It is made of the id, and tells nobody's name.
    marks: Vec<u64>,
    /// How many there are besides.
    others: u64,
}

impl UserCount {
    /// How many users a node tells apart: 20 KB of them are read with every look at the fleet.
    pub const MOST_MARKS: usize = 1_000;

    /// The users of one node, each once.
    #[must_use]
    pub fn of(users: impl ExactSizeIterator<Item = UserId>) -> Self {
        if users.len() > Self::MOST_MARKS {
            return Self {
                marks: Vec::new(),
                others: users.len() as u64,
            };
        }
        let mark = |user: UserId| {
            let (first, second) = user.0.as_u64_pair();
            first ^ second
        };
        let mut marks: Vec<_> = users.map(mark).collect();
        marks.sort_unstable();
        marks.dedup();
        Self { marks, others: 0 }
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.marks.len() as u64 + self.others
    }

    /// Counts those of another node too.
    pub fn merge(&mut self, other: Self) {
        self.marks.extend(other.marks);
        self.marks.sort_unstable();
        self.marks.dedup();
        self.others += other.others;
    }
}

/// What a node counts of its sockets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SocketStats {
    /// How many are open, with those whose handshake is under way.
    pub open: u64,
    /// How many were open at once since the node started. Of several nodes the sum: there were never more.
    pub peak: u64,
    /// Whose they are.
    pub users: UserCount,
    /// Bytes that wait to be written to all of them.
    pub queue_bytes: u64,
    /// Bytes that wait to be written to the one with most.
    pub largest_queue: u64,
    /// How many were closed since the node started because they read too slowly.
    pub slow_closes: u64,
    /// How often since then a client that came back into a room was told all that it had missed there.
    pub resumes: u64,
    /// How often since then the log filled a gap that the bus had left in a room.
    pub gaps_healed: u64,
    /// Microseconds from the acceptance of an event to the writing of its frame, each to two digits, of the last five minutes.
    /// Only of what was told as it happened.
    pub latency: Distribution,
}

impl SocketStats {
    /// Counts those of another node too.
    pub fn merge(&mut self, other: Self) {
        self.open += other.open;
        self.peak += other.peak;
        self.users.merge(other.users);
        self.queue_bytes += other.queue_bytes;
        self.largest_queue = self.largest_queue.max(other.largest_queue);
        self.slow_closes += other.slow_closes;
        self.resumes += other.resumes;
        self.gaps_healed += other.gaps_healed;
        self.latency.merge(other.latency);
    }
}

/// What a node counts of its commits since it started: those of several changes at once, where the store makes such.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommitStats {
    /// How many changes were committed.
    pub changes: u64,
    /// How many changes a commit had at most: 1, 2, 4, 8 and so on.
    pub sizes: Distribution,
}

impl CommitStats {
    /// Counts those of another node too.
    pub fn merge(&mut self, other: Self) {
        self.changes += other.changes;
        self.sizes.merge(other.sizes);
    }
}

/// What a node counts of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStats {
    /// Which node.
    pub node_id: NodeId,
    /// When it started.
    pub started_at: Timestamp,
    /// When it counted.
    pub at: Timestamp,
    /// Other nodes are reached, as far as it knows.
    pub bus_connected: bool,
    /// Of its sockets.
    #[serde(default)]
    pub sockets: SocketStats,
    /// Of its commits.
    #[serde(default)]
    pub commits: CommitStats,
}

/// What all nodes count together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetStats {
    /// How many nodes there are.
    pub nodes: u64,
    /// How many of them reach the others.
    pub connected: u64,
    /// When the one that has been up longest started.
    pub started_at: Timestamp,
    /// Of their sockets.
    pub sockets: SocketStats,
    /// Of their commits.
    pub commits: CommitStats,
}

impl From<NodeStats> for FleetStats {
    /// A fleet of one.
    fn from(node: NodeStats) -> Self {
        Self {
            nodes: 1,
            connected: node.bus_connected.into(),
            started_at: node.started_at,
            sockets: node.sockets,
            commits: node.commits,
        }
    }
}

impl FleetStats {
    /// Counts what another node counts too.
    pub fn merge(&mut self, node: NodeStats) {
        self.nodes += 1;
        self.connected += u64::from(node.bus_connected);
        self.started_at = self.started_at.min(node.started_at);
        self.sockets.merge(node.sockets);
        self.commits.merge(node.commits);
    }
}

#[cfg(test)]
mod tests;
