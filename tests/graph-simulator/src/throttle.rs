//! Outlook's throttle: per app and mailbox, so many requests at once and so
//! many in a while (graph-protocol §8).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::behaviour::Behaviour;
use crate::reply::GraphError;

/// App and mailbox.
pub(crate) type Shard = (String, String);

#[derive(Debug, Default)]
struct Counters {
    in_flight: HashMap<Shard, u32>,
    recent: HashMap<Shard, VecDeque<DateTime<Utc>>>,
}

/// The counters of every app and mailbox.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    counters: Mutex<Counters>,
}

/// A request under way; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Slot {
    throttle: Arc<Throttle>,
    shard: Shard,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counters = self.throttle.lock();
        if let Some(count) = counters.in_flight.get_mut(&self.shard) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Throttle {
    /// Admits a request or refuses it with 429.
    pub(crate) fn enter(
        self: &Arc<Self>,
        shard: Shard,
        behaviour: &Behaviour,
        now: DateTime<Utc>,
    ) -> Result<Slot, GraphError> {
        let mut counters = self.lock();
        let recent = counters.recent.entry(shard.clone()).or_default();
        let window = TimeDelta::seconds(behaviour.mailbox_rate_seconds.into());
        while recent.front().is_some_and(|at| *at + window <= now) {
            recent.pop_front();
        }
        // graph-protocol §8: requests during the wait still count.
        recent.push_back(now);
        if recent.len() > behaviour.mailbox_rate as usize {
            // What is remembered stays bounded however hard a client hammers.
            recent.pop_front();
            return Err(too_many_requests(behaviour));
        }
        let in_flight = counters.in_flight.entry(shard.clone()).or_default();
        if *in_flight >= behaviour.mailbox_concurrency {
            return Err(mailbox_concurrency(behaviour));
        }
        *in_flight += 1;
        Ok(Slot {
            throttle: Arc::clone(self),
            shard,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the past; requests under way stay counted.
    pub(crate) fn clear(&self) {
        self.lock().recent.clear();
    }
}

// graph-protocol §8: the two documented bodies of 429.
fn too_many_requests(behaviour: &Behaviour) -> GraphError {
    let error = GraphError::new(429, "TooManyRequests", "Please retry again later.")
        .inner("code", "429")
        .inner("message", "Please retry after")
        .inner("status", "429");
    with_retry_after(error, behaviour)
}

fn mailbox_concurrency(behaviour: &Behaviour) -> GraphError {
    let message = "Application is over its MailboxConcurrency limit.";
    let error = GraphError::new(429, "ApplicationThrottled", message);
    with_retry_after(error, behaviour)
}

fn with_retry_after(error: GraphError, behaviour: &Behaviour) -> GraphError {
    match &behaviour.retry_after {
        Some(value) => error.header("Retry-After", value),
        None => error,
    }
}
