use domain::{BusEvent, SessionId, UserId, ports::EventBus};

/// Tells every node of log-ins that have ended, so that their sockets close.
pub(super) async fn tell_ended(bus: &dyn EventBus, user_id: UserId, ended: Vec<SessionId>) {
    for session_id in ended {
        bus.publish(BusEvent::SessionRevoked {
            user_id,
            session_id,
        })
        .await;
    }
}
