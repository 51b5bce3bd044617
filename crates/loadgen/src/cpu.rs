use std::{collections::HashMap, fs, io, time::Duration};

use anyhow::{Context, Result};

/// For how long each thread of a process has run so far. It does not grow while the thread waits for a processor or for
/// anything else, so that a busy machine does not count.
pub struct CpuTime(HashMap<u32, Duration>);

impl CpuTime {
    /// That of a process on this machine, which must be a Linux.
    pub fn of(pid: u32) -> Result<Self> {
        let threads = fs::read_dir(format!("/proc/{pid}/task"))
            .with_context(|| format!("process {pid} is not to be seen"))?;
        let mut times = HashMap::new();
        for thread in threads {
            let thread = thread?;
            // One that has ended since has no time any more.
            if let Some(text) = unless_gone(fs::read_to_string(thread.path().join("schedstat")))? {
                let name = thread.file_name();
                let id = name.to_string_lossy().parse()?;
                times.insert(id, run_time(&text).context("schedstat has no times")?);
            }
        }
        Ok(Self(times))
    }

    /// For how long its threads ran since then, but for those that have ended since: idle ones.
    pub fn since(&self, earlier: &Self) -> Duration {
        let ran = self.0.iter().map(|(id, time)| {
            let before = earlier.0.get(id).copied().unwrap_or_default();
            time.saturating_sub(before)
        });
        ran.sum()
    }
}

/// For how long a process has run so far, with its threads that have ended; to a hundredth of a second.
pub fn of_process(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&stat)
        .map(|ticks| TICK * ticks)
        .context("stat has no times")
}

/// What `/proc` counts in, on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// The times in its own code and in the system's, behind the name, which may hold anything.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11);
    let own: u32 = times.next()?.parse().ok()?;
    Some(own + times.next()?.parse::<u32>().ok()?)
}

/// The first number: nanoseconds on a processor.
fn run_time(schedstat: &str) -> Option<Duration> {
    let first = schedstat.split_whitespace().next()?;
    first.parse().ok().map(Duration::from_nanos)
}

fn unless_gone(read: io::Result<String>) -> io::Result<Option<String>> {
    /// Of a thread that ends while it is read.
    const NO_SUCH_PROCESS: i32 = 3;
    match read {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(NO_SUCH_PROCESS) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times<const N: usize>(threads: [(u32, u64); N]) -> CpuTime {
        let times = threads.map(|(id, nanos)| (id, Duration::from_nanos(nanos)));
        CpuTime(times.into())
    }

    #[test]
    fn the_first_number_is_the_time_on_a_processor() {
        assert_eq!(run_time("1234 99 7\n"), Some(Duration::from_nanos(1_234)));
        assert_eq!(run_time(""), None);
    }

    #[test]
    fn the_times_of_a_process_are_its_own_and_the_systems() {
        let stat = "17 (a ) b) R 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20";
        assert_eq!(ticks(stat), Some(150));
        assert_eq!(ticks("17 (x"), None);
    }

    #[test]
    fn threads_that_came_count_whole_and_those_that_went_do_not() {
        let earlier = times([(1, 100), (2, 50)]);
        let later = times([(1, 130), (3, 7)]);
        assert_eq!(later.since(&earlier), Duration::from_nanos(37));
    }
}
