//! The handle's part for subscriptions, notifications and delta lists.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::GraphSimulator;
use crate::load::{self, SeededOrganization};
use crate::notification::{Disturbance, EndpointState, LifecycleEvent, Post, SentNotification};
use crate::subscription::StoredSubscription;

impl GraphSimulator {
    /// Every subscription of every app, expired ones excepted, with client state,
    /// and with how often each was renewed.
    pub fn subscriptions(&self) -> Vec<StoredSubscription> {
        let mut world = self.shared.world();
        let now = world.now();
        world.subscriptions.expire(now);
        world.subscriptions.all()
    }

    /// Makes a subscription vanish without a word; false: there is none.
    pub fn lose_subscription(&self, id: &str) -> bool {
        self.shared
            .change(|world| world.subscriptions.remove(id).is_some())
    }

    /// Changes a subscription behind its app's back, e.g. its expiry or client state.
    pub fn update_subscription(
        &self,
        id: &str,
        change: impl FnOnce(&mut StoredSubscription),
    ) -> anyhow::Result<()> {
        let changed = self
            .shared
            .change(|world| world.subscriptions.update(id, change).is_some());
        anyhow::ensure!(changed, "there is no subscription {id}");
        Ok(())
    }

    /// Tells a subscription about itself, at its address for that.
    pub fn send_lifecycle(
        &self,
        subscription_id: &str,
        event: LifecycleEvent,
    ) -> anyhow::Result<()> {
        let (post, id) = (&self.shared.post, subscription_id);
        let sent = self
            .shared
            .change(|world| post.announce_lifecycle(world, id, event));
        anyhow::ensure!(sent, "there is no subscription {subscription_id}");
        Ok(())
    }

    /// POSTs this body to the address, once, as a notification would be.
    pub fn send_crafted(&self, url: &str, body: impl Into<String>) {
        self.shared
            .change(|world| Post::craft(world, url, body.into()));
    }

    /// The whole body of a genuine notification of an artifact, with validation
    /// tokens and, if the subscription wants it, the encrypted object: to be altered
    /// and sent by [`GraphSimulator::send_crafted`].
    pub fn notification_body(
        &self,
        subscription_id: &str,
        artifact_id: &str,
    ) -> anyhow::Result<Value> {
        let world = self.shared.world();
        let body = self
            .shared
            .post
            .genuine_body(&world, subscription_id, artifact_id);
        body.map_err(anyhow::Error::msg)
    }

    /// The claims of a genuine validation token for an app in a tenant.
    pub fn validation_claims(&self, tenant_id: &str, client_id: &str) -> Value {
        Post::genuine_claims(&self.shared.world(), tenant_id, client_id)
    }

    /// A JWT with these claims, signed as validation tokens are.
    pub fn sign_validation_token(&self, claims: &Value) -> anyhow::Result<String> {
        self.shared.post.keys.sign(claims)
    }

    /// Validation tokens are signed with a new key from now on; the old ones stay
    /// published, or not.
    pub fn rotate_signing_key(&self, keeps_old: bool) -> anyhow::Result<()> {
        self.shared.post.keys.rotate(keeps_old)
    }

    /// Adds a rule for what goes wrong with notifications and returns its id.
    pub fn disturb(&self, disturbance: Disturbance) -> u64 {
        self.shared.post.disturbances().inject(disturbance)
    }

    /// Removes every rule for notifications.
    pub fn clear_disturbances(&self) {
        self.shared.post.disturbances().clear();
    }

    /// Lets no notification leave until [`GraphSimulator::release_notifications`].
    pub fn hold_notifications(&self) {
        self.shared.post.hold(true);
    }

    /// Sends what was held, what is for one address together.
    pub fn release_notifications(&self) {
        self.shared.post.hold(false);
    }

    /// Every POST to an address so far, handshakes and those left out included.
    pub fn deliveries(&self) -> Vec<SentNotification> {
        self.shared.post.sent()
    }

    /// Forgets the POSTs so far.
    pub fn clear_deliveries(&self) {
        self.shared.post.clear_log();
    }

    /// What an address is taken for after the answers that it has given.
    pub fn endpoint_state(&self, url: &str) -> EndpointState {
        let world = self.shared.world();
        self.shared.post.endpoint_state(&world, url)
    }

    /// Waits until no notification waits or is under way; false: not in this time.
    pub async fn settled(&self, within: Duration) -> bool {
        let begun = Instant::now();
        loop {
            if self.shared.post.is_settled(&self.shared.world()) {
                return true;
            }
            if begun.elapsed() > within {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Every delta token so far answers 410 from now on.
    pub fn expire_delta_tokens(&self) {
        self.shared.change(|world| world.delta_rounds.clear());
    }

    /// Adds so many tenants, each with an app and organisers of its own, and
    /// returns what a client must know of them; the same names each time.
    pub fn seed_organizations(
        &self,
        count: u16,
        organizers_each: u16,
    ) -> anyhow::Result<Vec<SeededOrganization>> {
        let organizations = load::organizations(count, organizers_each);
        self.seed(load::seed(&organizations))?;
        Ok(organizations)
    }
}
