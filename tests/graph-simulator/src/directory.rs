//! Who exists in the simulated Microsoft cloud and what they may do: tenants,
//! app registrations with their consents, users with their mailboxes.
//!
//! These are both the seed format (JSON and Rust) and the stored form.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::behaviour::Behaviour;

/// Things to add; an entry with an id that exists replaces it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// Entra tenants.
    pub tenants: Vec<Tenant>,
    /// App registrations.
    pub apps: Vec<App>,
    /// Users; their tenant must exist by then.
    pub users: Vec<User>,
    /// What users consented to; app and user must exist by then.
    pub grants: Vec<UserGrant>,
    /// Replaces the switches when given.
    pub behaviour: Option<Behaviour>,
}

/// An Entra tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// GUID.
    pub id: String,
    /// Verified domains, usable instead of the GUID in the token path (§1).
    #[serde(default)]
    pub domains: Vec<String>,
    /// Client ids of the tenant-wide Teams application access policy; it applies
    /// only to users without a policy of their own (§9).
    #[serde(default)]
    pub global_access_policy: Option<AccessPolicy>,
    /// `Set-CsTeamsMeetingConfiguration -EnableGraphTranscriptAccess`: off, as
    /// Microsoft delivers it, transcripts answer 403 (§0.1, §5).
    #[serde(default)]
    pub graph_transcript_access: bool,
    /// `-EnableAttributedTranscripts`: off, `text/vtt` answers 403 (§0.1, §5).
    #[serde(default = "yes")]
    pub attributed_transcripts: bool,
}

impl Default for Tenant {
    /// As Microsoft delivers it: no access to transcripts, names in them.
    fn default() -> Self {
        Self {
            id: String::new(),
            domains: Vec::new(),
            global_access_policy: None,
            graph_transcript_access: false,
            attributed_transcripts: true,
        }
    }
}

fn yes() -> bool {
    true
}

/// An app registration and its service principals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// GUID.
    pub client_id: String,
    /// Shown in tokens as `app_displayname`.
    #[serde(default)]
    pub display_name: String,
    /// Client secrets; several are valid at once.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// Tenant id → application permissions with admin consent there. A tenant
    /// that is absent has no service principal: AADSTS700016 (§1).
    #[serde(default)]
    pub consents: BTreeMap<String, Vec<String>>,
    /// Exchange RBAC grants; they do not show in tokens (§9).
    #[serde(default)]
    pub rbac: Vec<RbacGrant>,
    /// Tenants whose service principal of this app has `appRoleAssignmentRequired`:
    /// notifications there have no validation tokens (§0.6).
    #[serde(default)]
    pub role_assignment_required: Vec<String>,
}

/// A client secret of an app.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The secret *id*, which is not the secret (a common mistake, §1).
    #[serde(default)]
    pub id: String,
    /// The secret itself.
    pub value: String,
    /// From then on AADSTS7000222.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A role assigned to an app by Exchange RBAC for Applications (§9).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RbacGrant {
    /// Where it was granted.
    pub tenant_id: String,
    /// The Graph permission it stands for, e.g. `Calendars.ReadWrite`.
    pub role: String,
    /// Object ids of the mailboxes in scope; absent: all.
    #[serde(default)]
    pub mailboxes: Option<Vec<String>>,
}

/// A user's consent to an app, as a refresh token that the app holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserGrant {
    /// The app.
    pub client_id: String,
    /// Object id or UPN.
    pub user: String,
    /// The refresh token; one that exists is valid again.
    pub refresh_token: String,
    /// Delegated permissions, without `offline_access`; absent: `Calendars.ReadWrite`.
    #[serde(default = "calendar")]
    pub scopes: Vec<String>,
}

fn calendar() -> Vec<String> {
    vec!["Calendars.ReadWrite".into()]
}

/// A user, room or shared mailbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Entra object id, a GUID.
    pub id: String,
    /// The tenant the user lives in.
    pub tenant_id: String,
    /// User principal name.
    pub upn: String,
    /// Primary address; empty: the UPN.
    #[serde(default)]
    pub mail: String,
    /// Shown as organiser and in `GET /users/{id}`.
    #[serde(default)]
    pub display_name: String,
    /// Exchange's side of the user.
    #[serde(default)]
    pub mailbox: Mailbox,
    /// The one Teams application access policy granted to this user (§3, §9).
    #[serde(default)]
    pub access_policy: Option<AccessPolicy>,
}

