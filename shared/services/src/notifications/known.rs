//! Whose subscription a notification claims to be of: the one way from a payload
//! without tenant to a tenant (XC-1).

use std::collections::{BTreeSet, HashMap};

use convoke_domain::error::Error;
use convoke_domain::subscription::Subscription;
use convoke_graph::notification::Notification;
use convoke_platform::records::{SubscriptionPointerRecord, SubscriptionRecord};
use convoke_platform::tenant::Tenant;
use uuid::Uuid;

use crate::core::Core;

/// Subscriptions of one delivery that are looked up: more than Microsoft batches.
const NAMED_MAX: usize = 2_000;

/// A subscription of ours.
pub(super) struct Known {
    /// Whose it is.
    pub(super) tenant: Tenant,
    /// What is known of it.
    pub(super) subscription: Subscription,
}

/// Looks all subscriptions up that a delivery names, a hundred at a time.
pub(super) async fn look_up(
    core: &Core,
    notifications: &[Notification],
) -> Result<HashMap<String, Known>, Error> {
    let named: BTreeSet<&str> = notifications
        .iter()
        .map(|notification| notification.subscription_id.as_str())
        // Microsoft's ids are GUIDs: nothing else can be known, nor be part of a key.
        .filter(|id| id.len() == 36 && Uuid::parse_str(id).is_ok())
        .collect();
    let keys: Vec<_> = named
        .into_iter()
        .take(NAMED_MAX)
        .map(SubscriptionPointerRecord::key_of)
        .collect();
    let pointers = core
        .store(&Tenant::of_deployment())
        .get_all::<SubscriptionPointerRecord>(&keys)
        .await?;
    let mut by_tenant: HashMap<Tenant, Vec<_>> = HashMap::new();
    for pointer in &pointers {
        let key = SubscriptionRecord::key_of(pointer.subscription());
        let keys = by_tenant.entry(pointer.tenant()?).or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut known = HashMap::new();
    for (tenant, keys) in by_tenant {
        let rows = core
            .store(&tenant)
            .get_all::<SubscriptionRecord>(&keys)
            .await?;
        for row in rows {
            let subscription = Subscription::try_from(row)?;
            // Where it was replaced meanwhile, the row names its successor.
            if let Some(id) = subscription.subscription_id.clone() {
                let tenant = tenant.clone();
                known.insert(
                    id,
                    Known {
                        tenant,
                        subscription,
                    },
                );
            }
        }
    }
    Ok(known)
}
