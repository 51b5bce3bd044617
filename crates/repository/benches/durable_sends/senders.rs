use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    PasswordHash, RoomId, UserId,
    ports::{NewMessage, RoomLog},
};
use testkit::{contract::Stores, sample};

/// What came of one measurement.
pub struct Measured {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

impl Measured {
    /// So many rows in this time, and how long each batch took.
    pub fn of(rows: usize, time: Duration, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = |part: f64| {
            // Less than the length, which is far below what a float holds exactly.
            latencies[((latencies.len() - 1) as f64 * part) as usize]
        };
        Self {
            per_second: rows as f64 / time.as_secs_f64(),
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

/// Rooms, and somebody who is in all of them.
pub struct Scene {
    user: UserId,
    rooms: Vec<RoomId>,
}

impl Scene {
    pub async fn new(stores: &Stores, rooms: usize) -> Self {
        let user = sample::user("sender");
        let password = PasswordHash("none".to_owned());
        stores
            .users
            .create(&user, &password)
            .await
            .expect("an account");
        let mut made = Vec::new();
        for _ in 0..rooms {
            let new = sample::new_room(user.id);
            made.push(stores.rooms.create(&new).await.expect("a room").room.id);
        }
        Self {
            user: user.id,
            rooms: made,
        }
    }

    /// So many senders, each with one message under way, until the time is over.
    pub async fn send(&self, log: Arc<dyn RoomLog>, senders: usize, time: Duration) -> Measured {
        let begin = Instant::now();
        let tasks: Vec<_> = (0..senders)
            .map(|sender| {
                let (log, user) = (log.clone(), self.user);
                let room = self.rooms[sender % self.rooms.len()];
                tokio::spawn(async move {
                    let mut latencies = Vec::new();
                    while begin.elapsed() < time {
                        let new = NewMessage {
                            client_msg_id: Some(sample::client_msg_id(&sample::id().to_string())),
                            ..sample::new_message(room, user, &"x".repeat(200))
                        };
                        let asked = Instant::now();
                        log.append(new).await.expect("an append");
                        latencies.push(asked.elapsed());
                    }
                    latencies
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.expect("a sender"));
        }
        Measured::of(latencies.len(), begin.elapsed(), latencies)
    }
}
