//! What is unsettled about subscriptions, or worth making smaller in a test.

use serde::{Deserialize, Serialize};

/// Limits of subscriptions; the defaults are the documented ones (§6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SubscriptionSettings {
    /// Longest lifetime in minutes (4,320).
    pub max_minutes: u32,
    /// Per user and kind, over all apps (10).
    pub per_user: usize,
    /// Per tenant and kind (10,000).
    pub per_tenant: usize,
    /// Subscriptions on a page of their list (not documented).
    pub page_size: usize,
    /// How long an address has to answer the handshake, in milliseconds of real time (10,000).
    pub handshake_timeout_ms: u64,
    /// Whether a subscription for an organiser needs the Teams access policy (§6: not stated).
    pub need_access_policy: bool,
}

impl Default for SubscriptionSettings {
    fn default() -> Self {
        Self {
            max_minutes: 4320,
            per_user: 10,
            per_tenant: 10_000,
            page_size: 100,
            handshake_timeout_ms: 10_000,
            need_access_policy: false,
        }
    }
}
