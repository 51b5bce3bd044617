//! The commands of the binary.

use std::pin::pin;

use anyhow::{Context, Result};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use crate::{
    application::Application,
    cli::{Command, healthcheck},
    config::Config,
    seed, wiring,
};

/// Does what the command says.
///
/// # Errors
/// What stands against it, for people.
pub fn run(command: Command, config: &Config) -> Result<()> {
    match command {
        Command::Serve => {
            let runtime = runtime()?;
            let outcome = runtime.block_on(serve(config));
            // A query or a hash that still runs has nobody left to answer.
            runtime.shutdown_background();
            outcome
        }
        Command::Migrate => runtime()?.block_on(migrate(config)),
        Command::Seed => runtime()?.block_on(seed::seed(config)),
        Command::OpenApi => {
            print!("{}", delivery::http::openapi().to_yaml()?);
            Ok(())
        }
        Command::Healthcheck => {
            println!("{}", healthcheck::run(config)?);
            Ok(())
        }
    }
}

fn runtime() -> Result<Runtime> {
    Runtime::new().context("cannot start the runtime")
}

async fn serve(config: &Config) -> Result<()> {
    // Before anything else, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tracing::info!(configuration = %config.describe(), "starting");
    let mut told_to_go = pin!(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    // A database that is away is waited for, but not against somebody who wants the node to end.
    let application = tokio::select! {
        built = Application::build(config) => built?,
        () = &mut told_to_go => {
            tracing::info!("gone before it was up");
            return Ok(());
        }
    };
    application.run_until(told_to_go).await
}

async fn migrate(config: &Config) -> Result<()> {
    let applied = wiring::migrate(config).await?;
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    for migration in applied {
        println!("applied {migration}");
    }
    Ok(())
}