impl User {
    /// A user with a licensed mailbox and no access policy of their own.
    pub fn new(tenant_id: &str, id: &str, upn: &str, display_name: &str) -> Self {
        Self {
            id: id.into(),
            tenant_id: tenant_id.into(),
            upn: upn.into(),
            mail: upn.into(),
            display_name: display_name.into(),
            mailbox: Mailbox::default(),
            access_policy: None,
        }
    }

    /// The address that mail to this user carries.
    pub fn address(&self) -> &str {
        if self.mail.is_empty() {
            &self.upn
        } else {
            &self.mail
        }
    }
}

/// A Teams application access policy: which apps may act for the user (§3).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPolicy {
    /// Client ids.
    pub apps: Vec<String>,
    /// Propagation: the policy counts from then on (§9: up to 30 minutes).
    #[serde(default)]
    pub effective_at: Option<DateTime<Utc>>,
}

/// A user's mailbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mailbox {
    /// Off: 404 `MailboxNotEnabledForRESTAPI`.
    pub enabled: bool,
    /// A room or equipment mailbox, which accepts by itself.
    pub resource: bool,
    /// Whether Teams meetings come about (§0.9).
    pub online_meetings: OnlineMeetingSupport,
    /// Client ids that an Exchange application access policy shuts out (§9).
    pub denied_apps: Vec<String>,
    /// What `getSchedule` tells about working hours.
    pub working_hours: WorkingHours,
    /// Busy blocks besides the simulator's own events.
    pub busy: Vec<BusyTime>,
    /// `getSchedule` answers this inside its 200 instead of a schedule (§4).
    pub schedule_error: Option<ScheduleError>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self {
            enabled: true,
            resource: false,
            online_meetings: OnlineMeetingSupport::Teams,
            denied_apps: Vec::new(),
            working_hours: WorkingHours::default(),
            busy: Vec::new(),
            schedule_error: None,
        }
    }
}

/// Whether asking for a Teams meeting gives one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlineMeetingSupport {
    /// `onlineMeeting.joinUrl` is there.
    Teams,
    /// 201 with `isOnlineMeeting:false`, `onlineMeetingProvider:"unknown"`, `onlineMeeting:null` (§0.9).
    Unavailable,
}

/// Working hours on the mailbox's wall clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkingHours {
    /// `monday` … `sunday`.
    pub days: Vec<String>,
    /// `HH:MM:SS`.
    pub start: String,
    /// `HH:MM:SS`.
    pub end: String,
    /// Windows zone name, as Graph reports it.
    pub zone: String,
}

impl Default for WorkingHours {
    fn default() -> Self {
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
        Self {
            days: days.map(String::from).to_vec(),
            start: "08:00:00".into(),
            end: "17:00:00".into(),
            zone: "W. Europe Standard Time".into(),
        }
    }
}

/// A block in a mailbox's free/busy data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusyTime {
    /// Inclusive.
    pub start: DateTime<Utc>,
    /// Exclusive.
    pub end: DateTime<Utc>,
    /// How the time shows.
    #[serde(default)]
    pub status: ShowAs,
    /// Told to those who may see details.
    #[serde(default)]
    pub subject: String,
    /// Hides the subject.
    #[serde(default)]
    pub private: bool,
}

/// `freeBusyStatus` of the calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShowAs {
    /// Free.
    Free,
    /// Working elsewhere.
    WorkingElsewhere,
    /// Tentative.
    Tentative,
    /// Busy.
    #[default]
    Busy,
    /// Out of office.
    Oof,
}

impl ShowAs {
    /// Graph's spelling, e.g. `workingElsewhere`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::WorkingElsewhere => "workingElsewhere",
            Self::Tentative => "tentative",
            Self::Busy => "busy",
            Self::Oof => "oof",
        }
    }

    /// The status that Graph spells so; `unknown` and others are none.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [
            Self::Free,
            Self::WorkingElsewhere,
            Self::Tentative,
            Self::Busy,
            Self::Oof,
        ]
        .into_iter()
        .find(|status| status.name() == name)
    }
}

/// A per-mailbox failure inside a 200 of `getSchedule` (§4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleError {
    /// E.g. `ErrorNoFreeBusyAccess`.
    pub code: String,
    /// Free text.
    #[serde(default)]
    pub message: String,
}
