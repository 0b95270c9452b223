//! Bringing notifications out (graph-protocol §6): what is due for an address at
//! the same moment goes out together, 3 s for the first attempt and 10 s for the
//! others, repeated with a back-off until four hours are over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use super::post::{Letter, entry};
use super::{Content, DeliveryOutcome, Item, NotificationOrder, NotificationSettings, Pending};
use crate::server::{Shared, stopped};
use crate::world::World;

/// How late something can be noticed that becomes due by itself.
const PERIOD: Duration = Duration::from_millis(20);
/// How long an undelivered notification is repeated.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::hours(4);
/// POSTs to one address at the same time.
const CONCURRENCY: usize = 8;

/// Delivers until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, stopping: watch::Receiver<bool>) {
    let mut stop = std::pin::pin!(stopped(stopping));
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = shared.post.wake.notified() => {}
            () = &mut stop => return,
        }
        let posts = {
            let mut world = shared.world();
            shared.post.announce(&mut world);
            if shared.post.is_held() {
                continue;
            }
            let posts = take_due(&mut world);
            let count = posts.values().map(Vec::len).sum();
            shared.post.in_flight.fetch_add(count, Ordering::SeqCst);
            posts
        };
        for posts in posts.into_values() {
            tokio::spawn(bring_out(Arc::clone(&shared), posts));
        }
    }
}

/// What is due, by address, in the order in which it leaves.
fn take_due(world: &mut World) -> BTreeMap<String, Vec<Pending>> {
    let now = world.now();
    let settings = world.behaviour.notifications.clone();
    let (mut due, later): (Vec<Pending>, Vec<Pending>) = std::mem::take(&mut world.pending)
        .into_iter()
        .partition(|p| p.due_at <= now);
    world.pending = later;
    if settings.order == NotificationOrder::Reversed {
        due.reverse();
    }
    let mut posts: BTreeMap<String, Vec<Pending>> = BTreeMap::new();
    for pending in due {
        let posts = posts.entry(pending.url.clone()).or_default();
        let size = settings.batch_size.max(1);
        match (posts.iter_mut().rev().find_map(|p| room(p, size)), pending) {
            (
                Some(items),
                Pending {
                    content: Content::Items(more),
                    attempts: 0,
                    ..
                },
            ) => {
                items.extend(more);
            }
            (_, pending) => posts.push(pending),
        }
    }
    posts
}

/// Where further new notifications can be put.
fn room(pending: &mut Pending, size: usize) -> Option<&mut Vec<Item>> {
    match &mut pending.content {
        Content::Items(items) if pending.attempts == 0 && items.len() < size => Some(items),
        _ => None,
    }
}

async fn bring_out(shared: Arc<Shared>, posts: Vec<Pending>) {
    let order = shared.world().behaviour.notifications.order;
    let at_once = match order {
        NotificationOrder::AsMade => CONCURRENCY,
        NotificationOrder::Reversed => 1,
    };
    let sending = stream::iter(posts).for_each_concurrent(at_once, |pending| {
        let shared = &shared;
        async move {
            send(shared, pending).await;
            shared.post.in_flight.fetch_sub(1, Ordering::SeqCst);
        }
    });
    sending.await;
}

/// Makes one attempt and plans the next.
async fn send(shared: &Shared, mut pending: Pending) {
    let (letter, limit, now) = {
        let world = shared.world();
        let settings = &world.behaviour.notifications;
        let limit = match pending.attempts {
            0 => settings.first_timeout_ms,
            _ => settings.retry_timeout_ms,
        };
        let letter = match &pending.content {
            Content::Crafted(body) => Err(body.clone()),
            Content::Items(items) => Ok(Letter::of(&world, items)),
        };
        (letter, Duration::from_millis(limit), world.now())
    };
    let body = letter.map_or_else(
        |crafted| crafted,
        |letter| shared.post.finish(letter).to_string(),
    );
    let mut sent = entry(&pending, now);
    let started = Instant::now();
    let request = shared.post.http().post(&pending.url);
    let request = request
        .header("content-type", "application/json; charset=utf-8")
        .body(body);
    let answer = tokio::time::timeout(limit, request.send()).await;
    let took = started.elapsed().as_millis();
    sent.duration_ms = took.try_into().unwrap_or(u64::MAX);
    (sent.status, sent.outcome) = match answer {
        Err(_) => (None, DeliveryOutcome::TimedOut),
        Ok(Err(_)) => (None, DeliveryOutcome::Unreachable),
        Ok(Ok(response)) => {
            let status = response.status();
            let outcome = if status.is_success() {
                DeliveryOutcome::Delivered
            } else {
                DeliveryOutcome::Refused
            };
            (Some(status.as_u16()), outcome)
        }
    };
    let failed = sent.outcome != DeliveryOutcome::Delivered;
    shared.change(|world| {
        shared.post.record(world, &pending.url, sent.duration_ms);
        shared.post.log(sent);
        if failed && matches!(pending.content, Content::Items(_)) {
            pending.attempts += 1;
            pending.first_at.get_or_insert(now);
            world.pending.extend(repeated(world, pending));
        }
    });
}

/// The same once more, unless it has been tried for too long.
fn repeated(world: &World, mut pending: Pending) -> Option<Pending> {
    let settings = &world.behaviour.notifications;
    let wait = back_off(settings, pending.attempts);
    let limit = GIVEN_UP_AFTER / speed(settings);
    pending.due_at = world.now().checked_add_signed(wait)?;
    (pending.due_at - pending.first_at? <= limit).then_some(pending)
}

/// Doubles with each attempt.
fn back_off(settings: &NotificationSettings, attempts: u32) -> TimeDelta {
    let doubled = 1_u64.checked_shl(attempts - 1).unwrap_or(u64::MAX);
    let wait = settings.first_retry_ms.saturating_mul(doubled);
    // More than a day is never waited for anyway.
    TimeDelta::milliseconds(wait.min(86_400_000).cast_signed()) / speed(settings)
}

fn speed(settings: &NotificationSettings) -> i32 {
    i32::try_from(settings.speed.max(1)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{NotificationSettings, TimeDelta, back_off};

    #[test]
    fn waits_double_and_pass_faster_if_asked() {
        let mut settings = NotificationSettings::default();
        let waits = [1, 2, 3, 64, 1000].map(|attempts| back_off(&settings, attempts));
        assert_eq!(waits[..3], [10, 20, 40].map(TimeDelta::seconds));
        assert_eq!(waits[3..], [TimeDelta::days(1); 2]);
        settings.speed = 1000;
        assert_eq!(back_off(&settings, 2), TimeDelta::milliseconds(20));
    }
}
