//! `cargo run`: Convoke on this machine.

use std::process::ExitCode;

use clap::Parser;
use convoke_local::cli::Cli;
use convoke_local::output;

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().carry_out().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure(&error);
            ExitCode::FAILURE
        }
    }
}
