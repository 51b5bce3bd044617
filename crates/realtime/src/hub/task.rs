use std::{future::pending, sync::Arc};

use domain::{
    BusEvent, RoomEventKind, TRACE_PARENT_FIELD, TRACED, TraceParent,
    ports::{BusDelivery, BusSubscription},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tracing::{Span, info_span};

use super::{
    companion::HubCompanion,
    handle::{HubCommand, Shared, TypingError},
    signals::{Outgoing, Signals},
    state::{FollowChange, State},
};
use crate::typing::Typists;

/// The hub at work. It owns all state, so nothing in here is locked; it waits for nobody but its next input.
pub struct HubTask {
    inbox: mpsc::UnboundedReceiver<HubCommand>,
    subscription: Box<dyn BusSubscription>,
    state: State,
    typists: Typists,
    signals: Signals,
    outgoing: Outgoing,
    shared: Arc<Shared>,
}

impl HubTask {
    pub(super) fn new(
        inbox: mpsc::UnboundedReceiver<HubCommand>,
        subscription: Box<dyn BusSubscription>,
        state: State,
        signals: Signals,
        outgoing: Outgoing,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            inbox,
            subscription,
            state,
            typists: Typists::new(shared.settings.typing_timeout),
            signals,
            outgoing,
            shared,
        }
    }

    /// Works until every [`Hub`](super::Hub) handle and every connection is gone, or the bus is.
    pub async fn run(self) {
        let (rounds, companion) = self.split();
        tokio::join!(rounds.run(), companion.run());
    }

    /// The same in two parts, each to be run: the rounds, which are quickest in the thread whose sockets they write to, and
    /// what they leave to do, which may last longer than that thread.
    #[must_use]
    pub fn split(self) -> (HubRounds, HubCompanion) {
        let (running, ended) = oneshot::channel();
        let companion = HubCompanion {
            shared: self.shared.clone(),
            ended,
        };
        let task = self;
        (HubRounds { task, running }, companion)
    }
}

/// After so many inputs what was told is written, though there are more: sockets are not to wait, and their queues not to fill,
/// for as long as the hub is busy.
const MOST_TOGETHER: usize = 64;

/// What the hub does, round by round.
pub struct HubRounds {
    task: HubTask,
    /// Dropped at the end, also where this is dropped itself.
    running: oneshot::Sender<()>,
}

