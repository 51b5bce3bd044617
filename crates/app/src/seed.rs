//! `chatterstack seed`: a demo team, to look around in.

use anyhow::{Context, Result, bail};
use domain::{
    MessageDraft, Role, RoomId, SessionId, User, UserId, Visibility,
    values::{ClientMsgId, Email, Password, RoomDescription, RoomName, Username},
};
use usecase::{
    Caller, UseCases,
    auth::{RegisterUserError, RegisterUserInput},
    messages::SendMessageInput,
    rooms::CreateRoomInput,
};

use crate::{
    config::{AppEnv, Config},
    wiring,
};

const TEAM: [&str; 5] = ["Ada", "Grace", "Edsger", "Barbara", "Linus"];
const PASSWORD: &str = "demo-password";
const ROOMS: [(&str, &str, Visibility); 3] = [
    ("General", "For everybody", Visibility::Public),
    ("Releases", "What goes out, and when", Visibility::Private),
    ("Coffee", "Anything but work", Visibility::Public),
];
const MESSAGES_PER_ROOM: usize = 100;

/// What the demo team says, over and over.
const LINES: [&str; 10] = [
    "Good morning, everybody",
    "The build is green again",
    "Who has looked at the slow query from yesterday?",
    "I have. It scans the whole table; an index on (room_id, seq) mends it.",
    "Nice catch",
    "Shall we talk it over at eleven?",
    "Works for me",
    "I will bring the numbers",
    "And I the coffee ☕",
    "See you there",
];

/// Fills the database, and prints the log-ins. Run again, it changes nothing.
///
/// # Errors
/// What stands against it; the known passwords keep it out of production.
pub async fn seed(config: &Config) -> Result<()> {
    if config.environment == AppEnv::Production {
        bail!("seed makes accounts with a known password, which production must not have");
    }
    let wired = wiring::wire(config).await?;
    let usecases = wiring::usecases(config, &wired.ports);
    match team(&usecases).await? {
        Some(team) => {
            let messages = rooms(&usecases, &wired.ports, &team).await?;
            println!(
                "made {} users, {} rooms and {messages} messages",
                team.len(),
                ROOMS.len() + 1
            );
        }
        None => println!("the demo team is there already"),
    }
    println!("log in as, with the password {PASSWORD}:");
    for name in TEAM {
        println!("  {}", address(name));
    }
    drop(usecases);
    wired.open.close().await;
    Ok(())
}

fn address(name: &str) -> String {
    format!("{}@demo.example", name.to_lowercase())
}

/// The team, or `None` when it is there already.
async fn team(usecases: &UseCases) -> Result<Option<Vec<User>>> {
    let mut team = Vec::new();
    for name in TEAM {
        let input = RegisterUserInput {
            username: Username::parse(name)?,
            email: Email::parse(&address(name))?,
            password: Password::parse(PASSWORD)?,
        };
        match usecases.register_user.execute(input).await {
            Ok(user) => team.push(user),
            Err(RegisterUserError::EmailTaken) if team.is_empty() => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot register {name}"));
            }
        }
    }
    Ok(Some(team))
}

async fn rooms(usecases: &UseCases, ports: &usecase::Ports, team: &[User]) -> Result<usize> {
    let callers: Vec<Caller> = team.iter().map(|user| caller(user.id, ports)).collect();
    let mut sent = 0;
    for (name, about, visibility) in ROOMS {
        let input = CreateRoomInput {
            name: RoomName::parse(name)?,
            description: RoomDescription::parse(about)?,
            is_group: true,
            visibility,
            guests: false,
            members: team.iter().map(|user| (user.id, Role::Member)).collect(),
            creator: None,
        };
        let room = usecases.create_room.execute(callers[0], input).await?;
        sent += talk(usecases, room.id, &callers).await?;
    }
    let open = &usecases.open_direct_room;
    let (direct, _) = open.execute(callers[0], team[1].id).await?;
    sent += talk(usecases, direct.id, &callers[..2]).await?;
    Ok(sent)
}

/// Nobody's log-in: the use cases are called from inside, past the door that asks for one.
fn caller(user_id: UserId, ports: &usecase::Ports) -> Caller {
    Caller {
        user_id,
        session_id: SessionId(ports.ids.next()),
    }
}

async fn talk(usecases: &UseCases, room_id: RoomId, callers: &[Caller]) -> Result<usize> {
    for i in 0..MESSAGES_PER_ROOM {
        let input = SendMessageInput {
            room_id,
            draft: MessageDraft::parse(LINES[i % LINES.len()], Vec::new())?,
            client_msg_id: Some(ClientMsgId::parse(&format!("seed-{i}"))?),
        };
        let who = callers[i % callers.len()];
        usecases.send_message.execute(who, input).await?;
    }
    Ok(MESSAGES_PER_ROOM)
}
