use std::future::Future;

use tracing::Instrument;

use crate::problem::{Code, Problem};

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
