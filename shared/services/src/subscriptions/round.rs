//! A round over what is due (NT-4): many rows at once, few of one tenant, so that
//! one whose calls hang keeps nobody waiting; only what is due is read.
//!
//! When our own addresses have changed since the last round, it goes over all rows,
//! and remembers that once it has seen them all.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use convoke_domain::error::Error;
use convoke_domain::subscription::Wish;
use convoke_platform::records::WebhookRecord;
use convoke_platform::store::{DueKind, DueRow};
use convoke_platform::tenant::Tenant;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OnceCell;

use super::Round;
use super::keep::{Kept, Wake, keep};
use super::subscriber::{Kit, Subscriber};
use super::turn::Done;
use crate::microsoft::read_integration;

/// Rows of each shard that are read at once.
const PAGE: u16 = 25;
/// Rows that are worked on at once.
const AT_ONCE: usize = 24;
/// Of these, rows of one tenant.
const OF_ONE_TENANT: usize = 4;
/// Failures in a row that may pass, after which a tenant's other rows wait for the
/// next round.
const PATIENCE: usize = 4;
/// What a round leaves of the function's time.
const SPARE: Duration = Duration::from_mins(1);
/// Beyond any row's time.
const ALL: TimeDelta = TimeDelta::days(3_650);

/// Looks after what is due, until nothing is left or the time is short; `left` is
/// the time until the function is cut off. The next round finds the rest, oldest
/// first.
pub async fn renew(subscriber: &Subscriber, left: Duration) -> Result<Round, Error> {
    let until = Instant::now() + left.saturating_sub(SPARE);
    let mut kit = subscriber.kit().await?;
    let core = &subscriber.core;
    let deployment = core.store(&Tenant::of_deployment());
    let webhook = WebhookRecord {
        url: subscriber.webhook_url().to_owned(),
        is_encrypted: kit.terms.certificate_id.is_some(),
    };
    let known: Option<WebhookRecord> = deployment.get(&WebhookRecord::key_of()).await?;
    let is_moved = known.as_ref() != Some(&webhook);
    // Before the first address there is nothing to lose.
    kit.replaces = !is_moved || known.is_none() || answers(subscriber).await;
    let walks_all = is_moved && kit.replaces;
    let round = walk(&kit, walks_all, until).await?;
    if walks_all && !round.is_cut {
        deployment.put(&webhook).await?;
    }
    Ok(round)
}

/// Whether our new addresses do: else what works at the old ones would be removed
/// for nothing.
async fn answers(subscriber: &Subscriber) -> bool {
    let client = subscriber.microsoft.client();
    let token = format!(
        "Validation: Convoke's own test {}",
        subscriber.core.ports.mint()
    );
    for end in ["notifications", "lifecycle"] {
        let url = format!("{}/webhooks/graph/{end}", subscriber.webhook_url());
        if let Err(problem) = client.probe_webhook(&url, &token).await {
            tracing::error!(%problem, end, "the new address does not answer: subscriptions stay where they are");
            return false;
        }
    }
    true
}

async fn walk(kit: &Kit<'_>, is_moved: bool, until: Instant) -> Result<Round, Error> {
    let core = &kit.subscriber.core;
    let now = core.ports.now();
    let (wake, by) = if is_moved {
        (Wake::Moved, now + ALL)
    } else {
        (Wake::Due, now)
    };
    let sweeper = core.table().sweeper();
    let mut pages = sweeper.pages(DueKind::Subscription, by, PAGE);
    let mut floor = Floor::default();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < AT_ONCE && !floor.round.is_cut {
            if Instant::now() >= until {
                floor.round.is_cut = floor.has_waiting() || pages.has_more();
                break;
            }
            if let Some((row, wish)) = floor.take() {
                running.push(work(kit, row, wake, wish));
            } else if pages.has_more() {
                pages
                    .next()
                    .await?
                    .into_iter()
                    .for_each(|row| floor.admit(row));
            } else {
                break;
            }
        }
        match running.next().await {
            Some((tenant, result)) => floor.leave(&tenant, result),
            None => return Ok(floor.close()),
        }
    }
}

/// A tenant's settings as they were first read in this round.
type FirstWish = Arc<OnceCell<Wish>>;

async fn work(
    kit: &Kit<'_>,
    row: DueRow,
    wake: Wake,
    wish: FirstWish,
) -> (Tenant, Result<Kept, Error>) {
    let store = kit.subscriber.core.store(&row.tenant);
    let read = || async {
        let settings = read_integration(&store).await?;
        Ok::<_, Error>(Wish::of(&settings.unwrap_or_default()))
    };
    let result = match wish.get_or_try_init(read).await {
        Ok(wish) => keep(kit, &store, &row.key.sort, wake, Some(wish)).await,
        Err(error) => Err(error),
    };
    (row.tenant, result)
}

/// Who waits, and who is being looked after.
#[derive(Default)]
struct Floor {
    tenants: HashMap<Tenant, Guest>,
    /// Tenants with a row that waits and a place that is free, in turns.
    ready: VecDeque<Tenant>,
    round: Round,
}

#[derive(Default)]
struct Guest {
    waiting: VecDeque<DueRow>,
    running: usize,
    setbacks: usize,
    is_ready: bool,
    wish: FirstWish,
}

