//! Posts at a steady rate, whether the answers come or not, as Microsoft does.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use convoke_local::Stack;
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::mint::Minted;

/// As long as Microsoft waits for the first answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What was answered, and how soon.
pub(crate) struct Sent {
    times: Vec<Duration>,
    /// By status, or `none`.
    answers: BTreeMap<String, usize>,
}

impl Sent {
    /// Whether all were taken.
    pub(crate) fn is_whole(&self, total: usize) -> bool {
        self.answers.get("202") == Some(&total)
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers: Vec<_> = self
            .answers
            .iter()
            .map(|(s, n)| format!("{n} × {s}"))
            .collect();
        let at = |percent: usize| {
            let place = self.times.len().saturating_sub(1) * percent / 100;
            let time = self.times.get(place).copied().unwrap_or_default();
            format!("{:.0} ms", time.as_secs_f64() * 1000.0)
        };
        writeln!(f, "| answers | {} |", answers.join(", "))?;
        write!(
            f,
            "| time to the answer | p50 {}, p99 {}, max {} |",
            at(50),
            at(99),
            at(100)
        )
    }
}

/// Posts all of them, so many a second.
pub(crate) async fn send(stack: &Stack, notifications: &[Minted], rate: u32) -> Result<Sent> {
    let base = stack
        .outputs
        .webhook_url
        .as_ref()
        .or(stack.api_url.as_ref());
    let base = base.context("a stack with functions")?;
    let url: Arc<str> = format!("{base}/webhooks/graph/notifications").into();
    let client = Client::builder().no_proxy().timeout(TIMEOUT).build()?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
    // A late one is followed by the next as if it had not been late.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut posts = JoinSet::new();
    for minted in notifications {
        ticks.tick().await;
        posts.spawn(post(client.clone(), Arc::clone(&url), minted.body.clone()));
    }
    let (mut times, mut answers) = (vec![], BTreeMap::new());
    for (status, time) in posts.join_all().await {
        times.push(time);
        *answers.entry(status).or_default() += 1;
    }
    times.sort_unstable();
    Ok(Sent { times, answers })
}

async fn post(client: Client, url: Arc<str>, body: String) -> (String, Duration) {
    let begun = Instant::now();
    let request = client
        .post(&*url)
        .header("content-type", "application/json; charset=utf-8");
    let answer = request.body(body).send().await;
    let status = answer.map_or_else(
        |_| "none".to_owned(),
        |answer| answer.status().as_u16().to_string(),
    );
    (status, begun.elapsed())
}
