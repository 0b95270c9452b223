//! Online meetings: how they come about, who may see them, and their JSON
//! (graph-protocol §3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Call;
use super::event_wire::instant;
use crate::behaviour::JoinUrlShape;
use crate::calendar::event::{Attendee, Event};
use crate::clock;
use crate::directory::{AccessPolicy, User};
use crate::reply::GraphError;
use crate::stored::StoredMeeting;
use crate::world::{World, same};

pub(super) const READ: [&str; 2] = ["OnlineMeetings.ReadWrite.All", "OnlineMeetings.Read.All"];
pub(super) const WRITE: [&str; 1] = ["OnlineMeetings.ReadWrite.All"];

/// A meeting to be opened.
pub(super) struct NewMeeting {
    pub(super) subject: String,
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
    pub(super) calendar_backed: bool,
    pub(super) external_id: Option<String>,
    pub(super) invitee_ids: Vec<String>,
    pub(super) settings: Map<String, Value>,
}

/// Opens a meeting. graph-protocol §3: the id is base64 of `1*{oid}*0**{thread}`.
pub(super) fn open(world: &mut World, organizer: &User, new: NewMeeting) -> StoredMeeting {
    let key = clock::new_id();
    let thread = STANDARD.encode(key.hyphenated().to_string());
    let thread = format!("meeting_{}", thread.trim_end_matches('='));
    let id = STANDARD.encode(format!("1*{}*0**19:{thread}@thread.v2", organizer.id));
    let meeting = StoredMeeting {
        join_url: join_url(world.behaviour.join_url_shape, &thread, organizer, key),
        id,
        organizer_id: organizer.id.clone(),
        tenant_id: organizer.tenant_id.clone(),
        subject: new.subject,
        start: new.start,
        end: new.end,
        calendar_backed: new.calendar_backed,
        created_at: world.now(),
        join_meeting_id: digits(key, 12),
        external_id: new.external_id,
        invitee_ids: new.invitee_ids,
        settings: new.settings,
    };
    world.meetings.insert(meeting.id.clone(), meeting.clone());
    meeting
}

/// A meeting without a calendar event, as an older product would have left it
/// (graph-protocol §3: not on any calendar).
pub(crate) fn open_stand_alone(
    world: &mut World,
    organizer: &User,
    subject: &str,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) -> StoredMeeting {
    let new = NewMeeting {
        subject: subject.into(),
        start,
        end,
        calendar_backed: false,
        external_id: None,
        invitee_ids: Vec::new(),
        settings: Map::new(),
    };
    open(world, organizer, new)
}

/// graph-protocol §0.15: both shapes of join links.
fn join_url(shape: JoinUrlShape, thread: &str, organizer: &User, key: Uuid) -> String {
    let (tenant, oid) = (&organizer.tenant_id, &organizer.id);
    match shape {
        JoinUrlShape::MeetupJoin => format!(
            "https://teams.microsoft.com/l/meetup-join/19%3a{thread}%40thread.v2/0?context=%7b%22Tid%22%3a%22{tenant}%22%2c%22Oid%22%3a%22{oid}%22%7d"
        ),
        JoinUrlShape::Meet => {
            let passcode = &key.simple().to_string()[..22];
            format!(
                "https://teams.microsoft.com/meet/{}?p={passcode}",
                digits(key, 13)
            )
        }
    }
}

fn digits(key: Uuid, count: u32) -> String {
    let number = key.as_u128() % 10u128.pow(count);
    format!("{number:0width$}", width = count as usize)
}

/// Keeps an event's meeting in step with the event. graph-protocol §3: a series
/// is one meeting, with the series' start and end.
pub(super) fn follow(world: &mut World, event: &Event) {
    let Some(online) = &event.online else {
        return;
    };
    let invitees = invitees(world, event);
    if let Some(meeting) = world.meetings.get_mut(&online.meeting_id) {
        meeting.subject = event.subject().into();
        meeting.start = event.start.instant();
        meeting.end = event.end.instant();
        meeting.invitee_ids = invitees;
    }
}

/// Object ids of those attendees who are users of the tenant.
pub(super) fn invitees(world: &World, event: &Event) -> Vec<String> {
    let known = |a: &Attendee| world.user_by_address(&event.tenant_id, &a.address);
    let users = event.attendees.iter().filter_map(known);
    users.map(|user| user.id.clone()).collect()
}

