//! The state of the simulated cloud, as one value that can be saved and loaded.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::artifact::StoredArtifact;
use crate::bearer::IssuedToken;
use crate::behaviour::Behaviour;
use crate::calendar::entry_id::{EntryId, IdForm};
use crate::calendar::event::{Attendee, Event, Placed};
use crate::clock;
use crate::delegated::Grants;
use crate::directory::{App, Seed, Tenant, User};
use crate::graph::{self, DeltaRound};
use crate::notification::{Pending, Unannounced};
use crate::storage::StorageLink;
use crate::stored::{MailKind, SentMail, StoredMeeting};
use crate::subscription::Register;

/// Everything that survives a restart.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct World {
    pub(crate) clock_offset_ms: i64,
    pub(crate) behaviour: Behaviour,
    pub(crate) tenants: BTreeMap<String, Tenant>,
    pub(crate) apps: BTreeMap<String, App>,
    /// By object id.
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) tokens: BTreeMap<String, IssuedToken>,
    /// What users consented to.
    pub(crate) grants: Grants,
    pub(crate) events: BTreeMap<Uuid, Event>,
    /// By meeting id.
    pub(crate) meetings: BTreeMap<String, StoredMeeting>,
    pub(crate) mails: Vec<SentMail>,
    /// In the order they were added.
    pub(crate) artifacts: Vec<StoredArtifact>,
    /// Where the storage listens this time.
    #[serde(skip)]
    pub(crate) storage_port: u16,
    /// By the key in their path.
    pub(crate) storage_links: BTreeMap<String, StorageLink>,
    pub(crate) subscriptions: Register,
    /// Artifacts nobody has been told of yet.
    pub(crate) unannounced: Vec<Unannounced>,
    /// Notifications on their way out.
    pub(crate) pending: Vec<Pending>,
    /// By the token in their links.
    pub(crate) delta_rounds: BTreeMap<String, DeltaRound>,
}

/// An entry on somebody's calendar.
pub(crate) struct Entry<'a> {
    pub(crate) event: &'a Event,
    pub(crate) placed: Placed,
    /// Whether the calendar is the organiser's.
    pub(crate) organized: bool,
}

