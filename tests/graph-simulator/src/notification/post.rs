//! What making and delivering notifications share in a running simulator.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::announce::{self, Circumstances};
use super::disturbance::Disturbances;
use super::endpoint::Endpoints;
use super::signing::{SigningKeys, claims};
use super::{
    Content, EndpointState, Item, LifecycleEvent, NotificationKind, Pending, SentNotification,
};
use crate::world::World;

/// The oldest entries are dropped beyond this.
const CAPACITY: usize = 50_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The parts of the world that are not kept. Where several locks are taken, the
/// world's is first.
#[derive(Debug)]
pub(crate) struct Post {
    http: reqwest::Client,
    pub(crate) keys: SigningKeys,
    disturbances: Mutex<Disturbances>,
    endpoints: Mutex<Endpoints>,
    log: Mutex<VecDeque<SentNotification>>,
    /// Something may be due.
    pub(super) wake: Notify,
    /// POSTs under way.
    pub(super) in_flight: AtomicUsize,
    /// Nothing leaves.
    held: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Post {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            keys: SigningKeys::default(),
            disturbances: Mutex::default(),
            endpoints: Mutex::default(),
            log: Mutex::default(),
            wake: Notify::new(),
            in_flight: AtomicUsize::new(0),
            held: AtomicBool::new(false),
        })
    }

    /// The client that calls addresses: no redirects, no proxy.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) fn log(&self, sent: SentNotification) {
        let mut log = lock(&self.log);
        if log.len() == CAPACITY {
            log.pop_front();
        }
        log.push_back(sent);
    }

    /// The POSTs so far, oldest first.
    pub(crate) fn sent(&self) -> Vec<SentNotification> {
        lock(&self.log).iter().cloned().collect()
    }

    pub(crate) fn clear_log(&self) {
        lock(&self.log).clear();
    }

    pub(crate) fn disturbances(&self) -> MutexGuard<'_, Disturbances> {
        lock(&self.disturbances)
    }

    /// Back to the start, keys excepted.
    pub(crate) fn clear(&self) {
        self.clear_log();
        self.disturbances().clear();
        lock(&self.endpoints).clear();
        self.hold(false);
    }

    /// Lets nothing leave, or everything that waits.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, Ordering::SeqCst);
        self.wake.notify_one();
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.load(Ordering::SeqCst)
    }

    /// Whether nothing waits or is under way.
    pub(crate) fn is_settled(&self, world: &World) -> bool {
        world.pending.is_empty() && self.in_flight.load(Ordering::SeqCst) == 0
    }

    pub(super) fn record(&self, world: &World, url: &str, took_ms: u64) {
        let settings = &world.behaviour.notifications;
        lock(&self.endpoints).record(url, world.now(), took_ms, settings);
    }

    pub(crate) fn endpoint_state(&self, world: &World, url: &str) -> EndpointState {
        let settings = &world.behaviour.notifications;
        lock(&self.endpoints).state(url, world.now(), settings)
    }

    /// Makes the notifications that are due to be made.
    pub(crate) fn announce(&self, world: &mut World) {
        self.with_circumstances(|circumstances| announce::announce(world, circumstances));
    }

    /// Something may be due.
    pub(crate) fn look(&self, world: &World) {
        if !world.pending.is_empty() {
            self.wake.notify_one();
        }
    }

    /// Tells a subscription about itself; false: there is none.
    pub(crate) fn announce_lifecycle(
        &self,
        world: &mut World,
        subscription_id: &str,
        event: LifecycleEvent,
    ) -> bool {
        let Some(subscription) = world.subscriptions.get(subscription_id).cloned() else {
            return false;
        };
        self.with_circumstances(|circumstances| {
            announce::announce_lifecycle(world, circumstances, &subscription, event);
        });
        true
    }

    fn with_circumstances(&self, work: impl FnOnce(&mut Circumstances<'_>)) {
        let mut circumstances = Circumstances {
            disturbances: &mut lock(&self.disturbances),
            endpoints: &mut lock(&self.endpoints),
            dropped: Vec::new(),
        };
        work(&mut circumstances);
        for dropped in circumstances.dropped {
            self.log(dropped);
        }
    }

    /// Has a body sent as it is, once.
    pub(crate) fn craft(world: &mut World, url: &str, body: String) {
        world.pending.push(Pending {
            url: url.into(),
            due_at: world.now(),
            content: Content::Crafted(body),
            attempts: 0,
            first_at: None,
        });
    }

    /// The genuine body of a notification of this artifact to this subscription.
    pub(crate) fn genuine_body(
        &self,
        world: &World,
        subscription_id: &str,
        artifact_id: &str,
    ) -> Result<Value, String> {
        let subscription = world.subscriptions.get(subscription_id);
        let subscription =
            subscription.ok_or_else(|| format!("there is no subscription {subscription_id}"))?;
        let artifact = world.artifacts.iter().find(|a| a.id == artifact_id);
        let artifact = artifact.ok_or_else(|| format!("there is no artifact {artifact_id}"))?;
        let item = Item::created(world, subscription, artifact, false);
        Ok(self.finish(Letter::of(world, &[item])))
    }

    /// The body, with the tokens that it names signed.
    pub(super) fn finish(&self, letter: Letter) -> Value {
        let Letter { mut body, claims } = letter;
        if let Some(claims) = claims {
            let tokens = claims
                .iter()
                .filter_map(|claims| self.keys.sign(claims).ok());
            body["validationTokens"] = tokens.collect::<Vec<String>>().into();
        }
        body
    }

    /// The claims that a genuine validation token would have now.
    pub(crate) fn genuine_claims(world: &World, tenant_id: &str, client_id: &str) -> Value {
        let version = world.behaviour.notifications.token_version;
        claims(version, tenant_id, client_id, world.now())
    }
}

