//! The commands of the binary.

use anyhow::{Context, Result};
use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    admin,
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
        Command::CreateAdmin(new) => runtime()?.block_on(admin::create(config, &new)),
        Command::OpenApi => {
            print!("{}", delivery::http::openapi().to_yaml()?);
            Ok(())
        }
        Command::Bench(arguments) => {
            println!("{}", runtime()?.block_on(bench::run(&arguments))?);
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
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    tracing::info!(configuration = %config.describe(), "starting");
    // A database that is away is waited for, but not against somebody who wants the node to end.
    let application = tokio::select! {
        built = Application::build(config) => built?,
        () = signals.next() => {
            tracing::info!("gone before it was up");
            return Ok(());
        }
    };
    application.run_until(async || signals.next().await).await
}

/// The signals that tell a node to go.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
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
