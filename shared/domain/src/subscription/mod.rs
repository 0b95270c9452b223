//! Subscriptions to Microsoft's change notifications (NT-1, NT-4, NT-6): which a
//! tenant wants, what is to be done about each, and what comes of it.
//!
//! Guarantee: what is known of a subscription at Microsoft is never forgotten
//! before it is certain that it is gone. A row says what may exist there before
//! it is made, and names it until it is removed or has expired.

mod change;
mod step;
mod wish;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::artifact::ArtifactType;
use crate::integration::SealedSecret;

pub use change::{Made, Setback};
pub use step::{Step, Terms};
pub use wish::{App, Verdict, Wish};

/// How long a subscription is asked for: Microsoft's maximum of 4,320 minutes, less
/// half an hour for clocks that differ.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(4_320 - 30);
/// How often each is looked after.
pub const CHECK_EVERY: TimeDelta = TimeDelta::hours(6);
/// How long a row is left alone while somebody makes its subscription: longer than
/// anybody is at one row.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);

/// Digits of a target.
const TARGET_LEN: usize = 32;

/// Which subscription of a tenant: whose meetings, by which application, of what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubscriptionKey {
    target: String,
    kind: ArtifactType,
}

impl SubscriptionKey {
    /// Of a target, 32 hex digits in lower case; `None` for anything else.
    pub fn new(target: &str, kind: ArtifactType) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_target = target.len() == TARGET_LEN && target.bytes().all(is_hex);
        is_target.then(|| Self {
            target: target.to_owned(),
            kind,
        })
    }

    /// Reads what [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (target, kind) = text.split_once('#')?;
        Self::new(target, ArtifactType::parse(kind)?)
    }

    /// Of what it notifies.
    pub fn kind(&self) -> ArtifactType {
        self.kind
    }
}

impl fmt::Display for SubscriptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.target, self.kind.as_str())
    }
}

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriptionState {
    /// To be made; it may exist already if somebody died making it.
    Wanted,
    /// It existed when it was last looked at.
    Live,
    /// To be removed.
    Removing,
}

impl SubscriptionState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Wanted, Self::Live, Self::Removing];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Live => "live",
            Self::Removing => "removing",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A subscription as it is wanted, and as far as it is known at Microsoft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which.
    pub key: SubscriptionKey,
    /// Of what it notifies.
    pub kind: ArtifactType,
    /// Whose meetings: the Entra object id.
    pub organizer_object_id: String,
    /// The Entra tenant as the profile has it: a GUID or a domain name.
    pub ms_tenant_id: String,
    /// The Entra tenant's GUID, in lower case, as notifications name it; known
    /// before the subscription is made.
    pub ms_tenant_guid: Option<String>,
    /// The application.
    pub client_id: String,
    /// The application's secret: also after the profile lost it, so that the
    /// subscription can be removed.
    pub client_secret: SealedSecret,
    /// SHA-256 of the client state, in hex.
    pub client_state_hash: String,
    /// Whether what turns up at Microsoft may have been made with another client
    /// state, and therefore cannot be taken for this one.
    pub has_old_client_state: bool,
    /// How far it is.
    pub state: SubscriptionState,
    /// Microsoft's id. With [`SubscriptionState::Wanted`]: what is to be removed
    /// before another one is made.
    pub subscription_id: Option<String>,
    /// Where Microsoft sends notifications, as it was made.
    pub notification_url: Option<String>,
    /// Where it sends lifecycle notifications.
    pub lifecycle_notification_url: Option<String>,
    /// Which certificate it encrypts for; `None`: notifications are plain.
    pub certificate_id: Option<String>,
    /// When it ends, or at the latest would if it was made; `None`: nothing of it
    /// can exist.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was made or last prolonged.
    pub renewed_at: Option<DateTime<Utc>>,
    /// When Microsoft last said that it exists.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it is to be seen whether the replaced organiser's meetings still need
    /// it; `None`: its organiser is the present one.
    pub retire_at: Option<DateTime<Utc>>,
    /// Until when somebody is making it.
    pub claimed_until: Option<DateTime<Utc>>,
    /// Failures in a row.
    pub attempts: u32,
    /// Why the last try failed.
    pub error_code: Option<String>,
    /// When to look after it.
    pub due_at: DateTime<Utc>,
    /// When it was first wanted.
    pub created_at: DateTime<Utc>,
    /// Rises with every write.
    pub version: u64,
}

impl Subscription {
    /// One that is wanted from `now` on. `client_state_hash` is what it is going
    /// to be made with.
    pub fn wanted(
        key: SubscriptionKey,
        app: &App,
        organizer_object_id: &str,
        client_state_hash: String,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            kind: key.kind(),
            key,
            organizer_object_id: organizer_object_id.to_owned(),
            ms_tenant_id: app.ms_tenant_id.clone(),
            ms_tenant_guid: None,
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            client_state_hash,
            has_old_client_state: false,
            state: SubscriptionState::Wanted,
            subscription_id: None,
            notification_url: None,
            lifecycle_notification_url: None,
            certificate_id: None,
            expires_at: None,
            renewed_at: None,
            checked_at: None,
            retire_at: None,
            claimed_until: None,
            attempts: 0,
            error_code: None,
            due_at: now,
            created_at: now,
            version: 1,
        }
    }

    /// Whether it is time to look after it.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_at <= now && !self.is_claimed(now)
    }

    /// Whether somebody is making it right now.
    pub fn is_claimed(&self, now: DateTime<Utc>) -> bool {
        self.claimed_until.is_some_and(|until| until > now)
    }

    /// Whether nothing of it can exist at Microsoft any more.
    pub fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|at| at <= now)
    }

    /// Whether Microsoft's subscription `id` is this one's.
    pub fn is_called(&self, id: &str) -> bool {
        self.subscription_id.as_deref() == Some(id)
    }
}

#[cfg(test)]
mod tests;
