//! Renewing leases, and telling what was told wrongly or to nobody.

use std::{convert::Infallible, sync::Arc, time::Instant};

use domain::{
    RoomId, StoreResult, UserId,
    ports::{PresenceChange, Present},
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{Shared, store::Tended};

/// Renews whenever Redis is back, for as long as the link is there.
pub(super) async fn heal(shared: Arc<Shared>) {
    let mut up = shared.store.link().watch();
    loop {
        let is_up = *up.borrow_and_update();
        shared.is_unsteady_now();
        let changed = if is_up {
            tokio::select! {
                changed = up.changed() => changed,
                never = renew_at_last(&shared) => match never {},
            }
        } else {
            up.changed().await
        };
        if changed.is_err() {
            return;
        }
    }
}

/// Tries until it succeeds, and waits for ever then.
async fn renew_at_last(shared: &Shared) -> Infallible {
    loop {
        {
            let mut found = shared.found.lock().await;
            if shared.tend(&mut found).await {
                break;
            }
        }
        tokio::time::sleep(shared.options.lease / 30).await;
    }
    std::future::pending().await
}

impl Shared {
    /// Tends to all rooms, and adds what nobody was told yet. False when Redis is away; then the next call goes on
    /// with what is left.
    pub(super) async fn tend(&self, found: &mut Vec<PresenceChange>) -> bool {
        if !self.store.link().is_up() {
            self.is_unsteady_now();
            return false;
        }
        {
            let now = Instant::now();
            let mut steadiness = self.steadiness();
            if now - steadiness.tended > self.options.lease {
                // This node was held up, and the others maybe as well.
                steadiness.from = now + self.options.lease;
            }
            steadiness.tended = now;
        }
        let renewed = self.renew(found).await;
        if let Err(error) = &renewed {
            self.is_unsteady_now();
            tracing::debug!(%error, "presence was not renewed");
        }
        renewed.is_ok()
    }

    async fn renew(&self, found: &mut Vec<PresenceChange>) -> StoreResult<()> {
        let at_once = self.options.rooms_at_once.max(1);
        // In a statement of its own, so that the lock is not held on.
        let rooms = self.seats().rooms();
        for rooms in rooms.chunks(at_once) {
            let _nobody_comes_or_goes = self.gate.write().await;
            let mut tended = stream::iter(rooms.to_vec())
                .map(|room| async move { StoreResult::Ok((room, self.renew_room(room).await?)) })
                .buffer_unordered(at_once);
            while let Some((room, tended)) = tended.try_next().await? {
                self.note(found, room, tended);
            }
        }
        let departures = self.seats().departures();
        for departures in departures.chunks(at_once) {
            let _nobody_comes_or_goes = self.gate.write().await;
            let mut settled = stream::iter(departures.to_vec())
                .map(|(room, user)| self.settle(room, user))
                .buffer_unordered(at_once);
            while let Some(change) = settled.try_next().await? {
                found.extend(change);
            }
        }
        Ok(())
    }

    async fn renew_room(&self, room: RoomId) -> StoreResult<Tended> {
        let sockets = self.seats().sockets(room);
        let per_call = self.options.sockets_per_call.max(1);
        let mut all = Tended::default();
        for (start, part) in (0..).step_by(per_call).zip(sockets.chunks(per_call)) {
            // Own leases first: they must not be swept.
            let sweeps = start + part.len() == sockets.len() && self.is_steady();
            let sweep = if sweeps { per_call } else { 0 };
            let tended = self.store.tend(room, part, sweep).await?;
            if tended.forgotten > 0 {
                // So those of other nodes may be missing too.
                self.is_unsteady_now();
            }
            let mut more = sweep > 0 && tended.swept >= sweep;
            all.back.extend(tended.back);
            all.gone.extend(tended.gone);
            while more {
                let tended = self.store.tend(room, &[], sweep).await?;
                more = tended.swept >= sweep;
                all.gone.extend(tended.gone);
            }
        }
        self.seats().renewed(room);
        Ok(all)
    }

    fn note(&self, found: &mut Vec<PresenceChange>, room: RoomId, tended: Tended) {
        let change = |user: Present, online: bool| PresenceChange {
            room_id: room,
            user,
            online,
        };
        let here = self.seats().tell(room, &tended.back);
        found.extend(here.into_iter().map(|user| change(user, true)));
        found.extend(tended.gone.into_iter().map(|user| change(user, false)));
    }

    /// Takes sockets out that left unknown to Redis, and answers how their user stands if nobody of this node tells it.
    async fn settle(
        &self,
        room_id: RoomId,
        user_id: UserId,
    ) -> StoreResult<Option<PresenceChange>> {
        let Some(departed) = self.seats().departed(room_id, user_id) else {
            return Ok(None);
        };
        let user = Present {
            user_id,
            username: departed.username,
        };
        let mut last = false;
        for sockets in departed
            .sockets
            .chunks(self.options.sockets_per_call.max(1))
        {
            last = self.store.leave(room_id, &user, sockets, true).await?;
            self.seats().settled(room_id, user_id, sockets);
        }
        Ok(
            (!self.seats().holds(room_id, user_id)).then_some(PresenceChange {
                room_id,
                user,
                online: !last,
            }),
        )
    }
}
