//! What became of notifications, counted: whoever forges them learns nothing, and
//! the deployment sees how many there were.

use std::collections::BTreeMap;

/// What became of one notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Work followed from it.
    Accepted,
    /// It was taken on before.
    Duplicate,
    /// It has not the form of a notification.
    Unreadable,
    /// Of a subscription that nobody here has.
    UnknownSubscription,
    /// Without the subscription's client state.
    WrongClientState,
    /// Of another Microsoft tenant than the subscription's.
    WrongTenant,
    /// Not encrypted, although the subscription's are.
    PlainRefused,
    /// No token of Microsoft's vouches for it.
    NotAuthenticated,
    /// Its content does not open.
    NotDecrypted,
    /// It tells of something else than the subscription is for.
    WrongResource,
    /// Of a meeting that was not made here.
    UnknownMeeting,
    /// An event that nothing is to be done about.
    Ignored,
}

impl Verdict {
    /// The name of its counter, in log lines and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "notifications_accepted",
            Self::Duplicate => "notifications_duplicate",
            Self::Unreadable => "notifications_unreadable",
            Self::UnknownSubscription => "notifications_unknown_subscription",
            Self::WrongClientState => "notifications_wrong_client_state",
            Self::WrongTenant => "notifications_wrong_tenant",
            Self::PlainRefused => "notifications_plain_refused",
            Self::NotAuthenticated => "notifications_not_authenticated",
            Self::NotDecrypted => "notifications_not_decrypted",
            Self::WrongResource => "notifications_wrong_resource",
            Self::UnknownMeeting => "notifications_unknown_meeting",
            Self::Ignored => "notifications_ignored",
        }
    }
}

/// How many of which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Verdict, u64>);

impl Tally {
    /// Counts one.
    pub fn add(&mut self, verdict: Verdict) {
        self.add_many(verdict, 1);
    }

    /// Counts several.
    pub fn add_many(&mut self, verdict: Verdict, count: usize) {
        if count > 0 {
            *self.0.entry(verdict).or_default() += count as u64;
        }
    }

    /// Takes another's counts over.
    pub fn absorb(&mut self, other: &Self) {
        for (verdict, count) in &other.0 {
            *self.0.entry(*verdict).or_default() += count;
        }
    }

    /// How many there were of these.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.0.get(&verdict).copied().unwrap_or_default()
    }

    /// Those that there were any of.
    pub fn counts(&self) -> impl Iterator<Item = (Verdict, u64)> + '_ {
        self.0.iter().map(|(verdict, count)| (*verdict, *count))
    }
}
