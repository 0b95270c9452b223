//! What goes wrong with notifications on their way out. Rules are tried in the
//! order they were injected; the first that fits and has not run out is applied,
//! alone, when the notification is made.

use serde::{Deserialize, Serialize};

use super::NotificationKind;

/// A rule: which notifications, and what happens to them. Read as a sentence:
/// `Disturbance::drop().of(NotificationKind::Recording).times(2)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disturbance {
    /// Absent: of any kind.
    #[serde(default)]
    pub kind: Option<NotificationKind>,
    /// Of this subscription only.
    #[serde(default)]
    pub subscription_id: Option<String>,
    /// Of this tenant only.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// Matching notifications to let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many after those are hit; absent: all.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    pub effect: DisturbanceEffect,
}

/// What happens to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisturbanceEffect {
    /// It is lost for good.
    Drop,
    /// It leaves so many milliseconds later, by the simulator's clock.
    Delay(u64),
    /// It comes so many times more, encrypted anew each time.
    Duplicate(u32),
    /// It comes without the encrypted object, although the subscription asks for it.
    Plain,
    /// Its POST has `"validationTokens": null`.
    NullTokens,
}

impl Disturbance {
    fn all(effect: DisturbanceEffect) -> Self {
        Self {
            kind: None,
            subscription_id: None,
            tenant_id: None,
            skip: 0,
            times: None,
            effect,
        }
    }

    /// Every notification is lost, until cleared.
    pub fn drop() -> Self {
        Self::all(DisturbanceEffect::Drop)
    }

    /// Every notification leaves so many milliseconds of the simulator's clock later.
    pub fn delay_ms(delay: u64) -> Self {
        Self::all(DisturbanceEffect::Delay(delay))
    }

    /// Every notification comes `more` times more.
    pub fn duplicate(more: u32) -> Self {
        Self::all(DisturbanceEffect::Duplicate(more))
    }

    /// No notification has an encrypted object.
    pub fn plain() -> Self {
        Self::all(DisturbanceEffect::Plain)
    }

    /// No POST has validation tokens.
    pub fn null_tokens() -> Self {
        Self::all(DisturbanceEffect::NullTokens)
    }

    /// Only those of this kind.
    #[must_use]
    pub fn of(mut self, kind: NotificationKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only those of this subscription.
    #[must_use]
    pub fn to_subscription(mut self, id: &str) -> Self {
        self.subscription_id = Some(id.to_ascii_lowercase());
        self
    }

    /// Only those of this tenant, by its GUID.
    #[must_use]
    pub fn in_tenant(mut self, id: &str) -> Self {
        self.tenant_id = Some(id.to_ascii_lowercase());
        self
    }

    /// Lets so many through first.
    #[must_use]
    pub fn skip(mut self, n: u32) -> Self {
        self.skip = n;
        self
    }

    /// The next `n` matching notifications.
    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.times = Some(n);
        self
    }
}

#[derive(Debug)]
struct Rule {
    id: u64,
    seen: u32,
    hits: u32,
    disturbance: Disturbance,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Disturbances {
    next_id: u64,
    rules: Vec<Rule>,
}

impl Disturbances {
    pub(crate) fn inject(&mut self, disturbance: Disturbance) -> u64 {
        self.next_id += 1;
        self.rules.push(Rule {
            id: self.next_id,
            seen: 0,
            hits: 0,
            disturbance,
        });
        self.next_id
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Id, hits and rule of each.
    pub(crate) fn list(&self) -> Vec<(u64, u32, Disturbance)> {
        let rules = self.rules.iter();
        rules
            .map(|rule| (rule.id, rule.hits, rule.disturbance.clone()))
            .collect()
    }

    /// What happens to this notification, counted as used.
    pub(super) fn strike(
        &mut self,
        kind: NotificationKind,
        subscription_id: &str,
        tenant_id: &str,
    ) -> Option<DisturbanceEffect> {
        for rule in &mut self.rules {
            let wanted = &rule.disturbance;
            let fits = wanted.kind.is_none_or(|k| k == kind)
                && wanted
                    .subscription_id
                    .as_ref()
                    .is_none_or(|id| id == subscription_id)
                && wanted.tenant_id.as_ref().is_none_or(|id| id == tenant_id);
            if !fits || wanted.times.is_some_and(|times| rule.hits >= times) {
                continue;
            }
            rule.seen += 1;
            if rule.seen > wanted.skip {
                rule.hits += 1;
                return Some(wanted.effect);
            }
        }
        None
    }
}