impl Call<'_> {
    /// The user in an onlineMeetings path, if the app may act for them.
    pub(super) fn meeting_user(
        &self,
        world: &World,
        key: &str,
        roles: &[&str],
    ) -> Result<User, GraphError> {
        // graph-protocol §3: no policy, or not propagated yet.
        let refusal = |_: &User| "No application access policy found for this app".to_owned();
        self.user_under_policy(world, key, roles, refusal)
    }

    /// The same with another wording where the policy is missing.
    pub(super) fn user_under_policy(
        &self,
        world: &World,
        key: &str,
        roles: &[&str],
        refusal: impl FnOnce(&User) -> String,
    ) -> Result<User, GraphError> {
        let forbidden = |message: &str| GraphError::new(403, "Forbidden", message);
        // graph-protocol §1: missing consent shows as Forbidden from Teams.
        if !self.caller.has_any_role(roles) {
            return Err(forbidden("Application is missing the required permission."));
        }
        // graph-protocol §3: the object id, not the UPN; the failure's body is unverified.
        if Uuid::parse_str(key).is_err() {
            let message = format!("Invalid user id '{key}': the object id of a user is expected.");
            return Err(GraphError::bad_request(message));
        }
        let user = world
            .user(&self.caller.tenant_id, key)
            .ok_or_else(|| GraphError::new(404, "NotFound", "The specified user was not found."))?;
        let tenant = world.tenants.get(&user.tenant_id);
        // graph-protocol §9: a tenant-wide policy counts only for users without their own.
        let global = tenant.and_then(|tenant| tenant.global_access_policy.as_ref());
        let in_force = |policy: &AccessPolicy| {
            policy
                .apps
                .iter()
                .any(|app| same(app, &self.caller.client_id))
                && policy.effective_at.is_none_or(|at| at <= world.now())
        };
        if !user.access_policy.as_ref().or(global).is_some_and(in_force) {
            return Err(forbidden(&refusal(user)));
        }
        Ok(user.clone())
    }
}

/// graph-protocol §3: policy fine, but this user is neither organiser nor
/// invitee of that meeting, or it is of a foreign tenant.
pub(super) fn no_access() -> GraphError {
    let message = "3003: User does not have access to lookup meeting";
    GraphError::new(403, "Forbidden", message)
}

/// A meeting in Graph's JSON.
pub(super) fn render(world: &World, meeting: &StoredMeeting) -> Value {
    let organizer = world.users.get(&meeting.organizer_id);
    let upn = organizer.map_or("", |user| &user.upn);
    let name = organizer.map_or("", |user| &user.display_name);
    let attendee = |id: &String| {
        let user = world.users.get(id);
        json!({"upn": user.map(|u| &u.upn), "role": "presenter",
               "identity": {"user": {"id": id, "displayName": null, "tenantId": meeting.tenant_id}}})
    };
    let thread = STANDARD.decode(&meeting.id).unwrap_or_default();
    let thread = String::from_utf8(thread).unwrap_or_default();
    let thread = thread.split_once("*0**").map_or("", |(_, thread)| thread);
    let mut all = json!({
        "id": meeting.id, "creationDateTime": instant(meeting.created_at),
        "startDateTime": instant(meeting.start), "endDateTime": instant(meeting.end),
        "joinWebUrl": meeting.join_url, "subject": meeting.subject, "isBroadcast": false,
        "allowedPresenters": "everyone", "recordAutomatically": false, "allowRecording": true,
        "allowTranscription": true, "allowMeetingChat": "enabled", "allowTeamworkReactions": true,
        "isEntryExitAnnounced": false, "externalId": meeting.external_id,
        "videoTeleconferenceId": null, "audioConferencing": null,
        "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": false},
        "joinMeetingIdSettings": {"isPasscodeRequired": false, "joinMeetingId": meeting.join_meeting_id, "passcode": null},
        "chatInfo": {"threadId": thread, "messageId": "0", "replyChainMessageId": null},
        "participants": {
            "organizer": {"upn": upn, "role": "presenter", "identity": {
                "user": {"id": meeting.organizer_id, "displayName": name, "tenantId": meeting.tenant_id}}},
            "attendees": meeting.invitee_ids.iter().map(attendee).collect::<Vec<_>>(),
        },
    });
    for (name, value) in &meeting.settings {
        all[name.as_str()] = value.clone();
    }
    all
}
