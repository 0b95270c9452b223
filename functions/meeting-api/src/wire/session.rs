//! Sessions: what hosts send, and what host and invitees read (IV).

use std::collections::HashMap;

use convoke_domain::event::rfc3339;
use convoke_domain::id::InvitationId;
use convoke_domain::session::{
    Invitee, InviteesInput, Session, SessionInput, SessionPatch, SessionStatus, Who,
};
use convoke_platform::http::Patch;
use convoke_services::engagements::Warning;
use convoke_services::sessions::{Changed, Membership};
use convoke_wire::WarningView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is invited; at most 100 in all. An address of a registered user invites
/// that user; whoever is named twice is invited once.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invitees)]
pub(crate) struct InviteesBody {
    /// Contacts of one client.
    #[schema(max_items = 100)]
    contact_ids: Option<Vec<String>>,
    /// Users of the organisation.
    #[schema(max_items = 100)]
    user_ids: Option<Vec<String>>,
    /// Anybody else.
    #[schema(max_items = 100)]
    emails: Option<Vec<String>>,
}

impl From<InviteesBody> for InviteesInput {
    fn from(body: InviteesBody) -> Self {
        Self {
            contact_ids: body.contact_ids,
            user_ids: body.user_ids,
            emails: body.emails,
        }
    }
}

/// A meeting with invitees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSession)]
pub(crate) struct SessionBody {
    #[schema(example = "Quarterly review", max_length = 255, min_length = 1)]
    title: String,
    #[schema(max_length = 32768)]
    description: Option<String>,
    /// Local date-time in `timezone`, or an instant; absent with `instant`.
    #[schema(example = "2027-01-15T10:00")]
    start: Option<String>,
    /// Whether it begins now.
    #[serde(default)]
    instant: bool,
    #[schema(example = 60, minimum = 1, maximum = 1440)]
    duration_minutes: i64,
    /// IANA name.
    #[schema(example = "Europe/Berlin")]
    timezone: String,
    #[serde(default)]
    invitees: InviteesBody,
    /// Whether a Teams meeting is to be made; one that cannot be is a warning.
    #[serde(default)]
    generate_teams_meeting: bool,
    /// A link of your own; else the deployment's meeting page.
    #[schema(format = "uri", max_length = 2048)]
    join_url: Option<String>,
    /// Whether somebody else sends the invitations.
    #[serde(default)]
    skip_invitation_emails: bool,
    #[schema(max_length = 500)]
    location: Option<String>,
}

impl From<SessionBody> for SessionInput {
    fn from(body: SessionBody) -> Self {
        Self {
            title: body.title,
            description: body.description,
            start: body.start,
            instant: body.instant,
            duration_minutes: body.duration_minutes,
            timezone: body.timezone,
            invitees: body.invitees.into(),
            generate_teams_meeting: body.generate_teams_meeting,
            join_url: body.join_url,
            skip_invitation_emails: body.skip_invitation_emails,
            location: body.location,
        }
    }
}

/// What to change; absent fields stay, `null` clears what can be absent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionChange)]
pub(crate) struct SessionPatchBody {
    #[schema(max_length = 255, min_length = 1)]
    title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 32768)]
    description: Patch<String>,
    start: Option<String>,
    #[schema(minimum = 1, maximum = 1440)]
    duration_minutes: Option<i64>,
    /// Without a `start` the wall clock stays.
    timezone: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    location: Patch<String>,
    /// `null`: the deployment's meeting page.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    join_url: Patch<String>,
    skip_invitation_emails: Option<bool>,
    /// Each list that is given replaces its own; an absent one stays.
    invitees: Option<InviteesBody>,
}

impl From<SessionPatchBody> for SessionPatch {
    fn from(body: SessionPatchBody) -> Self {
        Self {
            title: body.title,
            description: body.description.0,
            start: body.start,
            duration_minutes: body.duration_minutes,
            timezone: body.timezone,
            location: body.location.0,
            join_url: body.join_url.0,
            skip_invitation_emails: body.skip_invitation_emails,
            invitees: body.invitees.map(InviteesInput::from),
        }
    }
}

/// An invitee's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InvitationResponse)]
pub(crate) struct ResponseBody {
    #[schema(example = "accepted", pattern = "^(accepted|declined|tentative)$")]
    pub(crate) response: String,
}

/// Somebody who is invited. Host and administrators see all of it; invitees of
/// the others only kind, name and answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    #[schema(format = Uuid)]
    invitation_id: String,
    /// `internal`, `contact` or `external`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `needs_action`, `accepted`, `declined` or `tentative`.
    response: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    responded_at: Option<String>,
    /// When they became a participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    joined_at: Option<String>,
    /// What became of the last mail to them: `pending`, `queued`, `sent`,
    /// `skipped`, `failed`, `unreachable`, or `expired` after 30 days. For host and
    /// administrators, when one meeting is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_status: Option<&'static str>,
}