impl World {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        clock::now(self.clock_offset_ms)
    }

    /// Adds or replaces; nothing is changed when any part is wrong.
    pub(crate) fn seed(&mut self, seed: Seed) -> Result<(), String> {
        let mut tenants = self.tenants.clone();
        for mut tenant in seed.tenants {
            tenant.id = guid(&tenant.id)?;
            tenants.insert(tenant.id.clone(), tenant);
        }
        let mut users = self.users.clone();
        let names = users
            .values()
            .map(|u| (u.upn.to_ascii_lowercase(), u.id.clone()));
        let mut names: BTreeMap<String, String> = names.collect();
        for mut user in seed.users {
            user.id = guid(&user.id)?;
            user.tenant_id = guid(&user.tenant_id)?;
            if !tenants.contains_key(&user.tenant_id) {
                return Err(format!("user {} names an unknown tenant", user.upn));
            }
            let upn = user.upn.to_ascii_lowercase();
            if names.get(&upn).is_some_and(|owner| *owner != user.id) {
                return Err(format!("the UPN {} is taken", user.upn));
            }
            names.insert(upn, user.id.clone());
            if let Some(before) = users.insert(user.id.clone(), user.clone())
                && !same(&before.upn, &user.upn)
            {
                names.remove(&before.upn.to_ascii_lowercase());
            }
        }
        let mut apps = self.apps.clone();
        for mut app in seed.apps {
            app.client_id = guid(&app.client_id)?;
            apps.insert(app.client_id.clone(), app);
        }
        let mut grants = self.grants.clone();
        grants.seed(seed.grants, &apps, &users, self.now())?;
        (self.tenants, self.users, self.apps) = (tenants, users, apps);
        self.grants = grants;
        if let Some(behaviour) = seed.behaviour {
            self.behaviour = behaviour;
        }
        Ok(())
    }

    /// By GUID or verified domain.
    pub(crate) fn tenant(&self, key: &str) -> Option<&Tenant> {
        let named = |t: &&Tenant| t.domains.iter().any(|domain| same(domain, key));
        let by_id = self.tenants.get(&key.to_ascii_lowercase());
        by_id.or_else(|| self.tenants.values().find(named))
    }

    /// By object id or UPN, within the tenant only.
    pub(crate) fn user(&self, tenant_id: &str, key: &str) -> Option<&User> {
        let within = |user: &&User| same(&user.tenant_id, tenant_id);
        // Object ids are found without looking at everybody.
        let by_id = self.users.get(&key.to_ascii_lowercase()).filter(within);
        let named = |user: &&User| within(user) && same(&user.upn, key);
        by_id.or_else(|| self.users.values().find(named))
    }

    /// By UPN or primary address, within the tenant only.
    pub(crate) fn user_by_address(&self, tenant_id: &str, address: &str) -> Option<&User> {
        let matches = |user: &&User| {
            same(&user.tenant_id, tenant_id)
                && (same(&user.upn, address) || same(user.address(), address))
        };
        self.users.values().find(matches)
    }

    /// Object id from an object id or UPN of any tenant; for the control API.
    pub(crate) fn any_user_id(&self, key: &str) -> Option<String> {
        let matches = |user: &&User| same(&user.id, key) || same(&user.upn, key);
        self.users
            .values()
            .find(matches)
            .map(|user| user.id.clone())
    }

    /// A meeting that is on nobody's calendar, for an organiser of any tenant.
    pub(crate) fn add_online_meeting(
        &mut self,
        organizer: &str,
        subject: &str,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<StoredMeeting, String> {
        let user = self
            .any_user_id(organizer)
            .and_then(|id| self.users.get(&id).cloned())
            .ok_or_else(|| format!("there is no user {organizer}"))?;
        if times.1 <= times.0 {
            return Err("the end must be later than the start".into());
        }
        Ok(graph::open_stand_alone(self, &user, subject, times))
    }

    /// What the user's calendar shows in the window, earliest first.
    pub(crate) fn entries(
        &self,
        user: &User,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        for event in self.events.values().filter(|e| e.removal.is_none()) {
            let Some(organized) = place_of(event, user) else {
                continue;
            };
            for placed in event.placed_within(from, to) {
                if event.is_declined(&user.id, placed.date) {
                    continue;
                }
                entries.push(Entry {
                    event,
                    placed,
                    organized,
                });
            }
        }
        entries.sort_by_key(|e| (e.placed.start.instant(), e.event.created_at, e.event.id));
        entries
    }

    /// Records a mail to attendees; none is sent to nobody.
    pub(crate) fn send(
        &mut self,
        kind: MailKind,
        event: &Event,
        entry: EntryId,
        to: &[Attendee],
        comment: Option<String>,
    ) {
        if to.is_empty() {
            return;
        }
        let from = self.users.get(&event.organizer);
        self.mails.push(SentMail {
            at: self.now(),
            kind,
            event_id: entry.encode(IdForm::Immutable),
            from: from.map_or_else(String::new, |user| user.upn.clone()),
            to: to.iter().map(|a| a.address.clone()).collect(),
            comment,
        });
    }
}

/// Whether the event is on this user's calendar, and as whose.
pub(crate) fn place_of(event: &Event, user: &User) -> Option<bool> {
    if event.tenant_id != user.tenant_id {
        return None;
    }
    if event.organizer == user.id {
        return Some(true);
    }
    let invited = event
        .attendees
        .iter()
        .any(|a| same(&a.address, user.address()) || same(&a.address, &user.upn));
    (invited && !event.is_declined(&user.id, None)).then_some(false)
}

/// Identifiers and addresses compare without regard to case.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// An object id as a GUID; ids of users are checked when seeded.
pub(crate) fn uuid_of(id: &str) -> Uuid {
    Uuid::parse_str(id).unwrap_or_default()
}

fn guid(text: &str) -> Result<String, String> {
    let parsed = Uuid::parse_str(text).map_err(|_| format!("'{text}' is not a GUID"))?;
    Ok(parsed.hyphenated().to_string())
}
