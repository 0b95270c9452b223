//! What the worker has done, as its log lines and its queues tell.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use convoke_local::{LogSink, Outputs, REGION, Stack};
use serde_json::{Map, Value};

use super::mint::{Minted, expected};

/// Lines of interest so far.
#[derive(Clone, Default)]
pub(crate) struct Worker(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    taken: Vec<Taken>,
    /// How long the webhook had each post, in milliseconds.
    posts: Vec<u64>,
}

/// A delivery that was taken.
#[derive(Clone)]
struct Taken {
    at: Instant,
    took_ms: u64,
    counts: BTreeMap<String, u64>,
}

impl Worker {
    /// What to give a stack as its `logs`.
    pub(crate) fn sink(&self) -> LogSink {
        let worker = self.clone();
        Arc::new(move |_, text| {
            if let Ok(Value::Object(line)) = serde_json::from_str(text) {
                worker.read(&line);
            }
        })
    }

    fn read(&self, line: &Map<String, Value>) {
        let took_ms = line.get("duration_ms").and_then(Value::as_u64);
        let took_ms = took_ms.unwrap_or_default();
        let operation = line.get("operation").and_then(Value::as_str);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match operation.filter(|_| line.contains_key("outcome")) {
            Some("take_notifications") => {
                let counts = line.iter().filter_map(|(name, value)| {
                    Some((name.clone(), value.as_u64()?))
                        .filter(|_| name.starts_with("notifications_"))
                });
                let counts = counts.collect();
                let at = Instant::now();
                lines.taken.push(Taken {
                    at,
                    took_ms,
                    counts,
                });
            }
            Some("receive_graph_notifications") if !line.contains_key("handshake") => {
                lines.posts.push(took_ms);
            }
            _ => {}
        }
    }

    /// Forgets the lines so far.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Lines::default();
    }

    /// Waits until so many are counted.
    pub(crate) async fn done(&self, total: usize, within: Duration) -> Result<Done> {
        let begun = Instant::now();
        loop {
            let done = self.so_far();
            if done.total() >= total as u64 {
                return Ok(done);
            }
            ensure!(begun.elapsed() < within, "only {} were taken", done.total());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// How long the webhook had the posts so far.
    pub(crate) fn posts(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        row(&sorted(lines.posts.clone()))
    }

    fn so_far(&self) -> Done {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (name, count) in lines.taken.iter().flat_map(|taken| &taken.counts) {
            *counts.entry(name.clone()).or_default() += count;
        }
        let span = match (lines.taken.first(), lines.taken.last()) {
            (Some(first), Some(last)) => last.at - first.at,
            _ => Duration::ZERO,
        };
        Done {
            counts,
            span,
            takes: sorted(lines.taken.iter().map(|taken| taken.took_ms).collect()),
        }
    }
}

/// What became of all notifications.
pub(crate) struct Done {
    counts: BTreeMap<String, u64>,
    /// From the first delivery to the last.
    span: Duration,
    takes: Vec<u64>,
}

impl Done {
    fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Whether each was taken for what it is, and once.
    pub(crate) fn check(&self, notifications: &[Minted]) -> Result<()> {
        for (name, count) in expected(notifications) {
            let counted = self.counts.get(name).copied().unwrap_or_default();
            ensure!(counted == count, "{name}: {counted} instead of {count}");
        }
        Ok(())
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts.iter().map(|(name, count)| {
            let name = name.trim_start_matches("notifications_").replace('_', " ");
            format!("{count} {name}")
        });
        let counts: Vec<_> = counts.collect();
        #[allow(clippy::cast_precision_loss, reason = "a figure for people")]
        let rate = self.total() as f64 / self.span.as_secs_f64();
        writeln!(
            f,
            "| checked by the worker | {rate:.0} a second, {} each |",
            row(&self.takes)
        )?;
        write!(f, "| what became of them | {} |", counts.join(", "))
    }
}

fn sorted(mut times: Vec<u64>) -> Vec<u64> {
    times.sort_unstable();
    times
}

/// Median, 99th percentile and longest of sorted milliseconds.
fn row(times: &[u64]) -> String {
    let at = |percent: usize| {
        let place = times.len().saturating_sub(1) * percent / 100;
        times.get(place).copied().unwrap_or_default()
    };
    format!("p50 {} ms, p99 {} ms, max {} ms", at(50), at(99), at(100))
}

/// The queues that notifications and what follows from them go through.
pub(crate) struct Queues<'a> {
    client: aws_sdk_sqs::Client,
    outputs: &'a Outputs,
}

impl<'a> Queues<'a> {
    pub(crate) fn of(stack: &'a Stack) -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(&stack.aws_endpoint)
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .build();
        Self {
            client: aws_sdk_sqs::Client::from_conf(config),
            outputs: &stack.outputs,
        }
    }

    /// Waits until nothing is on its way to the worker.
    pub(crate) async fn notifications_are_empty(&self, within: Duration) -> Result<()> {
        self.wait(&[&self.outputs.notification_queue_url], within)
            .await
    }

    /// Waits until all that follows is done as well.
    pub(crate) async fn are_empty(&self, within: Duration) -> Result<()> {
        let Outputs {
            notification_queue_url,
            capture_queue_url,
            subscription_queue_url,
            ..
        } = self.outputs;
        let all = [
            notification_queue_url,
            subscription_queue_url,
            capture_queue_url,
        ];
        // What the outbox still holds is on its way within a second.
        for _ in 0..3 {
            self.wait(&all, within).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.wait(&all, within).await
    }

    async fn wait(&self, urls: &[&String], within: Duration) -> Result<()> {
        let begun = Instant::now();
        for url in urls {
            while self.length(url).await? > 0 {
                ensure!(begun.elapsed() < within, "{url} is not empty");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }

    /// What was given up, of all queues.
    pub(crate) async fn dead_letters(&self) -> Result<u64> {
        let Outputs {
            notification_dead_letters_url,
            capture_dead_letters_url,
            subscription_dead_letters_url,
            ..
        } = self.outputs;
        Ok(self.length(notification_dead_letters_url).await?
            + self.length(capture_dead_letters_url).await?
            + self.length(subscription_dead_letters_url).await?)
    }

    /// Messages that wait or are being worked on.
    async fn length(&self, url: &str) -> Result<u64> {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let asked = self.client.get_queue_attributes().queue_url(url);
        let asked = asked.set_attribute_names(Some(counts.to_vec()));
        let answer = asked.send().await?;
        let attributes = answer.attributes().context("the queue's attributes")?;
        let counts = counts
            .iter()
            .filter_map(|name| attributes.get(name)?.parse::<u64>().ok());
        Ok(counts.sum())
    }
}
