use std::sync::Mutex;

use domain::{SessionId, UserId};
use uuid::Uuid;

use super::*;

/// A clock that the test sets.
struct SetClock(Arc<Mutex<Timestamp>>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn clock() -> (Arc<dyn Clock>, Arc<Mutex<Timestamp>>) {
    let time = Arc::new(Mutex::new(Timestamp::UNIX_EPOCH));
    (Arc::new(SetClock(time.clone())), time)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn proof(expires_at: Timestamp) -> Proof {
    let caller = Caller {
        user_id: UserId(Uuid::from_u128(1)),
        session_id: SessionId(Uuid::from_u128(2)),
    };
    Proof { caller, expires_at }
}

fn lease(life: i64, warning: u64) -> (Lease, Arc<Mutex<Timestamp>>) {
    let (clock, time) = clock();
    let lease = Lease::new(proof(at(life)), clock, Duration::from_secs(warning));
    (lease, time)
}

#[tokio::test(start_paused = true)]
async fn the_client_is_warned_once_and_then_the_lease_is_over() {
    for (life, warning, warned_at) in [(900, 60, 840), (10, 60, 5), (900, 0, 900)] {
        let (lease, time) = lease(life, warning);
        *time.lock().unwrap() = at(warned_at) - Duration::from_millis(1);
        assert!(lease.times.borrow_mut().due(*time.lock().unwrap()).is_err());
        if warning > 0 {
            *time.lock().unwrap() = at(warned_at);
            assert_eq!(lease.next().await, LeaseEvent::EndsSoon(at(life)));
        }
        *time.lock().unwrap() = at(life);
        assert_eq!(lease.next().await, LeaseEvent::Over);
        assert_eq!(lease.next().await, LeaseEvent::Over);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_token_makes_it_last_and_warns_anew() {
    let (lease, time) = lease(100, 10);
    *time.lock().unwrap() = at(95);
    assert_eq!(lease.next().await, LeaseEvent::EndsSoon(at(100)));
    lease.renew(proof(at(200)));
    *time.lock().unwrap() = at(190);
    assert_eq!(lease.next().await, LeaseEvent::EndsSoon(at(200)));
    *time.lock().unwrap() = at(200);
    assert_eq!(lease.next().await, LeaseEvent::Over);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_ends_it_and_one_that_is_set_back_does_not() {
    let (lease, time) = lease(3_600, 60);
    let set = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        *time.lock().unwrap() = at(7_200);
    };
    let (event, ()) = tokio::join!(lease.next(), set);
    assert_eq!(event, LeaseEvent::Over);
    let (lease, time) = self::lease(10, 0);
    *time.lock().unwrap() = at(-1_000);
    tokio::select! {
        event = lease.next() => panic!("{event:?}"),
        () = tokio::time::sleep(Duration::from_secs(900)) => {}
    }
}
