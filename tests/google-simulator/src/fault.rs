//! Faults: what goes wrong, for which requests, before or after the effect.
//!
//! Rules are tried in the order they were injected; the first that matches a
//! request and has not run out is applied, alone. Nothing is left to chance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::reply::error_body;

/// A rule: which requests, and what happens to them. Read as a sentence:
/// `Fault::on("POST", "/calendar/v3/calendars/*/events").nth(2).after().cut()`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// HTTP method; absent: any.
    pub method: Option<String>,
    /// A path as sent; `*` stands for any text within a segment; absent: any.
    pub path: Option<String>,
    /// Whose requests, by mail address; those for tokens are nobody's. Absent: anybody's.
    pub user: Option<String>,
    /// Matching requests to let through first.
    pub skip: u32,
    /// How many matching requests after those are hit; absent: all.
    pub times: Option<u32>,
    /// Whether Google performs the request before things go wrong.
    pub phase: Phase,
    /// Real time to wait first (before the effect, or after it, by `phase`).
    pub delay_ms: u64,
    /// What the client gets.
    pub action: Action,
}

impl Default for Fault {
    /// Hits the next request, whatever it is, and changes nothing about it.
    fn default() -> Self {
        Self {
            method: None,
            path: None,
            user: None,
            skip: 0,
            times: Some(1),
            phase: Phase::Before,
            delay_ms: 0,
            action: Action::Proceed,
        }
    }
}

/// When the fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was performed.
    #[default]
    Before,
    /// The effect happened, only the answer is lost or spoiled.
    After,
}

/// What happens instead of the plain answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// The plain answer (useful with `delay_ms`).
    Proceed,
    /// This answer. A JSON string as `body` is sent as it is, anything else as JSON.
    Respond {
        /// HTTP status.
        status: u16,
        /// Further headers, e.g. `Retry-After`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// `null`: no body.
        #[serde(default)]
        body: Value,
    },
    /// The connection is closed without a byte.
    Cut,
}

impl Fault {
    /// Hits the next request, whatever it is.
    pub fn any() -> Self {
        Self::default()
    }

    /// Hits the next request with this method (`*`: any) and path (see [`Fault::path`]).
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            method: (method != "*").then(|| method.to_ascii_uppercase()),
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// Only this user's calls to the calendar.
    #[must_use]
    pub fn by(mut self, user: &str) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Only the nth matching request, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u32) -> Self {
        self.skip = n.saturating_sub(1);
        self.times = Some(1);
        self
    }

    /// The next `n` matching requests.
    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.times = Some(n);
        self
    }

    /// Every matching request, until cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Strikes after Google has performed the request.
    #[must_use]
    pub fn after(mut self) -> Self {
        self.phase = Phase::After;
        self
    }

    /// Waits this long first.
    #[must_use]
    pub fn delay_ms(mut self, delay: u64) -> Self {
        self.delay_ms = delay;
        self
    }

    /// Answers with this status and JSON body.
    #[must_use]
    pub fn respond(mut self, status: u16, body: Value) -> Self {
        self.action = Action::Respond {
            status,
            headers: BTreeMap::new(),
            body,
        };
        self
    }

    /// Adds a header to the answer given by [`Fault::respond`] and its kin.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Action::Respond { headers, .. } = &mut self.action {
            headers.insert(name.into(), value.into());
        }
        self
    }

    /// Answers with an error in the Calendar API's shape.
    #[must_use]
    pub fn error(self, status: u16, reason: &str, message: &str) -> Self {
        self.respond(status, error_body(status, "global", reason, message))
    }

    /// 403 `rateLimitExceeded`; Google documents no `Retry-After` with it.
    #[must_use]
    pub fn throttle(self) -> Self {
        let body = error_body(
            403,
            "usageLimits",
            "rateLimitExceeded",
            "Rate Limit Exceeded",
        );
        self.respond(403, body)
    }

    /// Answers as the token endpoint does, e.g. 400 `invalid_grant`.
    #[must_use]
    pub fn token_error(self, status: u16, error: &str) -> Self {
        self.respond(status, json!({"error": error, "error_description": "…"}))
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.action = Action::Cut;
        self
    }

    fn matches(&self, method: &str, path: &str, user: Option<&str>) -> bool {
        let fits = |wanted: &Option<String>, has: Option<&str>| {
            wanted
                .as_ref()
                .is_none_or(|wanted| has.is_some_and(|has| has.eq_ignore_ascii_case(wanted)))
        };
        fits(&self.method, Some(method))
            && fits(&self.user, user)
            && self.path.as_ref().is_none_or(|pattern| glob(pattern, path))
    }
}

/// Segment by segment; each may have one star.
fn glob(pattern: &str, path: &str) -> bool {
    let same = |(wanted, has): (&str, &str)| match wanted.split_once('*') {
        None => wanted == has,
        Some((head, tail)) => {
            has.len() >= head.len() + tail.len() && has.starts_with(head) && has.ends_with(tail)
        }
    };
    let (wanted, has) = (pattern.split('/'), path.split('/'));
    wanted.clone().count() == has.clone().count() && wanted.zip(has).all(same)
}

/// The rules in force, with the matching requests that each has seen.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this request, counted as used.
    pub(crate) fn strike(&mut self, method: &str, path: &str, user: Option<&str>) -> Option<Fault> {
        for (fault, seen) in &mut self.0 {
            let used_up = fault
                .times
                .is_some_and(|times| *seen >= fault.skip.saturating_add(times));
            if used_up || !fault.matches(method, path, user) {
                continue;
            }
            *seen += 1;
            if *seen > fault.skip {
                return Some(fault.clone());
            }
        }
        None
    }
}
