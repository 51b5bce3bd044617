use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{protocol::Protocol, server::Server};

/// A server that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Contestant {
    /// The limit of the machine: `loadgen serve raw`.
    Raw,
    /// actix-ws as most would write it: `loadgen serve plain`.
    Plain,
    /// `loadgen serve tungstenite`.
    Tungstenite,
    /// The library `ws` of Node.
    NodeWs,
    /// socket.io on Node.
    SocketIo,
    /// ChatterStack, with what is not stored: typing.
    Chatterstack,
    /// The same, where the framework lets go of a connection that becomes a socket.
    ChatterstackTakeover,
    /// ChatterStack, with messages, stored in SQLite before anybody is told.
    ChatterstackStored,
}

/// Where the programs are.
#[derive(Args)]
pub struct Programs {
    /// The program of ChatterStack; its settings are those of the environment.
    #[arg(long = "server")]
    chatterstack: PathBuf,
    /// The folder of the baselines that run on Node, with what they need installed.
    #[arg(long, default_value = "crates/loadgen/node")]
    node: PathBuf,
}

/// The processor of the servers; the load has another one.
const CPU: &str = "0";

impl Contestant {
    /// What it is called in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw loop",
            Self::Plain => "actix-ws, one map behind a lock",
            Self::Tungstenite => "tokio-tungstenite",
            Self::NodeWs => "Node ws",
            Self::SocketIo => "socket.io",
            Self::Chatterstack => "ChatterStack, typing",
            Self::ChatterstackTakeover => "ChatterStack, typing, connections taken over",
            Self::ChatterstackStored => "ChatterStack, messages in SQLite",
        }
    }

    /// How it is spoken to.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Raw | Self::Plain | Self::Tungstenite | Self::NodeWs => Protocol::Relay,
            Self::SocketIo => Protocol::SocketIo,
            Self::Chatterstack | Self::ChatterstackTakeover => Protocol::Typing,
            Self::ChatterstackStored => Protocol::Messages,
        }
    }

    /// Starts it on its processor, with an empty folder to keep things in.
    pub async fn start(self, programs: &Programs, folder: &Path) -> Result<Server> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", CPU]);
        match self {
            Self::Raw => serve(&mut command, "raw")?,
            Self::Plain => serve(&mut command, "plain")?,
            Self::Tungstenite => serve(&mut command, "tungstenite")?,
            Self::NodeWs => node(&mut command, programs, "ws.js"),
            Self::SocketIo => node(&mut command, programs, "socketio.js"),
            Self::Chatterstack | Self::ChatterstackTakeover | Self::ChatterstackStored => {
                command.arg(&programs.chatterstack);
                // A few users are everybody here.
                let limits = [
                    "RATE_REGISTER_IP",
                    "RATE_LOGIN_IP",
                    "RATE_REST_USER",
                    "RATE_MESSAGES_USER",
                    "RATE_TYPING_USER",
                    "RATE_SOCKET_FRAMES",
                    "WS_SOCKETS_NODE",
                    "WS_SOCKETS_USER",
                    "WS_SOCKETS_ADDRESS",
                ];
                command.envs(limits.map(|limit| (limit, "off")));
                if self == Self::ChatterstackTakeover {
                    command.env("WS_TRANSPORT", "takeover");
                }
            }
        }
        Server::launch(command, folder).await
    }
}

fn serve(command: &mut Command, baseline: &str) -> Result<()> {
    command.arg(std::env::current_exe()?);
    command.args(["serve", baseline]);
    Ok(())
}

fn node(command: &mut Command, programs: &Programs, script: &str) {
    command.arg("node").arg(programs.node.join(script));
}
