//! Posts genuine notifications, encrypted and signed, at a deployed stack, as many a second as is asked for, and
//! follows each to the recording that it tells of: `.ci/measure notifications`, for docs/performance.md.
//!
//! With `--forged` every second one is a forgery, of six kinds in turn. Runs the release binaries that
//! `.ci/measure sizes` has built. Fails when one notification is lost, or taken for what it is not.

#![allow(
    clippy::print_stdout,
    reason = "what is printed is what the program is for"
)]

#[path = "../measured/mod.rs"]
mod measured;
mod mint;
mod organizations;
mod sender;
mod worker;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;
use convoke_local::{Edition, Functions, Stack, StackOptions};

use self::measured::{executables, peak};
use self::mint::mint;
use self::organizations::Organizations;
use self::worker::{Queues, Worker};

/// What is measured runs as it is deployed.
const MEASURED: [&str; 4] = [
    "graph-webhook",
    "artifact-capture",
    "outbox-relay",
    "subscription-renewal",
];
/// When something is taken for lost.
const PATIENCE: Duration = Duration::from_mins(15);

/// How much is posted.
#[derive(Parser)]
struct Load {
    /// Organisations.
    #[arg(long, default_value_t = 20)]
    tenants: u16,
    /// Notifications a second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// For so long.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Every second one is forged.
    #[arg(long)]
    forged: bool,
    /// With functions as tests build them: to try this program out, not to measure.
    #[arg(long)]
    debug: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let load = Load::parse();
    let total = (load.rate * load.seconds) as usize;
    let worker = Worker::default();
    let functions = if load.debug {
        Functions::Build(Edition::default())
    } else {
        Functions::Executables(executables(&MEASURED)?)
    };
    let stack = Stack::start(StackOptions {
        functions,
        logs: worker.sink(),
        ..StackOptions::temporary()
    })?;
    let organizations = Organizations::open(&stack, load.tenants).await?;
    let genuine = if load.forged {
        total.div_ceil(2)
    } else {
        total
    };
    let artifacts = organizations.hold(genuine).await?;
    let notifications = mint(&stack, &artifacts, total, load.forged)?;
    let queues = Queues::of(&stack);
    queues.are_empty(PATIENCE).await?;
    worker.clear();

    println!(
        "| {total} notifications of {} organisations, {} a second{} | |\n|---|---|",
        load.tenants,
        load.rate,
        if load.forged {
            ", every second one forged"
        } else {
            ""
        }
    );
    let begun = Instant::now();
    let sent = sender::send(&stack, &notifications, load.rate).await?;
    println!("{sent}");
    let posts = worker.posts();
    println!("| webhook, with the write to the queue | {posts} |");
    ensure!(sent.is_whole(total), "not every post was answered with 202");
    let posted = begun.elapsed();
    let taken = worker.done(total, PATIENCE).await?;
    queues.notifications_are_empty(PATIENCE).await?;
    println!("| posting took | {:.1} s |", posted.as_secs_f64());
    println!(
        "| queue empty | {:.1} s after the last |",
        begun.elapsed().saturating_sub(posted).as_secs_f64()
    );
    println!("{taken}");
    queues.are_empty(PATIENCE).await?;
    let found = organizations.found().await?;
    println!(
        "| recordings on the timelines | {found} of {genuine}, {:.1} s after the last |",
        begun.elapsed().saturating_sub(posted).as_secs_f64()
    );
    println!("| dead letters | {} |", queues.dead_letters().await?);
    for function in ["convoke-graph-webhook", "convoke-artifact-capture"] {
        println!("| peak memory of {function} | {} |", peak(function)?);
    }
    ensure!(found == genuine, "{} were lost", genuine - found);
    taken.check(&notifications)
}
