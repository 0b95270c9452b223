//! Faults: what goes wrong, for which requests, before or after the effect.
//!
//! Rules are tried in the order they were injected; the first that matches a
//! request and has not run out is applied, alone. Nothing is left to chance.

mod pattern;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A rule: which requests, and what happens to them. Read as a sentence:
/// `Fault::on("POST", "/v1.0/users/*/events").nth(2).after().cut()`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// HTTP method; absent: any.
    pub method: Option<String>,
    /// A path that the request's starts with, or a pattern for the whole path
    /// where `*` stands for one segment's text and `**` for anything; absent: any.
    pub path: Option<String>,
    /// Text that the body must contain.
    pub body_contains: Option<String>,
    /// GUIDs of the tenants whose requests are hit, those for tokens included; empty: all.
    pub tenants: BTreeSet<String>,
    /// Matching requests to let through first.
    pub skip: u32,
    /// How many matching requests after those are hit; absent: all.
    pub times: Option<u32>,
    /// Whether Graph performs the request before things go wrong.
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
            body_contains: None,
            tenants: BTreeSet::new(),
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
    /// No answer until the client gives up, faults are cleared or the simulator stops.
    Hang,
    /// The connection is closed without a byte.
    Cut,
    /// Half of the answer's body, then the connection is closed.
    Truncate,
    /// The plain status with a body that is not JSON although its type says so.
    MalformedJson,
    /// A gateway's HTML page with this status.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// The event is created, but without its Teams meeting (§0.9).
    WithoutTeamsMeeting,
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

    /// Only requests whose body contains this text.
    #[must_use]
    pub fn with_body(mut self, text: &str) -> Self {
        self.body_contains = Some(text.into());
        self
    }

    /// Only requests of these tenants, named by their GUIDs, those for tokens included.
    #[must_use]
    pub fn in_tenants<T: AsRef<str>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        let ids = ids.into_iter().map(|id| id.as_ref().to_ascii_lowercase());
        self.tenants.extend(ids);
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

    /// Strikes after Graph has performed the request.
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

    /// Answers with an error in Graph's shape.
    #[must_use]
    pub fn error(self, status: u16, code: &str, message: &str) -> Self {
        self.respond(status, json!({"error": {"code": code, "message": message}}))
    }

    /// 429 `TooManyRequests` with this `Retry-After` (§8).
    #[must_use]
    pub fn throttle(self, retry_after: &str) -> Self {
        self.error(429, "TooManyRequests", "Please retry again later.")
            .header("Retry-After", retry_after)
    }

    /// 503 `serviceNotAvailable` with this `Retry-After` (§8).
    #[must_use]
    pub fn unavailable(self, retry_after: &str) -> Self {
        let message = "The service is temporarily unavailable. Please retry after some time.";
        self.error(503, "serviceNotAvailable", message)
            .header("Retry-After", retry_after)
    }

    /// Refuses tokens as Entra does, e.g. `invalid_client` with 7000215 (§1).
    #[must_use]
    pub fn token_refused(self, error: &str, code: u32) -> Self {
        let body = json!({
            "error": error, "error_codes": [code],
            "error_description": format!("AADSTS{code}: The token is refused."),
        });
        self.respond(401, body)
    }

    /// Never answers.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.action = Action::Hang;
        self
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.action = Action::Cut;
        self
    }

    /// Sends half of the answer and closes the connection.
    #[must_use]
    pub fn truncate(mut self) -> Self {
        self.action = Action::Truncate;
        self
    }

    /// Spoils the answer's JSON.
    #[must_use]
    pub fn malformed_json(mut self) -> Self {
        self.action = Action::MalformedJson;
        self
    }

    /// Answers with a gateway's HTML page.
    #[must_use]
    pub fn html(mut self, status: u16) -> Self {
        self.action = Action::Html { status };
        self
    }

    /// Creates the event without its Teams meeting.
    #[must_use]
    pub fn without_teams_meeting(mut self) -> Self {
        self.action = Action::WithoutTeamsMeeting;
        self
    }

    fn matches(&self, method: &str, path: &str, body: &[u8], tenant: Option<&str>) -> bool {
        if !self.tenants.is_empty() && !tenant.is_some_and(|id| self.tenants.contains(id)) {
            return false;
        }
        let wanted = |pattern: &String| {
            if pattern.contains('*') {
                pattern::glob(pattern.as_bytes(), path.as_bytes())
            } else {
                path.starts_with(pattern.as_str())
            }
        };
        self.method
            .as_ref()
            .is_none_or(|m| m.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(wanted)
            && self
                .body_contains
                .as_ref()
                .is_none_or(|text| String::from_utf8_lossy(body).contains(text.as_str()))
    }
}

/// A fault that was injected, with how often it has struck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// Given by the simulator; [`crate::Received::fault`] names it.
    pub id: u64,
    /// Matching requests seen, those skipped included.
    pub seen: u32,
    /// Requests hit.
    pub hits: u32,
    /// The rule.
    pub fault: Fault,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next_id: u64,
    rules: Vec<ActiveFault>,
}

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) -> u64 {
        self.next_id += 1;
        self.rules.push(ActiveFault {
            id: self.next_id,
            seen: 0,
            hits: 0,
            fault,
        });
        self.next_id
    }

    pub(crate) fn list(&self) -> &[ActiveFault] {
        &self.rules
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() != before
    }

    /// The fault for this request, counted as used.
    pub(crate) fn strike(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        tenant: Option<&str>,
    ) -> Option<(u64, Fault)> {
        for rule in &mut self.rules {
            if rule.fault.times.is_some_and(|times| rule.hits >= times)
                || !rule.fault.matches(method, path, body, tenant)
            {
                continue;
            }
            rule.seen += 1;
            if rule.seen > rule.fault.skip {
                rule.hits += 1;
                return Some((rule.id, rule.fault.clone()));
            }
        }
        None
    }
}
