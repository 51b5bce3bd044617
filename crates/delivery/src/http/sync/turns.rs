use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::{Code, Problem};

/// How many syncs this node works on at once, because each may hold SYNC_MAX_BYTES of events several times over.
///
/// Here and not in the use case: an answer is held until it is encoded, and a use case knows no runtime.
pub struct Turns {
    admitted: Semaphore,
    running: Semaphore,
}

/// Lets the next one go on when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

impl Turns {
    /// `at_once` go on at once, and `waiting` more wait, in the order in which they came.
    #[must_use]
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            admitted: Semaphore::new(at_once + waiting),
            running: Semaphore::new(at_once),
        }
    }

    /// Waits for a turn. `overloaded` when too many wait already. A call that is given up leaves its place.
    pub(super) async fn take(&self) -> Result<Turn<'_>, Problem> {
        let too_many = |_| Problem::new(Code::Overloaded, "too many syncs at once; try again");
        // Neither is ever closed: the second always comes, when its time has come.
        let place = self.admitted.try_acquire().map_err(too_many)?;
        let closed = |_| Problem::new(Code::Overloaded, "no more syncs are taken");
        let turn = self.running.acquire().await.map_err(closed)?;
        Ok(Turn {
            _place: place,
            _turn: turn,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};

    use super::*;

    #[actix_web::test]
    async fn so_many_go_on_so_many_wait_and_others_are_refused() {
        let turns = Turns::new(2, 1);
        let first = turns.take().await.unwrap();
        let _second = turns.take().await.unwrap();
        let mut third = Box::pin(turns.take());
        assert!(poll!(&mut third).is_pending());
        let refused = turns.take().now_or_never().unwrap().unwrap_err();
        assert_eq!(refused.code(), Code::Overloaded);
        let response = refused.respond(None);
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key("Retry-After"));
        drop(first);
        assert!(third.await.is_ok());
    }

    #[actix_web::test]
    async fn who_gives_up_waiting_leaves_a_place() {
        let turns = Turns::new(1, 1);
        let first = turns.take().await.unwrap();
        let mut second = Box::pin(turns.take());
        assert!(poll!(&mut second).is_pending());
        drop(second);
        let mut third = Box::pin(turns.take());
        assert!(poll!(&mut third).is_pending());
        drop(first);
        assert!(third.await.is_ok());
    }
}