impl Guest {
    /// Whether nothing goes with this tenant just now.
    fn is_out(&self) -> bool {
        self.setbacks >= PATIENCE
    }

    fn may_go_on(&self) -> bool {
        !self.waiting.is_empty() && self.running < OF_ONE_TENANT && !self.is_out()
    }
}

impl Floor {
    fn admit(&mut self, row: DueRow) {
        let tenant = row.tenant.clone();
        self.tenants
            .entry(tenant.clone())
            .or_default()
            .waiting
            .push_back(row);
        self.line_up(&tenant);
    }

    fn line_up(&mut self, tenant: &Tenant) {
        if let Some(guest) = self.tenants.get_mut(tenant)
            && guest.may_go_on()
            && !guest.is_ready
        {
            guest.is_ready = true;
            self.ready.push_back(tenant.clone());
        }
    }

    fn take(&mut self) -> Option<(DueRow, FirstWish)> {
        loop {
            let tenant = self.ready.pop_front()?;
            let Some(guest) = self.tenants.get_mut(&tenant) else {
                continue;
            };
            guest.is_ready = false;
            if !guest.may_go_on() {
                continue;
            }
            if let Some(row) = guest.waiting.pop_front() {
                guest.running += 1;
                self.round.due += 1;
                let wish = Arc::clone(&guest.wish);
                self.line_up(&tenant);
                return Some((row, wish));
            }
        }
    }

    fn leave(&mut self, tenant: &Tenant, result: Result<Kept, Error>) {
        if let Some(guest) = self.tenants.get_mut(tenant) {
            guest.running -= 1;
            match &result {
                Ok(Kept::Failed { is_refusal: false }) => guest.setbacks += 1,
                _ => guest.setbacks = 0,
            }
        }
        match result {
            Ok(kept) => self.round.count(kept),
            Err(error) => {
                self.round.broken += 1;
                tracing::error!(%error, code = error.code(), tenant = %tenant.id(), "a subscription could not be looked after");
            }
        }
        self.line_up(tenant);
    }

    fn has_waiting(&self) -> bool {
        self.tenants.values().any(|guest| !guest.waiting.is_empty())
    }

    fn close(mut self) -> Round {
        let waiting = self.tenants.values().map(|guest| guest.waiting.len());
        self.round.cut = waiting.sum();
        self.round
    }
}

impl Round {
    fn count(&mut self, kept: Kept) {
        match kept {
            Kept::Done(Done::Nothing) => {}
            Kept::Done(Done::Checked) => self.checked += 1,
            Kept::Done(Done::Renewed) => self.renewed += 1,
            Kept::Done(Done::Made) => self.recreated += 1,
            Kept::Done(Done::Adopted) => self.adopted += 1,
            Kept::Done(Done::Removed) => self.removed += 1,
            Kept::Failed { .. } => self.failed += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use convoke_platform::queue::Incoming;
    use convoke_platform::store::Key;

    use super::*;

    fn rows(tenant: &str, count: usize) -> impl Iterator<Item = DueRow> {
        let message = format!(
            r#"{{"id":"00000000-0000-0000-0000-000000000001","tenant":"{tenant}","job":{{}}}}"#
        );
        let tenant = Incoming::parse(&message).unwrap().tenant;
        (0..count).map(move |at| DueRow {
            tenant: tenant.clone(),
            key: Key::new("SUBSCRIPTIONS", at.to_string()),
        })
    }

    fn take_all(floor: &mut Floor) -> Vec<Tenant> {
        std::iter::from_fn(|| Some(floor.take()?.0.tenant)).collect()
    }

    /// NT-4: one tenant takes four places at most, however many rows it has.
    #[test]
    fn a_tenant_with_many_rows_leaves_places_to_others() {
        let mut floor = Floor::default();
        rows("big", 100)
            .chain(rows("small", 2))
            .for_each(|row| floor.admit(row));
        let mut taken = take_all(&mut floor);
        let big = taken
            .iter()
            .filter(|tenant| tenant.id().as_str() == "big")
            .count();
        assert_eq!((big, taken.len()), (4, 6));
        // Each place that is left is taken by the next, until all are through.
        let mut through = 0;
        while let Some(tenant) = taken.pop() {
            floor.leave(&tenant, Ok(Kept::Done(Done::Checked)));
            through += 1;
            taken.extend(take_all(&mut floor));
        }
        assert_eq!(through, 102);
        let round = floor.close();
        assert_eq!((round.due, round.checked, round.cut), (102, 102, 0));
    }

    /// NT-4: with whom nothing goes waits for the next round; whoever is refused
    /// holds nobody up, and is gone through.
    #[test]
    fn a_tenant_whose_calls_fail_is_left_after_four() {
        for (is_refusal, tried) in [(false, 4), (true, 50)] {
            let mut floor = Floor::default();
            rows("broken", 50).for_each(|row| floor.admit(row));
            let mut taken = take_all(&mut floor);
            while let Some(tenant) = taken.pop() {
                floor.leave(&tenant, Ok(Kept::Failed { is_refusal }));
                taken.extend(take_all(&mut floor));
            }
            let round = floor.close();
            assert!(
                round.failed >= tried && round.failed < tried + OF_ONE_TENANT,
                "{round:?}"
            );
            assert_eq!(round.failed + round.cut, 50);
        }
    }
}
