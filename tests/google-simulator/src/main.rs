//! The simulator as a program: `google-simulator --port 8098`.

#![allow(clippy::print_stdout, reason = "a program says where it listens")]

use std::net::{IpAddr, SocketAddr};

use clap::Parser;
use google_simulator::{GoogleSimulator, Options};

/// A Google Calendar that enforces its documented rules.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Start without the demo user.
    #[arg(long)]
    no_demo: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let simulator = GoogleSimulator::start(Options {
        addr: SocketAddr::new(arguments.host, arguments.port),
        demo: !arguments.no_demo,
    })
    .await?;
    println!("google-simulator listening on {}", simulator.base_url());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await
}
