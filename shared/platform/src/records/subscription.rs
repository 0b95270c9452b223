//! Subscriptions to Microsoft's change notifications: `SUBSCRIPTIONS` /
//! `<target>#<kind>`, in the due index as long as they exist. An item of the
//! deployment's own, `SUBSCRIPTION#<Microsoft's id>` / `POINTER`, says whose each is.
//! Of client states only a hash is stored, of secrets only KMS's ciphertext.

use chrono::{DateTime, Utc};
use convoke_domain::artifact::ArtifactType;
use convoke_domain::id::TenantId;
use convoke_domain::integration::SealedSecret;
use convoke_domain::subscription::{Subscription, SubscriptionKey, SubscriptionState};
use serde::{Deserialize, Serialize};

use super::corrupt;
use crate::keyring::sha256_hex;
use crate::store::{Due, DueKind, Indexes, Key, Record, StoreError};
use crate::tenant::Tenant;

const PARTITION: &str = "SUBSCRIPTIONS";
/// Hex digits of a hash that make a target.
const TARGET_LEN: usize = 32;

/// A subscription as stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct SubscriptionRecord {
    key: String,
    organizer_object_id: String,
    ms_tenant_id: String,
    ms_tenant_guid: Option<String>,
    client_id: String,
    sealed_client_secret: String,
    client_state_hash: String,
    has_old_client_state: bool,
    state: String,
    subscription_id: Option<String>,
    notification_url: Option<String>,
    lifecycle_notification_url: Option<String>,
    certificate_id: Option<String>,
    // `expires_at` is the table's TTL.
    ends_at: Option<DateTime<Utc>>,
    renewed_at: Option<DateTime<Utc>>,
    checked_at: Option<DateTime<Utc>>,
    retire_at: Option<DateTime<Utc>>,
    claimed_until: Option<DateTime<Utc>>,
    attempts: u32,
    error_code: Option<String>,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    version: u64,
}

impl SubscriptionRecord {
    /// The partition of all of a tenant's.
    pub const PARTITION: &'static str = PARTITION;

    /// Where the subscription of a sort key is stored.
    pub fn key_of(sort: &str) -> Key {
        Key::new(PARTITION, sort)
    }

    /// The key of a subscription to what an organiser's meetings leave behind, by an
    /// application in an Entra tenant.
    pub fn name_of(
        ms_tenant_id: &str,
        client_id: &str,
        organizer_object_id: &str,
        kind: ArtifactType,
    ) -> Result<SubscriptionKey, StoreError> {
        let organizer = organizer_object_id.to_lowercase();
        // None of them holds a line's end.
        let hash = sha256_hex(format!("{ms_tenant_id}\n{client_id}\n{organizer}").as_bytes());
        SubscriptionKey::new(&hash[..TARGET_LEN], kind)
            .ok_or_else(|| corrupt("subscription", "its key"))
    }
}

impl Record for SubscriptionRecord {
    const KIND: &'static str = "subscription";

    fn key(&self) -> Key {
        Self::key_of(&self.key)
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn indexes(&self) -> Indexes {
        Indexes {
            due: Some(Due {
                kind: DueKind::Subscription,
                at: self.due_at,
            }),
            ..Indexes::default()
        }
    }
}

impl From<&Subscription> for SubscriptionRecord {
    fn from(subscription: &Subscription) -> Self {
        let row = subscription.clone();
        Self {
            key: row.key.to_string(),
            organizer_object_id: row.organizer_object_id,
            ms_tenant_id: row.ms_tenant_id,
            ms_tenant_guid: row.ms_tenant_guid,
            client_id: row.client_id,
            sealed_client_secret: row.client_secret.as_str().to_owned(),
            client_state_hash: row.client_state_hash,
            has_old_client_state: row.has_old_client_state,
            state: row.state.as_str().to_owned(),
            subscription_id: row.subscription_id,
            notification_url: row.notification_url,
            lifecycle_notification_url: row.lifecycle_notification_url,
            certificate_id: row.certificate_id,
            ends_at: row.expires_at,
            renewed_at: row.renewed_at,
            checked_at: row.checked_at,
            retire_at: row.retire_at,
            claimed_until: row.claimed_until,
            attempts: row.attempts,
            error_code: row.error_code,
            due_at: row.due_at,
            created_at: row.created_at,
            version: row.version,
        }
    }
}

impl TryFrom<SubscriptionRecord> for Subscription {
    type Error = StoreError;