impl HubRounds {
    /// Works until every [`Hub`](super::Hub) handle and every connection is gone, or the bus is.
    pub async fn run(self) {
        let HubTask {
            mut inbox,
            mut subscription,
            mut state,
            mut typists,
            signals,
            outgoing,
            shared,
        } = self.task;
        let presence = &shared.presence;
        // Moved, so that the queue of signals closes with it.
        let hub = async move {
            // By itself it would be over with whatever wakes the hub.
            let mut pause = FuturesUnordered::new();
            let mut waited = 0;
            loop {
                if !state.is_to_flush() {
                    waited = 0;
                } else if waited < MOST_TOGETHER {
                    waited += 1;
                    if pause.is_empty() {
                        pause.push(yield_now());
                    }
                } else {
                    state.flush();
                    waited = 0;
                }
                let silence = typists.next_expiry();
                let streams = state.streams_due();
                tokio::select! {
                    // What is there already is dealt with before anything is written, so that it goes out together; and what other
                    // tasks of this thread are about to say, who have a turn in the pause: answers of the store come to them
                    // one by one.
                    biased;
                    command = inbox.recv() => match command {
                        Some(command) => on_command(command, &mut state, &mut typists, &signals),
                        None => break,
                    },
                    delivery = subscription.next() => match delivery {
                        Some(BusDelivery::Event(event, trace)) => {
                            let _going_on = trace.map(|trace| fan_out(trace).entered());
                            on_bus_event(&event, &mut state, &mut typists, &signals);
                        }
                        Some(BusDelivery::LostRoom(room_id)) => state.lost_in(room_id),
                        Some(BusDelivery::Lost) => {
                            state.lost();
                            presence.tend_soon();
                        }
                        None => break,
                    },
                    answer = state.next_answer() => state.answered(answer),
                    () = at(streams) => state.tend_streams(),
                    () = at(silence) => signals.stopped(typists.expire(Instant::now())),
                    Some(()) = pause.next() => {
                        state.flush();
                        waited = 0;
                    }
                }
                for change in state.take_follow_changes() {
                    match change {
                        // A bus that hears it later says so, and the head is asked for again then.
                        FollowChange::Begin(room_id) => {
                            subscription.follow(room_id);
                        }
                        FollowChange::End(room_id) => subscription.unfollow(room_id),
                    }
                }
                state.ask();
            }
            state.end();
        };
        tokio::join!(hub, outgoing.run());
        drop(self.running);
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

fn on_command(command: HubCommand, state: &mut State, typists: &mut Typists, signals: &Signals) {
    match command {
        HubCommand::Register {
            id,
            session_id,
            user_id,
            outbox,
            done,
        } => {
            state.register(id, user_id, session_id, outbox);
            // Nobody waits any more: then the connection was dropped, and `Leave` follows.
            let _ = done.send(());
        }
        HubCommand::Start {
            id,
            user,
            rooms,
            resumptions,
            follows_all,
        } => state.start(id, &user, &rooms, &resumptions, follows_all),
        HubCommand::Follow {
            id,
            rooms,
            resumptions,
            answer,
            done,
        } => {
            // Nobody waits any more: then the connection was dropped, and `Leave` follows. As below.
            let _ = done.send(state.subscribe(id, &rooms, &resumptions, answer));
        }
        HubCommand::Unfollow {
            id,
            room_id,
            answer,
            done,
        } => {
            signals.stopped(typists.stop_socket(id, Some(room_id)));
            state.unsubscribe(id, room_id, answer);
            let _ = done.send(());
        }
        HubCommand::Renew {
            id,
            session_id,
            done,
        } => {
            state.renew(id, session_id);
            let _ = done.send(());
        }
        HubCommand::Relieved(id) => state.relieved(id),
        HubCommand::Typing {
            id,
            room,
            active,
            done,
        } => {
            let told = state.typist(id, room).map(|(room_id, user_id, username)| {
                if !active {
                    signals.stopped(typists.stop(room_id, user_id));
                } else if typists.start(room_id, user_id, &username, id, Instant::now()) {
                    signals.send(BusEvent::Typing {
                        room_id,
                        user_id,
                        username,
                        active,
                    });
                }
            });
            let _ = done.send(told as Result<(), TypingError>);
        }
        HubCommand::WritesStream {
            socket,
            room_id,
            id,
        } => state.writes_stream(socket, room_id, id),
        HubCommand::Leave(id) => {
            signals.stopped(typists.stop_socket(id, None));
            state.leave(id);
        }
        HubCommand::Outboxes(done) => {
            let _ = done.send(state.outboxes());
        }
    }
}

/// What this node does about something that was told, as a part of the trace of who told it.
fn fan_out(trace: TraceParent) -> Span {
    info_span!(
        target: TRACED,
        "fan_out",
        otel.kind = "consumer",
        { TRACE_PARENT_FIELD } = %trace,
    )
}

fn on_bus_event(
    event: &Arc<BusEvent>,
    state: &mut State,
    typists: &mut Typists,
    signals: &Signals,
) {
    match &**event {
        BusEvent::Room(room_event) => {
            let (room_id, kind) = (room_event.room_id, &room_event.kind);
            // Who sends has stopped typing, and who left does not go on.
            match kind {
                RoomEventKind::MessageSent(message) => {
                    signals.stopped(typists.stop(room_id, message.sender_id));
                }
                RoomEventKind::MemberLeft { user_id, .. } => {
                    signals.stopped(typists.stop(room_id, *user_id));
                    state.streams_end_of(room_id, *user_id);
                }
                RoomEventKind::RoomDeleted => state.keep_none_of(room_id, None),
                _ => {}
            }
            state.heard(room_event.clone());
        }
        BusEvent::Typing {
            room_id, user_id, ..
        }
        | BusEvent::Presence {
            room_id, user_id, ..
        } => {
            state.tell_room(*room_id, event, Some(*user_id));
        }
        BusEvent::Receipt { room_id, .. } => {
            // The reader's other sockets count their unread messages by it.
            state.tell_room(*room_id, event, None);
        }
        BusEvent::StreamStarted(stream) => state.stream_started(stream),
        BusEvent::StreamWritten {
            room_id,
            id,
            splice,
        } => state.stream_written(*room_id, *id, splice),
        BusEvent::StreamEnded { room_id, id, why } => state.stream_ended(*room_id, *id, *why),
        BusEvent::StreamStop { author_id, .. } => state.tell_user(*author_id, event),
        BusEvent::RoomAdded { user_id, .. } => state.tell_user(*user_id, event),
        BusEvent::RoomRemoved {
            user_id, room_id, ..
        } => {
            state.keep_none_of(*room_id, Some(*user_id));
            state.tell_user(*user_id, event);
        }
        BusEvent::SessionRevoked {
            user_id,
            session_id,
        } => state.end_session(*user_id, *session_id),
        _ => {}
    }
}
