use std::time::Instant;

use reqwest::Method;
use tokio::time::sleep;

use super::{BACK_OFF, Door, sender::is_given_up};
use crate::{api::reaction, length::patience};

/// What everybody says of a message, so that their reactions are counted together.
pub const EMOJI: &str = "👍";

/// What a sender said of a message by [`EMOJI`].
#[derive(Debug)]
pub struct Reacted {
    /// Who.
    pub user: String,
    /// Of which message.
    pub message: String,
    /// Whether a node answered that it stands there.
    pub is_added: bool,
    /// Whether a node answered that it does not any more; none when nobody asked for that.
    pub is_removed: Option<bool>,
}

/// Reacts to a message, and takes it back in every other case.
pub async fn react(doors: &mut [Door], room: &str, message: &str, number: usize) -> Reacted {
    let message_at = serde_json::json!({"room_id": room, "id": message});
    let path = reaction(&message_at, EMOJI);
    let user = doors[0].client.id().to_owned();
    let (is_added, attempts) = ask(doors, Method::PUT, &path, number).await;
    let mut reacted = Reacted {
        user,
        message: message.to_owned(),
        is_added,
        is_removed: None,
    };
    // An earlier attempt that was not answered may still be under way, and would add it again afterwards.
    if is_added && attempts == 1 && number.is_multiple_of(2) {
        reacted.is_removed = Some(ask(doors, Method::DELETE, &path, number).await.0);
    }
    reacted
}

/// Asks one node after another, and says whether it was done, and how often it was asked. A few are given up when they
/// are not answered at once; the others when the message is gone.
async fn ask(doors: &mut [Door], method: Method, path: &str, number: usize) -> (bool, u32) {
    let deadline = Instant::now() + patience();
    for attempts in 1.. {
        let request = doors[0].client.request(method.clone(), path);
        match doors[0].ask(request).await {
            Some(answer) if answer.status == 204 => return (true, attempts),
            Some(answer) if answer.code() == "message_not_found" => return (false, attempts),
            Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
            None => {}
        }
        doors.rotate_left(1);
        if is_given_up(number) {
            return (false, attempts);
        }
        assert!(Instant::now() < deadline, "{method} {path} is never taken");
        sleep(BACK_OFF).await;
    }
    unreachable!("there is a deadline")
}
