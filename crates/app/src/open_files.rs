//! Whether the machine lets the node open as many files as its sockets need.

use std::fs;

/// What a node opens beside its sockets: listeners, connections to the database and Redis, and those of REST.
const RESERVE: usize = 256;

/// Logs a warning when fewer files may be open (the soft limit) than `sockets` and a reserve need. Beyond the limit no
/// connection is taken any more, REST and health checks neither, where a cap would have refused sockets alone.
pub fn warn_if_too_few(sockets: Option<usize>) {
    // Where the system does not say, or no number of sockets was set, there is nothing to compare.
    let (Ok(limits), Some(sockets)) = (fs::read_to_string("/proc/self/limits"), sockets) else {
        return;
    };
    if let Some(open_files) = soft_limit(&limits).filter(|limit| *limit < needed(sockets)) {
        tracing::warn!(
            open_files,
            sockets,
            needed = needed(sockets),
            "fewer files may be open than WS_SOCKETS_NODE needs: raise the soft limit (ulimit -n), or lower WS_SOCKETS_NODE"
        );
    }
}

fn needed(sockets: usize) -> usize {
    sockets.saturating_add(RESERVE)
}

/// Reads the soft limit of open files out of `/proc/<pid>/limits`. None: there is no limit, or it is not told.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = |line: &str| line.strip_prefix("Max open files").map(str::to_owned);
    let values = limits.lines().find_map(line)?;
    values.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_the_first_number_of_its_line() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             63357                63357                processes \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(soft_limit(limits), Some(1_024));
        assert_eq!(soft_limit(&limits.replace("1024 ", "unlimited ")), None);
        assert_eq!(soft_limit(""), None);
    }
}
