use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{
    Missed, Resumption, RoomId, RoomSnapshot, Seq, StoreResult, UserId,
    ports::{Departure, MemberStore, RoomStore},
};

/// Finds out how a client that was away comes back into its rooms.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) members: Arc<dyn MemberStore>,
    /// The most events of one room that are told.
    pub(crate) most: u64,
}

impl Standing {
    /// Says for each room of which the client has the log up to some number how it goes on, in any order. `snapshots`
    /// are those of the rooms that the user is in; one that they came into meanwhile is added.
    pub(crate) async fn resume(
        &self,
        user: UserId,
        since: HashMap<RoomId, Seq>,
        snapshots: &mut Vec<RoomSnapshot>,
    ) -> StoreResult<Vec<Resumption>> {
        let known: HashSet<_> = snapshots.iter().map(|it| it.room_id).collect();
        let others: Vec<_> = since
            .keys()
            .copied()
            .filter(|id| !known.contains(id))
            .collect();
        let ended = self.ended(user, others, snapshots).await?;
        let heads: HashMap<_, _> = snapshots
            .iter()
            .map(|it| (it.room_id, it.last_seq))
            .collect();
        let resumptions = since.into_iter().map(|(room_id, from)| {
            let missed = |to| Missed::new(room_id, from, to, self.most);
            match (heads.get(&room_id), ended.get(&room_id)) {
                (Some(head), _) => Resumption::Stays(missed(*head)),
                (None, Some(end)) if from < end.seq => Resumption::Ended(missed(end.seq)),
                (None, _) => Resumption::Gone(room_id),
            }
        });
        Ok(resumptions.collect())
    }

    /// How the membership in each of these rooms ended, if it did.
    async fn ended(
        &self,
        user: UserId,
        others: Vec<RoomId>,
        snapshots: &mut Vec<RoomSnapshot>,
    ) -> StoreResult<HashMap<RoomId, Departure>> {
        if others.is_empty() {
            return Ok(HashMap::new());
        }
        let departures = self.members.departures(user, others.clone()).await?;
        let mut ended: HashMap<_, _> = departures.into_iter().map(|it| (it.room_id, it)).collect();
        // The user may have come in, or back, between the two questions.
        let mut missing = others;
        missing.retain(|id| !ended.contains_key(id));
        if missing.is_empty() {
            return Ok(ended);
        }
        let come = self.rooms.snapshots(user, Some(missing.clone())).await?;
        missing.retain(|id| come.iter().all(|it| it.room_id != *id));
        snapshots.extend(come);
        // And gone again before this one. Who has done it once more by now will find out at the next time.
        if !missing.is_empty() {
            let departures = self.members.departures(user, missing).await?;
            ended.extend(departures.into_iter().map(|it| (it.room_id, it)));
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests;
