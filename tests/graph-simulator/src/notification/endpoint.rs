//! How Graph judges the addresses that it notifies (graph-protocol §6): one that
//! is often slow is notified later, one that is often very slow not at all.
//!
//! The state belongs to host and port, with all their paths and subscriptions;
//! whether it is per URL in reality is not stated.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::NotificationSettings;

/// Ten minutes: what is looked back on, and how long a verdict holds.
const PERIOD: TimeDelta = TimeDelta::minutes(10);

/// What an address is taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// Notified at once.
    #[default]
    Healthy,
    /// More than a tenth of its answers took over 3 s: notified ten minutes later.
    Slow,
    /// More than 15 % took over 10 s: its notifications are lost.
    Dropping,
}

/// How long an answer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Quick,
    Slow,
    VerySlow,
}

#[derive(Debug, Default)]
struct Endpoint {
    answers: VecDeque<(DateTime<Utc>, Pace)>,
    state: EndpointState,
    /// The state is not looked at again before.
    until: Option<DateTime<Utc>>,
}

/// Every address so far, by host and port.
#[derive(Debug, Default)]
pub(crate) struct Endpoints(BTreeMap<String, Endpoint>);

/// Ten minutes at the speed of notifications.
pub(super) fn period(settings: &NotificationSettings) -> TimeDelta {
    PERIOD / i32::try_from(settings.speed.max(1)).unwrap_or(i32::MAX)
}

fn host(url: &str) -> String {
    let url: Option<reqwest::Url> = url.parse().ok();
    url.map_or_else(String::new, |url| url.authority().to_owned())
}

impl Endpoints {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn record(
        &mut self,
        url: &str,
        at: DateTime<Utc>,
        took_ms: u64,
        settings: &NotificationSettings,
    ) {
        let pace = if took_ms >= settings.retry_timeout_ms {
            Pace::VerySlow
        } else if took_ms >= settings.first_timeout_ms {
            Pace::Slow
        } else {
            Pace::Quick
        };
        let endpoint = self.0.entry(host(url)).or_default();
        endpoint.answers.push_back((at, pace));
    }

    /// What the address is taken for, judged anew where the last verdict is old.
    pub(crate) fn state(
        &mut self,
        url: &str,
        now: DateTime<Utc>,
        settings: &NotificationSettings,
    ) -> EndpointState {
        let Some(endpoint) = self.0.get_mut(&host(url)) else {
            return EndpointState::Healthy;
        };
        let period = period(settings);
        if endpoint.until.is_some_and(|until| now < until) {
            return endpoint.state;
        }
        while endpoint
            .answers
            .front()
            .is_some_and(|(at, _)| *at + period <= now)
        {
            endpoint.answers.pop_front();
        }
        endpoint.state = judge(&endpoint.answers, settings.judged_after);
        let is_bad = endpoint.state != EndpointState::Healthy;
        endpoint.until = is_bad.then_some(now + period);
        endpoint.state
    }
}

fn judge(answers: &VecDeque<(DateTime<Utc>, Pace)>, judged_after: usize) -> EndpointState {
    let all = answers.len();
    let very_slow = answers.iter().filter(|(_, p)| *p == Pace::VerySlow).count();
    let slow = answers.iter().filter(|(_, p)| *p != Pace::Quick).count();
    if all < judged_after.max(1) {
        EndpointState::Healthy
    } else if very_slow * 100 > all * 15 {
        EndpointState::Dropping
    } else if slow * 10 > all {
        EndpointState::Slow
    } else {
        EndpointState::Healthy
    }
}

#[cfg(test)]
mod tests {
    use super::{EndpointState, Endpoints, NotificationSettings};

    const URL: &str = "https://hooks.example/a?b=c";

    fn after(quick: u32, slow: u32, very_slow: u32) -> Endpoints {
        let mut endpoints = Endpoints::default();
        let at = crate::clock::now(0);
        let settings = NotificationSettings::default();
        for (count, took) in [(quick, 20), (slow, 3_000), (very_slow, 10_000)] {
            for _ in 0..count {
                endpoints.record(URL, at, took, &settings);
            }
        }
        endpoints
    }

    fn verdict(quick: u32, slow: u32, very_slow: u32) -> EndpointState {
        let settings = NotificationSettings::default();
        after(quick, slow, very_slow).state(URL, crate::clock::now(0), &settings)
    }

    #[test]
    fn more_than_a_tenth_makes_it_slow_and_more_than_fifteen_percent_lose_it() {
        assert_eq!(verdict(90, 10, 0), EndpointState::Healthy);
        assert_eq!(verdict(89, 11, 0), EndpointState::Slow);
        assert_eq!(verdict(85, 0, 15), EndpointState::Slow);
        assert_eq!(verdict(84, 0, 16), EndpointState::Dropping);
        assert_eq!(verdict(0, 3, 0), EndpointState::Healthy, "too few to tell");
    }

    #[test]
    fn a_verdict_holds_for_ten_minutes_for_the_whole_host() {
        let settings = NotificationSettings::default();
        let mut endpoints = after(0, 20, 0);
        let now = crate::clock::now(0);
        let other = "https://hooks.example/lifecycle";
        assert_eq!(endpoints.state(other, now, &settings), EndpointState::Slow);
        let almost = now + chrono::TimeDelta::seconds(599);
        assert_eq!(endpoints.state(URL, almost, &settings), EndpointState::Slow);
        let later = now + chrono::TimeDelta::seconds(601);
        assert_eq!(
            endpoints.state(URL, later, &settings),
            EndpointState::Healthy
        );
        let elsewhere = "https://other.example/";
        assert_eq!(
            endpoints.state(elsewhere, now, &settings),
            EndpointState::Healthy
        );
    }
}