/// A body whose validation tokens are still to be signed, which takes longer than
/// the world should be kept waiting.
pub(super) struct Letter {
    body: Value,
    /// Absent: the body says all there is to say about tokens.
    claims: Option<Vec<Value>>,
}

impl Letter {
    /// graph-protocol §6, §7: one validation token per app and tenant with
    /// encrypted content; none for plain notifications.
    pub(super) fn of(world: &World, items: &[Item]) -> Self {
        let values: Vec<&Value> = items.iter().map(|item| &item.body).collect();
        let mut body = json!({ "value": values });
        let mut owners: Vec<(&str, &str)> = Vec::new();
        for item in items.iter().filter(|item| item.is_encrypted) {
            let owner = (item.tenant_id.as_str(), item.client_id.as_str());
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        if owners.is_empty() {
            return Self { body, claims: None };
        }
        let settings = &world.behaviour.notifications;
        // graph-protocol §0.6: no token where the service principal requires assignment.
        let requires = |(tenant, client): &(&str, &str)| {
            let app = world.apps.get(*client);
            app.is_some_and(|app| app.role_assignment_required.iter().any(|id| id == tenant))
        };
        owners.retain(|owner| !requires(owner));
        let all_null = settings.null_tokens || items.iter().any(|item| item.null_tokens);
        if all_null || owners.is_empty() {
            body["validationTokens"] = Value::Null;
            return Self { body, claims: None };
        }
        let (version, now) = (settings.token_version, world.now());
        let claims = owners
            .iter()
            .map(|(tenant, client)| claims(version, tenant, client, now));
        Self {
            claims: Some(claims.collect()),
            body,
        }
    }
}

/// What a POST is, for the log.
pub(super) fn entry(pending: &Pending, at: DateTime<Utc>) -> SentNotification {
    let attempt = pending.attempts + 1;
    match &pending.content {
        Content::Crafted(_) => SentNotification {
            attempt,
            ..SentNotification::begun(NotificationKind::Crafted, &pending.url, at)
        },
        Content::Items(items) => {
            let kind = items
                .first()
                .map_or(NotificationKind::Crafted, |item| item.kind);
            let artifacts = items.iter().filter_map(|item| item.artifact_id.clone());
            SentNotification {
                subscription_ids: items.iter().map(|i| i.subscription_id.clone()).collect(),
                artifact_ids: artifacts.collect(),
                attempt,
                ..SentNotification::begun(kind, &pending.url, at)
            }
        }
    }
}
