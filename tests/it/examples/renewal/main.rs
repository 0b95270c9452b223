//! How long ten thousand subscriptions take to renew, and what is read for it: `.ci/measure renewal`, for
//! docs/performance.md.
//!
//! The handler of `subscription-renewal` in this process, on the local AWS and the simulator. Rounds in which a tenth,
//! a quarter, a half and all of the subscriptions are due; then all of them again while some tenants are out of
//! order. Fails when a subscription of a sound tenant is not renewed. Lines that begin with `|` are the table; the
//! others are the function's own log.

#![allow(
    clippy::print_stdout,
    reason = "what is printed is what the program is for"
)]

mod estate;
mod gate;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use graph_simulator::Fault;

use self::estate::Estate;

/// As the template has it.
const TIMEOUT: Duration = Duration::from_mins(15);
const USAGE: &str = "renewal [--subscriptions 10000] [--broken 100]";

#[tokio::main]
async fn main() -> Result<()> {
    let (subscriptions, broken) = arguments()?;
    let begun = Instant::now();
    let mut estate = Estate::lay_out(subscriptions).await?;
    println!(
        "{subscriptions} subscriptions of {} tenants laid out in {:.0} s",
        subscriptions / 2,
        begun.elapsed().as_secs_f64()
    );
    println!(
        "| Due of {subscriptions} | Time | A second | Reads | Writes | KMS | Calls to Microsoft | At once |\n\
         |---|---|---|---|---|---|---|---|"
    );
    renew(&estate, "none", 0).await?;
    for (at, due) in estate.waves() {
        estate.go_to(at)?;
        renew(&estate, &due.to_string(), due).await?;
    }
    estate.go_to(estate::ALL_DUE)?;
    renew(&estate, &subscriptions.to_string(), subscriptions).await?;
    estate.later(TimeDelta::hours(40))?;
    let sound = subscriptions - 2 * broken;
    break_some(&estate, broken);
    let label = format!("{subscriptions}, {broken} tenants out of order");
    renew(&estate, &label, sound).await
}

/// A third is refused its tokens, a third every renewal, a third waits in vain.
fn break_some(estate: &Estate, count: usize) {
    let ids = estate.broken_ones(count);
    let third = |n: usize| ids.iter().skip(n).step_by(3).map(String::as_str);
    for fault in [
        Fault::on("POST", "/*/oauth2/v2.0/token").token_refused("invalid_client", 7_000_215),
        Fault::on("*", "/v1.0/**").error(403, "Forbidden", "Consent was withdrawn."),
        Fault::on("*", "/v1.0/**").hang(),
    ]
    .into_iter()
    .enumerate()
    .filter(|(n, _)| *n < ids.len())
    .map(|(n, fault)| fault.always().in_tenants(third(n)))
    {
        estate.graph.inject(fault);
    }
}

/// Runs the schedule's event until everything was seen, and prints a row.
async fn renew(estate: &Estate, label: &str, expected: usize) -> Result<()> {
    let before = estate.renewals();
    estate.gate.take();
    estate.process.calls.take();
    let begun = Instant::now();
    let (mut renewed, mut failed, mut runs) = (0, 0, 0);
    let cut = loop {
        let round = estate.process.subscription_renewal.renew(TIMEOUT).await?;
        renewed += round.renewed;
        failed += round.failed;
        runs += 1;
        if !round.is_cut {
            break round.cut;
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    let (calls, microsoft) = (estate.process.calls.take(), estate.gate.take());
    #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = renewed as f64 / seconds;
    println!(
        "| {label} | {seconds:.1} s{} | {rate:.0} | {} | {} | {} | {} | {} |",
        if runs > 1 {
            format!(", {runs} runs")
        } else {
            String::new()
        },
        listed(&calls, &["Query", "GetItem", "BatchGetItem"]),
        listed(&calls, &["PutItem", "UpdateItem", "TransactWriteItems"]),
        listed(&calls, &["Decrypt"]),
        listed(&microsoft.by_name, &["token", "PATCH", "GET", "POST"]),
        microsoft.most_at_once,
    );
    println!("{renewed} renewed, {failed} failed, {cut} left for the next round");
    let after = estate.renewals();
    let at_microsoft = after
        .iter()
        .filter(|(id, n)| before.get(*id) != Some(n))
        .count();
    ensure!(
        renewed == expected && at_microsoft == expected,
        "{renewed} renewed, {at_microsoft} at Microsoft, instead of {expected}"
    );
    Ok(())
}

fn listed(calls: &BTreeMap<String, u32>, names: &[&str]) -> String {
    let found = names
        .iter()
        .filter_map(|name| Some((name, calls.get(*name)?)));
    let found: Vec<_> = found
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if found.is_empty() {
        "–".to_owned()
    } else {
        found.join(", ")
    }
}

fn arguments() -> Result<(usize, usize)> {
    let (mut subscriptions, mut broken) = (10_000, 100);
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let number = given.next().and_then(|text| text.parse().ok());
        let number: usize = number.context(USAGE)?;
        match name.as_str() {
            "--subscriptions" => subscriptions = number,
            "--broken" => broken = number,
            _ => anyhow::bail!(USAGE),
        }
    }
    ensure!(
        subscriptions % 20 == 0,
        "a multiple of 20, so that each wave is whole"
    );
    ensure!(
        2 * broken <= subscriptions,
        "more broken tenants than there are"
    );
    Ok((subscriptions, broken))
}
