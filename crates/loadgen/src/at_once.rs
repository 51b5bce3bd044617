use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Result, bail};

/// Does something so many times, so many at a time, each in a thread that may wait; in no order.
pub fn at_once<T: Send>(
    count: usize,
    threads: usize,
    each: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let do_some = || -> Result<Vec<T>> {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(done);
            }
            done.push(each(index)?);
        }
    };
    let done: Result<Vec<_>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(do_some)).collect();
        let ended = threads.into_iter().map(|it| it.join());
        ended
            .map(|outcome| outcome.unwrap_or_else(|_| bail!("a thread panicked")))
            .collect()
    });
    Ok(done?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once_and_a_fault_ends_it() {
        let mut done = at_once(100, 7, Ok).unwrap();
        done.sort_unstable();
        assert_eq!(done, (0..100).collect::<Vec<_>>());
        assert!(
            at_once(100, 7, |index| if index == 50 {
                bail!("no")
            } else {
                Ok(())
            })
            .is_err()
        );
    }
}
