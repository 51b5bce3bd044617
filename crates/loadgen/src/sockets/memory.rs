use std::{fs, thread::sleep, time::Duration};

use anyhow::{Context, Result};

/// What is held, in KiB.
pub struct Memory {
    /// By the process, of what is in memory.
    pub resident: f64,
    /// By the system: its own structures and the buffers of TCP, of all processes, and so of both ends of a connection.
    pub kernel: f64,
}

/// What was begun is over by then: nothing tells of that.
const CALM: Duration = Duration::from_secs(2);

/// The kernel's pages.
const PAGE: f64 = 4.0;

/// Waits until nothing goes on any more.
pub fn settle() {
    sleep(CALM);
}

impl Memory {
    /// That of a process, and of this Linux.
    pub fn of(pid: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let resident = field(&status, "VmRSS:").context("no VmRSS")?;
        let slab = field(&fs::read_to_string("/proc/meminfo")?, "Slab:").context("no Slab")?;
        let tcp = fs::read_to_string("/proc/net/sockstat")?;
        let pages = tcp_pages(&tcp).context("no pages of TCP")?;
        Ok(Self {
            resident,
            kernel: slab + pages * PAGE,
        })
    }

    /// How much more this is.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            resident: self.resident - earlier.resident,
            kernel: self.kernel - earlier.kernel,
        }
    }
}

fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn tcp_pages(sockstat: &str) -> Option<f64> {
    let tcp = sockstat.lines().find(|line| line.starts_with("TCP:"))?;
    let mut words = tcp.split_whitespace().skip_while(|word| *word != "mem");
    words.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_the_system_are_found_by_their_names() {
        assert_eq!(
            field("VmHWM:\t 9 kB\nVmRSS:\t    1234 kB\n", "VmRSS:"),
            Some(1_234.0)
        );
        let sockstat =
            "sockets: used 9\nTCP: inuse 5 orphan 0 tw 2 alloc 7 mem 17\nUDP: inuse 0 mem 3\n";
        assert_eq!(tcp_pages(sockstat), Some(17.0));
        assert_eq!(field("", "Slab:"), None);
    }
}
