//! Subscriptions to recordings and transcripts (graph-protocol §6): what is kept
//! of each, and how one comes about. What is sent because of them is `notification`.

mod certificate;
pub(crate) mod der;
mod handshake;
mod register;
mod serving;
mod settings;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::artifact::ArtifactKind;

pub(crate) use certificate::Certificate;
pub(crate) use register::Register;
pub(crate) use serving::serve;
pub use settings::SubscriptionSettings;

/// Whose recordings or transcripts a subscription is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionTarget {
    /// Everybody's in the tenant.
    Tenant,
    /// An organiser's, by object id.
    Organizer(String),
    /// An online meeting's, by its id.
    Meeting(String),
}

/// A subscription as it is kept, with what Graph never shows again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredSubscription {
    /// A GUID.
    pub id: String,
    /// The tenant that it belongs to.
    pub tenant_id: String,
    /// The app that made it; no other sees it.
    pub client_id: String,
    /// Recordings or transcripts.
    pub kind: ArtifactKind,
    /// Of whom.
    pub target: SubscriptionTarget,
    /// As the app wrote it.
    pub resource: String,
    /// Where notifications go.
    pub notification_url: String,
    /// Where lifecycle events go; absent: to the other address.
    pub lifecycle_notification_url: Option<String>,
    /// Repeated in every notification.
    pub client_state: Option<String>,
    /// Whether notifications carry the encrypted object.
    pub includes_resource_data: bool,
    /// Base64 of the X.509 certificate's DER.
    pub encryption_certificate: Option<String>,
    /// The app's name for it.
    pub encryption_certificate_id: Option<String>,
    /// `v1_0` to `v1_3`.
    pub latest_supported_tls_version: String,
    /// From then on it is gone.
    pub expires_at: DateTime<Utc>,
    /// When it was created, by the simulator's clock.
    pub created_at: DateTime<Utc>,
    /// PATCHes that were carried out.
    pub renewals: u32,
    /// GETs of this subscription that were answered.
    pub reads: u32,
}