    fn try_from(record: SubscriptionRecord) -> Result<Self, StoreError> {
        let key = SubscriptionKey::parse(&record.key)
            .ok_or_else(|| corrupt("subscription", "its key"))?;
        let state = SubscriptionState::parse(&record.state)
            .ok_or_else(|| corrupt("state of a subscription", &record.state))?;
        Ok(Self {
            kind: key.kind(),
            key,
            organizer_object_id: record.organizer_object_id,
            ms_tenant_id: record.ms_tenant_id,
            ms_tenant_guid: record.ms_tenant_guid,
            client_id: record.client_id,
            client_secret: SealedSecret::new(record.sealed_client_secret),
            client_state_hash: record.client_state_hash,
            has_old_client_state: record.has_old_client_state,
            state,
            subscription_id: record.subscription_id,
            notification_url: record.notification_url,
            lifecycle_notification_url: record.lifecycle_notification_url,
            certificate_id: record.certificate_id,
            expires_at: record.ends_at,
            renewed_at: record.renewed_at,
            checked_at: record.checked_at,
            retire_at: record.retire_at,
            claimed_until: record.claimed_until,
            attempts: record.attempts,
            error_code: record.error_code,
            due_at: record.due_at,
            created_at: record.created_at,
            version: record.version,
        })
    }
}

/// Whose subscription Microsoft's id names; an item of the deployment's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionPointerRecord {
    subscription_id: String,
    tenant: String,
    subscription: String,
    version: u64,
}

impl SubscriptionPointerRecord {
    /// To a tenant's subscription.
    pub fn to(subscription_id: &str, tenant: &Tenant, subscription: &SubscriptionKey) -> Self {
        Self {
            subscription_id: subscription_id.to_owned(),
            tenant: tenant.id().to_string(),
            subscription: subscription.to_string(),
            version: 1,
        }
    }

    /// Where it is stored, within the deployment's own tenant.
    pub fn key_of(subscription_id: &str) -> Key {
        Key::new(format!("SUBSCRIPTION#{subscription_id}"), "POINTER")
    }

    /// Whose the subscription is.
    pub fn tenant(&self) -> Result<Tenant, StoreError> {
        let tenant = TenantId::parse(&self.tenant).map_err(|error| corrupt("tenant", error))?;
        Ok(Tenant::of_deployments_row(tenant))
    }

    /// The sort key of that tenant's row.
    pub fn subscription(&self) -> &str {
        &self.subscription
    }
}

impl Record for SubscriptionPointerRecord {
    const KIND: &'static str = "subscription pointer";

    fn key(&self) -> Key {
        Self::key_of(&self.subscription_id)
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// What the subscriptions of this deployment were last made to fit: `WEBHOOK` /
/// `ADDRESS`, an item of the deployment's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRecord {
    /// The base of both addresses.
    pub url: String,
    /// Whether notifications are encrypted.
    pub is_encrypted: bool,
}

impl WebhookRecord {
    /// Where it is stored.
    pub fn key_of() -> Key {
        Key::new("WEBHOOK", "ADDRESS")
    }
}

impl Record for WebhookRecord {
    const KIND: &'static str = "webhook";

    fn key(&self) -> Key {
        Self::key_of()
    }

    fn version(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use convoke_domain::subscription::App;

    use super::*;

    fn subscription(organizer: &str) -> Subscription {
        let app = App {
            ms_tenant_id: "contoso.example".to_owned(),
            client_id: "app".to_owned(),
            client_secret: SealedSecret::new("sealed".to_owned()),
        };
        let kind = ArtifactType::Transcript;
        let name = SubscriptionRecord::name_of("contoso.example", "app", organizer, kind);
        let at = DateTime::UNIX_EPOCH;
        Subscription::wanted(name.unwrap(), &app, organizer, "hash".to_owned(), at)
    }

    #[test]
    fn a_subscription_reads_back_as_it_was() {
        let mut subscription = subscription("ann");
        subscription.subscription_id = Some("s1".to_owned());
        subscription.expires_at = Some(DateTime::UNIX_EPOCH);
        subscription.has_old_client_state = true;
        for state in SubscriptionState::ALL {
            subscription.state = state;
            let record = SubscriptionRecord::from(&subscription);
            assert_eq!(record.key().sort, subscription.key.to_string());
            assert_eq!(Subscription::try_from(record), Ok(subscription.clone()));
        }
    }

    /// NT-1: one row per organiser and kind, however the object id is spelt.
    #[test]
    fn a_row_is_named_by_whom_it_watches() {
        assert_eq!(subscription("ann").key, subscription("ANN").key);
        assert_ne!(subscription("ann").key, subscription("bob").key);
    }

    /// NT-3: a pointer leads to the tenant that the subscription was made for.
    #[test]
    fn a_pointer_names_tenant_and_row() {
        let tenant = Tenant::of_verified_claims(TenantId::parse("acme").unwrap());
        let key = subscription("ann").key;
        let pointer = SubscriptionPointerRecord::to("s1", &tenant, &key);
        assert_eq!(pointer.tenant(), Ok(tenant));
        assert_eq!(pointer.subscription(), key.to_string());
        let spoilt = SubscriptionPointerRecord {
            tenant: "<deployment>".to_owned(),
            ..pointer
        };
        assert!(spoilt.tenant().is_err());
    }
}
