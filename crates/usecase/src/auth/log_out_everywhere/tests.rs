use domain::{BusEvent, SessionId, StoreResult, ports::MockUserStore};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{ann, away, bus_hearing, caller, clock, id, now, silent_bus};

/// The store, asked once to end all log-ins of Ann's.
fn users(order: &mut Sequence, answer: StoreResult<Vec<SessionId>>) -> Arc<MockUserStore> {
    let mut users = MockUserStore::new();
    users
        .expect_end_log_ins()
        .with(eq(ann().id), eq(now()))
        .times(1)
        .in_sequence(order)
        .return_const(answer);
    Arc::new(users)
}

#[tokio::test]
async fn all_log_ins_end_and_each_is_told_afterwards() {
    let mut order = Sequence::new();
    let ended: [SessionId; 3] = [caller().session_id, id(101), id(102)];
    let log_out = LogOutEverywhere {
        users: users(&mut order, Ok(ended.to_vec())),
        bus: bus_hearing(
            &mut order,
            ended.map(|session_id| BusEvent::SessionRevoked {
                user_id: ann().id,
                session_id,
            }),
        ),
        clock: clock(),
    };
    assert_eq!(log_out.execute(caller()).await, Ok(()));
}

#[tokio::test]
async fn a_store_that_is_away_is_reported_and_nothing_is_told() {
    let log_out = LogOutEverywhere {
        users: users(&mut Sequence::new(), Err(away())),
        bus: silent_bus(),
        clock: clock(),
    };
    let answer = log_out.execute(caller()).await;
    assert_eq!(answer, Err(LogOutEverywhereError::Store(away())));
}
