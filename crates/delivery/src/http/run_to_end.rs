use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use tracing::Instrument;

use crate::problem::{Code, Problem};

/// The changes that go on in this process. They live on the runtimes of actix's workers, whose tasks nothing counts.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// How many changes go on, with or without a request that waits for them.
pub(crate) fn changes_under_way() -> usize {
    UNDER_WAY.load(Ordering::Relaxed)
}

/// Counts a change for as long as it goes on, whichever way it ends.
struct Counted;

impl Counted {
    fn begin() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs a change to its end, whatever becomes of the request.
///
/// actix drops a handler when its client goes away. A use case that was dropped between its commit and its publish would
/// leave a message in the log that nobody is told of, until the next one shows the gap.
pub(crate) async fn run_to_end<T: 'static, E>(
    change: impl Future<Output = Result<T, E>> + 'static,
) -> Result<T, Problem>
where
    E: Into<Problem> + 'static,
{
    let counted = Counted::begin();
    let change = async move {
        let _counted = counted;
        change.await
    };
    match actix_web::rt::spawn(change.in_current_span()).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(error) => {
            tracing::error!(%error, "a change did not run to its end");
            Err(Problem::new(
                Code::Internal,
                "the server failed; the log has the details",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Notify, oneshot};

    use super::*;

    #[actix_web::test]
    async fn a_change_goes_on_when_its_request_is_dropped() {
        let (started, go, (done, finished)) = (
            Arc::new(Notify::new()),
            Arc::new(Notify::new()),
            oneshot::channel(),
        );
        let change = {
            let (started, go) = (started.clone(), go.clone());
            async move {
                started.notify_one();
                go.notified().await;
                done.send(()).ok();
                Ok::<_, Problem>(())
            }
        };
        let request = actix_web::rt::spawn(run_to_end(change));
        started.notified().await;
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        go.notify_one();
        assert!(finished.await.is_ok());
    }

    #[actix_web::test]
    async fn a_panic_is_a_problem_and_not_a_dropped_connection() {
        let outcome = run_to_end(async {
            if true {
                panic!("on purpose");
            }
            Ok::<_, Problem>(())
        })
        .await;
        assert_eq!(outcome.unwrap_err().code(), Code::Internal);
    }
}
