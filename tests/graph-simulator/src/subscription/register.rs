//! All subscriptions, found by id, by app and by what they are about without
//! looking at the others, so that ten thousand are as quick as one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{StoredSubscription, SubscriptionTarget};
use crate::artifact::ArtifactKind;

/// Tenant, kind and target: what two subscriptions of an app may not share.
type Place = (String, ArtifactKind, SubscriptionTarget);

/// The subscriptions and their indexes, which are made again when it is loaded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<StoredSubscription>", into = "Vec<StoredSubscription>")]
pub(crate) struct Register {
    by_id: BTreeMap<String, StoredSubscription>,
    /// Ids by tenant and app.
    by_app: BTreeMap<(String, String), BTreeSet<String>>,
    by_place: BTreeMap<Place, BTreeSet<String>>,
    by_expiry: BTreeSet<(DateTime<Utc>, String)>,
    per_tenant: BTreeMap<(String, ArtifactKind), usize>,
}

impl From<Vec<StoredSubscription>> for Register {
    fn from(all: Vec<StoredSubscription>) -> Self {
        let mut register = Self::default();
        for subscription in all {
            register.insert(subscription);
        }
        register
    }
}

impl From<Register> for Vec<StoredSubscription> {
    fn from(register: Register) -> Self {
        register.by_id.into_values().collect()
    }
}

impl StoredSubscription {
    pub(crate) fn place(&self) -> Place {
        (self.tenant_id.clone(), self.kind, self.target.clone())
    }
}

impl Register {
    pub(crate) fn insert(&mut self, subscription: StoredSubscription) {
        let id = subscription.id.clone();
        self.remove(&id);
        let app = (
            subscription.tenant_id.clone(),
            subscription.client_id.clone(),
        );
        self.by_app.entry(app).or_default().insert(id.clone());
        let place = subscription.place();
        let kind = (place.0.clone(), place.1);
        self.by_place.entry(place).or_default().insert(id.clone());
        self.by_expiry.insert((subscription.expires_at, id.clone()));
        *self.per_tenant.entry(kind).or_default() += 1;
        self.by_id.insert(id, subscription);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<StoredSubscription> {
        let gone = self.by_id.remove(id)?;
        let app = (gone.tenant_id.clone(), gone.client_id.clone());
        forget(&mut self.by_app, &app, id);
        forget(&mut self.by_place, &gone.place(), id);
        self.by_expiry.remove(&(gone.expires_at, id.to_owned()));
        if let Some(count) = self
            .per_tenant
            .get_mut(&(gone.tenant_id.clone(), gone.kind))
        {
            *count -= 1;
        }
        Some(gone)
    }

    /// graph-protocol §6: what is not renewed is gone.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        while let Some((_, id)) = self.by_expiry.first().filter(|(at, _)| *at <= now) {
            let id = id.clone();
            self.remove(&id);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&StoredSubscription> {
        self.by_id.get(id)
    }

    /// Changes one; what it is about stays as it is.
    pub(crate) fn update(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut StoredSubscription),
    ) -> Option<&StoredSubscription> {
        let subscription = self.by_id.get_mut(id)?;
        let before = subscription.expires_at;
        change(subscription);
        if subscription.expires_at != before {
            self.by_expiry.remove(&(before, id.to_owned()));
            self.by_expiry
                .insert((subscription.expires_at, id.to_owned()));
        }
        Some(subscription)
    }

    pub(crate) fn all(&self) -> Vec<StoredSubscription> {
        self.by_id.values().cloned().collect()
    }

    /// An app's in a tenant, by id, after this one.
    pub(crate) fn of_app(
        &self,
        tenant_id: &str,
        client_id: &str,
        after: Option<&str>,
    ) -> impl Iterator<Item = &StoredSubscription> {
        let ids = self.by_app.get(&(tenant_id.into(), client_id.into()));
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        ids.into_iter()
            .flat_map(move |ids| ids.range::<str, _>((from, Bound::Unbounded)))
            .filter_map(|id| self.by_id.get(id))
    }

    /// Of all apps.
    pub(crate) fn at(&self, place: &Place) -> impl Iterator<Item = &StoredSubscription> {
        let ids = self.by_place.get(place);
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.by_id.get(id))
    }

    /// How many of this kind a tenant has.
    pub(crate) fn count(&self, tenant_id: &str, kind: ArtifactKind) -> usize {
        let count = self.per_tenant.get(&(tenant_id.to_owned(), kind));
        count.copied().unwrap_or_default()
    }
}

fn forget<K: Ord>(index: &mut BTreeMap<K, BTreeSet<String>>, key: &K, id: &str) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}
