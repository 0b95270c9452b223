//! The simulator as a program: `graph-simulator --port 8099 --snapshot graph.json`.

#![allow(clippy::print_stdout, reason = "a program says where it listens")]

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use graph_simulator::{GraphSimulator, Options};

/// A Microsoft Graph that enforces its documented rules.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// File that keeps the state between runs.
    #[arg(long)]
    snapshot: Option<PathBuf>,
    /// Start without the demo tenant.
    #[arg(long)]
    no_demo: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let simulator = GraphSimulator::start(Options {
        addr: SocketAddr::new(arguments.host, arguments.port),
        snapshot: arguments.snapshot,
        demo: !arguments.no_demo,
    })
    .await?;
    println!("graph-simulator listening on {}", simulator.base_url());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await
}
