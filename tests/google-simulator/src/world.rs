//! Everything that Google knows: clients, users with their consents, tokens, calendars.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::event::{StoredEvent, merge};

/// The scope that Convoke asks for.
pub(crate) const EVENTS_SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";
/// Google's access tokens last this long.
pub(crate) const LIFETIME_SECONDS: i64 = 3599;
/// Google's codes last this long.
const CODE_MINUTES: i64 = 10;

/// Clients and users to add; replaces by id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// OAuth clients.
    pub clients: Vec<Client>,
    /// Users with one consent each.
    pub users: Vec<User>,
}

/// An OAuth client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// A user with a primary calendar and a consent to one client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The mail address, which is also the primary calendar's id.
    pub email: String,
    /// The consent's refresh token.
    pub refresh_token: String,
    /// The client that was consented to.
    pub client_id: String,
    /// What was consented to: scopes, separated by blanks.
    #[serde(default = "events_scope")]
    pub scope: String,
    /// Whether each refresh gives a new refresh token and kills the old one.
    #[serde(default)]
    pub rotates: bool,
    /// Ids of further calendars of theirs.
    #[serde(default)]
    pub calendars: Vec<String>,
}

fn events_scope() -> String {
    EVENTS_SCOPE.into()
}

impl User {
    /// A user who let the client change events; refresh tokens stay the same.
    pub fn new(email: &str, refresh_token: &str, client_id: &str) -> Self {
        Self {
            email: email.into(),
            refresh_token: refresh_token.into(),
            client_id: client_id.into(),
            scope: events_scope(),
            rotates: false,
            calendars: Vec::new(),
        }
    }

    /// The same user, whose refresh tokens work once.
    #[must_use]
    pub fn rotating(mut self) -> Self {
        self.rotates = true;
        self
    }
}

/// An authorisation code to come, as the page of consent would give it to the browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Who consents.
    pub email: String,
    /// To which client.
    pub client_id: String,
    /// The redirect URI of the request for consent.
    pub redirect_uri: String,
    /// The S256 challenge of the request for consent, if it had one.
    #[serde(default)]
    pub code_challenge: Option<String>,
}

/// Switches for what Google's documentation leaves open.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Whether a deleted event can be restored by an update with `status: confirmed`; else 403.
    pub restores_deleted: bool,
    /// How many events a page of a list has at most.
    pub page_size: usize,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            restores_deleted: true,
            page_size: 250,
        }
    }
}

/// A mail that Google would have sent to an attendee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMail {
    /// The attendee.
    pub to: String,
    /// The event's UID.
    pub ical_uid: String,
}

/// An access token.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) email: String,
    pub(crate) scope: String,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What a refresh token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) email: String,
    pub(crate) client_id: String,
}

/// A code that waits for its exchange.
#[derive(Debug)]
pub(crate) struct OpenCode {
    pub(crate) code: Code,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) clients: BTreeMap<String, Client>,
    /// By mail address.
    pub(crate) users: BTreeMap<String, User>,
    /// By refresh token.
    pub(crate) grants: BTreeMap<String, Grant>,
    pub(crate) access: BTreeMap<String, Access>,
    pub(crate) codes: BTreeMap<String, OpenCode>,
    /// Oldest first, deleted ones included.
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) mails: Vec<SentMail>,
    pub(crate) behaviour: Behaviour,
}

impl World {
    /// All or nothing: a user's client must be there.
    pub(crate) fn seed(&mut self, seed: Seed) -> Result<(), String> {
        let known = |id: &String| {
            self.clients.contains_key(id) || seed.clients.iter().any(|client| client.id == *id)
        };
        if let Some(user) = seed.users.iter().find(|user| !known(&user.client_id)) {
            return Err(format!("there is no client {}", user.client_id));
        }
        for client in seed.clients {
            self.clients.insert(client.id.clone(), client);
        }
        for user in seed.users {
            self.grants.retain(|_, grant| grant.email != user.email);
            self.grant(&user.email, &user.client_id, user.refresh_token.clone());
            self.users.insert(user.email.clone(), user);
        }
        Ok(())
    }

    /// A refresh token is worth something from now on.
    pub(crate) fn grant(&mut self, email: &str, client_id: &str, refresh_token: String) {
        let (email, client_id) = (email.into(), client_id.into());
        let grant = Grant { email, client_id };
        self.grants.insert(refresh_token, grant);
    }

    /// The consent is gone, with every token that came of it.
    pub(crate) fn revoke(&mut self, email: &str) {
        self.grants.retain(|_, grant| grant.email != email);
        self.access.retain(|_, access| access.email != email);
        self.codes.retain(|_, open| open.code.email != email);
    }

    pub(crate) fn issue_code(&mut self, code: Code) -> Result<String, String> {
        if !self.users.contains_key(&code.email) {
            return Err(format!("there is no user {}", code.email));
        }
        let name = format!("4/0{}", random());
        let expires_at = now() + TimeDelta::minutes(CODE_MINUTES);
        self.codes
            .insert(name.clone(), OpenCode { code, expires_at });
        Ok(name)
    }

    /// What the user does in Google's own pages: no rule but the event's existence.
    pub(crate) fn edit(&mut self, calendar: &str, id: &str, change: &Value) -> Result<(), String> {
        let mut own = self.events.iter_mut().filter(|e| e.calendar == calendar);
        let event = own.find(|event| event.id == id);
        let event = event.ok_or("there is no such event")?;
        let mut members = change.as_object().cloned().unwrap_or_default();
        if let Some(Value::String(status)) = members.remove("status") {
            event.status = status;
        }
        merge(&mut event.members, &members);
        event.sequence += 1;
        event.version += 1;
        event.updated = now();
        Ok(())
    }

    /// The calendar that an id in a path means to this user.
    pub(crate) fn calendar_of(&self, email: &str, id: &str) -> Option<String> {
        let user = self.users.get(email)?;
        let own = id == user.email || user.calendars.iter().any(|own| own == id);
        match id {
            "primary" => Some(user.email.clone()),
            _ if own => Some(id.into()),
            _ => None,
        }
    }
}

/// The simulator's clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the simulator is a peer in a process of its own; this is its clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Letters and digits that nobody guesses; all of them are allowed in event ids.
#[allow(
    clippy::disallowed_methods,
    reason = "ids of the simulated Google; nothing in the product sees this source"
)]
pub(crate) fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
