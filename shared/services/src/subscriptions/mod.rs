//! Subscriptions to Microsoft's notifications of recordings and transcripts: made as
//! the settings want them, kept alive, replaced and removed (NT-1, NT-4, NT-6).
//!
//! Guarantee: what is about to be made is written down first, and what is at
//! Microsoft stays written down until it is gone. So a crash at any point leaves
//! no second subscription, and none that nobody knows of for long. Each call is
//! made with the row's own credentials, outside of transactions; a tenant's
//! subscriptions are reached through that tenant's store only. In the community
//! edition rows stay untouched (XC-11).

#[cfg(feature = "enterprise")]
mod align;
#[cfg(not(feature = "enterprise"))]
mod community;
#[cfg(feature = "enterprise")]
mod keep;
#[cfg(feature = "enterprise")]
mod make;
#[cfg(feature = "enterprise")]
mod outcome;
#[cfg(feature = "enterprise")]
mod remove;
#[cfg(feature = "enterprise")]
mod round;
#[cfg(feature = "enterprise")]
mod stop;
#[cfg(feature = "enterprise")]
mod subscriber;
#[cfg(feature = "enterprise")]
mod turn;

use convoke_domain::error::Error;
use convoke_domain::subscription::Subscription;
use convoke_platform::records::SubscriptionRecord;
use convoke_platform::store::{Query, TenantStore};

#[cfg(feature = "enterprise")]
pub use align::align;
#[cfg(not(feature = "enterprise"))]
pub use community::{Subscriber, align, heed, renew};
#[cfg(feature = "enterprise")]
pub use keep::heed;
#[cfg(feature = "enterprise")]
pub use round::renew;
#[cfg(feature = "enterprise")]
pub use subscriber::Subscriber;

/// Rows of one query.
const PAGE: u16 = 100;

/// All subscriptions of a tenant, as they are wanted and as far as they are known
/// at Microsoft: no call.
pub async fn list(store: &TenantStore) -> Result<Vec<Subscription>, Error> {
    let query = Query::partition(SubscriptionRecord::PARTITION, PAGE);
    let records = store.query_all::<SubscriptionRecord>(query).await?;
    let rows = records.into_iter().map(Subscription::try_from);
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a round over what is due has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Rows that were taken on.
    pub due: usize,
    /// Prolonged.
    pub renewed: usize,
    /// Found as they were made.
    pub checked: usize,
    /// Made, for the first time or again.
    pub recreated: usize,
    /// Found at Microsoft after a crash, and taken for ours.
    pub adopted: usize,
    /// Removed, or known to have ended.
    pub removed: usize,
    /// To be tried again, or refused.
    pub failed: usize,
    /// Rows that could not be read or written.
    pub broken: usize,
    /// Left for the next round, as far as they were seen.
    pub cut: usize,
    /// Whether there was no time for all.
    pub is_cut: bool,
}
