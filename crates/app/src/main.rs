//! The binary: reads what is to be done, and does it.

use std::process::ExitCode;

use app::{cli, logging, run, traces::Recording};

fn main() -> ExitCode {
    let (command, config) = match cli::from_process() {
        Ok(parsed) => parsed,
        Err(error) => return error.report(),
    };
    let serves = command == cli::Command::Serve;
    let traces = config.traces.as_ref().filter(|_| serves);
    let outcome = Recording::start(traces).and_then(|recording| {
        logging::init(&config.log, &recording)?;
        let outcome = run::run(command, &config);
        recording.end();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chatterstack: {error:#}");
            ExitCode::FAILURE
        }
    }
}
