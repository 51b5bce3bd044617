//! The binary: reads what is to be done, and does it.

use std::process::ExitCode;

use app::{cli, logging, run};

fn main() -> ExitCode {
    let (command, config) = match cli::from_process() {
        Ok(parsed) => parsed,
        Err(error) => return error.report(),
    };
    if let Err(error) = logging::init(&config.log) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    match run::run(command, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chatterstack: {error:#}");
            ExitCode::FAILURE
        }
    }
}
