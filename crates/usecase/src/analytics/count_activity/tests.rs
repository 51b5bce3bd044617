use domain::ports::MockActivityStore;
use mockall::predicate::eq;

use super::*;
use crate::sample::away;

/// Answers these, one after the other, to calls of a batch each.
fn count(answers: Vec<StoreResult<bool>>) -> CountActivity {
    let mut activity = MockActivityStore::new();
    let times = answers.len();
    let answers = std::sync::Mutex::new(answers.into_iter());
    activity
        .expect_count_on()
        .with(eq(1_000))
        .times(times)
        .returning(move |_| {
            let next = answers.lock().expect("no panic").next();
            next.expect("it is not called as often")
        });
    CountActivity {
        activity: Arc::new(activity),
    }
}

#[tokio::test]
async fn it_goes_on_until_all_is_counted() {
    let counting = count(vec![Ok(true), Ok(true), Ok(false)]);
    assert_eq!(counting.execute(10).await, Ok(false));
}

#[tokio::test]
async fn after_its_rounds_it_says_that_something_may_be_left() {
    let counting = count(vec![Ok(true), Ok(true)]);
    assert_eq!(counting.execute(2).await, Ok(true));
    assert_eq!(count(vec![]).execute(0).await, Ok(true));
    assert_eq!(count(vec![Ok(false)]).execute(1).await, Ok(false));
}

#[tokio::test]
async fn a_store_that_fails_ends_it() {
    let counting = count(vec![Ok(true), Err(away())]);
    assert_eq!(counting.execute(10).await, Err(away()));
}
