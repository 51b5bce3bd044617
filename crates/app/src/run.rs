//! The commands of the binary.

use anyhow::{Context, Result};
use repository::sqlite;
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
        Command::Migrate => migrate(config),
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
    let application = Application::build(config).await?;
    application
        .run_until(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await
}

fn migrate(config: &Config) -> Result<()> {
    let applied = sqlite::migrate(&wiring::sqlite_options(config))?;
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    for migration in applied {
        println!("applied {migration}");
    }
    Ok(())
}