/// Who reads a session, and what they may see of invitees.
pub(crate) struct Eyes<'a> {
    pub(crate) membership: Membership,
    /// What became of mails, where that was asked for.
    pub(crate) mails: Option<&'a HashMap<InvitationId, &'static str>>,
}

impl InvitationView {
    pub(crate) fn of(invitee: &Invitee, eyes: &Eyes<'_>) -> Self {
        let is_own = eyes.membership == Membership::Invitee(invitee.invitation_id);
        let is_seen = eyes.membership.may_manage() || is_own;
        let (user_id, contact_id) = match &invitee.who {
            Who::Internal(id) => (Some(id.to_string()), None),
            Who::Contact(id) => (None, Some(id.to_string())),
            Who::External => (None, None),
        };
        let mails = eyes.mails.filter(|_| eyes.membership.may_manage());
        Self {
            invitation_id: invitee.invitation_id.to_string(),
            kind: invitee.who.kind(),
            user_id: user_id.filter(|_| is_seen),
            contact_id: contact_id.filter(|_| is_seen),
            email: invitee
                .email
                .as_ref()
                .filter(|_| is_seen)
                .map(ToString::to_string),
            name: invitee.name.clone(),
            response: invitee.response.as_str(),
            responded_at: invitee.responded_at.map(rfc3339),
            joined_at: invitee.joined_at.map(rfc3339),
            mail_status: mails.map(|mails| {
                mails
                    .get(&invitee.invitation_id)
                    .copied()
                    .unwrap_or("pending")
            }),
        }
    }
}

/// A meeting with invitees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    #[schema(format = Uuid)]
    meeting_id: String,
    title: String,
    #[schema(required = true)]
    description: Option<String>,
    #[schema(format = DateTime)]
    start: String,
    #[schema(format = DateTime)]
    end: String,
    duration_minutes: u32,
    timezone: &'static str,
    #[schema(required = true)]
    location: Option<String>,
    /// `null` while a Teams meeting is being made.
    #[schema(required = true, format = "uri")]
    join_url: Option<String>,
    /// `scheduled`, `ended` or `cancelled`.
    status: &'static str,
    instant: bool,
    skip_invitation_emails: bool,
    host_id: String,
    #[schema(required = true)]
    host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    invitations: Vec<InvitationView>,
    /// Users and contacts whom no mail reaches; for host and administrators.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    unreachable_attendees: Vec<String>,
    #[schema(format = Uuid)]
    conversation_id: String,
    /// Rises with every change that people see; an .ics file's SEQUENCE.
    sequence: u32,
    version: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl SessionView {
    pub(crate) fn of(session: &Session, eyes: &Eyes<'_>) -> Self {
        let may_manage = eyes.membership.may_manage();
        let is_open = session.status != SessionStatus::Cancelled;
        Self {
            meeting_id: session.session_id.to_string(),
            title: session.title.clone(),
            description: session.description.clone(),
            start: rfc3339(session.start),
            end: rfc3339(session.end()),
            duration_minutes: session.duration_minutes,
            timezone: session.zone.name(),
            location: session.location.clone(),
            join_url: session
                .join_url
                .as_ref()
                .filter(|_| is_open)
                .map(ToString::to_string),
            status: session.status.as_str(),
            instant: session.is_instant,
            skip_invitation_emails: session.skips_invitation_mails,
            host_id: session.host.user_id.to_string(),
            host_name: session.host.name.clone(),
            client_id: session.client_id.as_ref().map(ToString::to_string),
            invitations: session
                .roster
                .iter()
                .map(|one| InvitationView::of(one, eyes))
                .collect(),
            unreachable_attendees: if may_manage {
                session.unreachable()
            } else {
                vec![]
            },
            conversation_id: session.session_id.to_string(),
            sequence: session.sequence,
            version: session.version,
            created_at: rfc3339(session.created_at),
            updated_at: rfc3339(session.updated_at),
        }
    }
}

/// A meeting that was planned, and why it has no Teams link where one was wanted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionPlanned)]
pub(crate) struct PlannedView {
    #[serde(flatten)]
    meeting: SessionView,
    #[serde(skip_serializing_if = "Option::is_none")]
    teams_meeting_warning: Option<WarningView>,
}

impl PlannedView {
    pub(crate) fn of(meeting: SessionView, warning: Option<&Warning>) -> Self {
        Self {
            meeting,
            teams_meeting_warning: warning.map(WarningView::of),
        }
    }
}

/// A meeting after a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionChanged)]
pub(crate) struct ChangedView {
    meeting: SessionView,
    /// The fields that are other than before.
    changes: Vec<&'static str>,
    notified: NotifiedView,
}

/// How many hear of a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionNotified)]
pub(crate) struct NotifiedView {
    emails: usize,
    in_app: usize,
}

impl ChangedView {
    pub(crate) fn of(changed: &Changed, eyes: &Eyes<'_>) -> Self {
        Self {
            meeting: SessionView::of(&changed.session, eyes),
            changes: changed.change.names.clone(),
            notified: NotifiedView {
                emails: changed.notified.emails,
                in_app: changed.notified.in_app,
            },
        }
    }
}
