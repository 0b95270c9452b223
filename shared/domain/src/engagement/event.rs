//! The `detail` of an engagement's events: ids, states and times; no names,
//! links, addresses or texts (XC-12).

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Engagement, Fact};
use crate::event::rfc3339;
use crate::id::{EventId, TenantId};

/// One event's detail; what does not belong to its kind is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "docs/schemas describe each field")]
pub struct EngagementEvent {
    pub event_id: String,
    pub org_id: String,
    pub version: u64,
    pub occurred_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment_request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_entry_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online_meeting_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction_id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_user_ids: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_item_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_item_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_ids: Option<Vec<String>>,
}

/// Tells a fact of the state after it; of what is gone by then, of the state before.
pub fn event_of(
    fact: Fact,
    before: &Engagement,
    after: &Engagement,
    event_id: EventId,
    tenant: &TenantId,
    now: DateTime<Utc>,
) -> EngagementEvent {
    let mut event = match fact {
        Fact::AppointmentRequested
        | Fact::AppointmentApproved
        | Fact::AppointmentDeclined
        | Fact::AppointmentRescheduled
        | Fact::AppointmentCancelled
        | Fact::AppointmentOnlineMeetingAttached => of_request(fact, after),
        Fact::ScheduleEntryCreated | Fact::ScheduleEntryUpdated => of_entry(after, 0),
        Fact::ScheduleEntryDeleted => of_entry(before, 1),
        Fact::InteractionLogged | Fact::InteractionCreated => of_interaction(after),
        Fact::OnlineMeetingScheduled
        | Fact::OnlineMeetingRescheduled
        | Fact::OnlineMeetingCancelled
        | Fact::OnlineMeetingNoRecording => of_meeting(after),
        Fact::OnlineMeetingRecordingReady => of_meeting(after).map(|event| EngagementEvent {
            artifact_ids: Some(artifact_ids(after)),
            ..event
        }),
    }
    .unwrap_or_default();
    event.event_id = event_id.to_string();
    event.org_id = tenant.to_string();
    event.occurred_at = rfc3339(now);
    event
}

fn of_request(fact: Fact, state: &Engagement) -> Option<EngagementEvent> {
    let request = state.request.as_ref()?;
    let attached = fact == Fact::AppointmentOnlineMeetingAttached;
    let meeting = state.meeting.as_ref().filter(|meeting| !meeting.is_legacy);
    Some(EngagementEvent {
        version: request.version,
        appointment_request_id: Some(request.appointment_request_id.to_string()),
        client_id: request.client_id.as_ref().map(ToString::to_string),
        contact_id: request.contact_id.as_ref().map(ToString::to_string),
        status: Some(request.status.as_str()),
        start: Some(rfc3339(request.time.start())),
        end: Some(rfc3339(request.time.end())),
        timezone: Some(request.time.zone().name()),
        assigned_user_id: request
            .assignee
            .as_ref()
            .map(|assignee| assignee.user_id.to_string()),
        schedule_entry_id: state
            .entry
            .as_ref()
            .map(|entry| entry.schedule_entry_id.to_string()),
        online_meeting_id: meeting.map(|meeting| meeting.online_meeting_id.to_string()),
        provider: attached.then_some("teams"),
        ..EngagementEvent::default()
    })
}

fn of_entry(state: &Engagement, later: u64) -> Option<EngagementEvent> {
    let entry = state.entry.as_ref()?;
    let users = entry.assigned_user_ids.iter().map(ToString::to_string);
    Some(EngagementEvent {
        version: entry.version + later,
        schedule_entry_id: Some(entry.schedule_entry_id.to_string()),
        start: Some(rfc3339(entry.start)),
        end: Some(rfc3339(entry.end)),
        assigned_user_ids: Some(users.collect()),
        work_item_type: Some(entry.work_item.as_str()),
        work_item_id: Some(entry.schedule_entry_id.to_string()),
        appointment_request_id: entry.appointment_request_id.map(|id| id.to_string()),
        ..EngagementEvent::default()
    })
}

fn of_interaction(state: &Engagement) -> Option<EngagementEvent> {
    let interaction = state.interaction.as_ref()?;
    Some(EngagementEvent {
        version: interaction.version,
        interaction_id: Some(interaction.interaction_id.to_string()),
        kind: Some(interaction.kind.name()),
        client_id: interaction.client_id.as_ref().map(ToString::to_string),
        contact_id: interaction.contact_id.as_ref().map(ToString::to_string),
        user_id: interaction.user_id.as_ref().map(ToString::to_string),
        interaction_date: Some(rfc3339(interaction.start)),
        status: Some(interaction.status.as_str()),
        ..EngagementEvent::default()
    })
}

/// Most artifacts that an event names: it has to fit a message.
const ARTIFACT_IDS_MAX: usize = 100;

fn artifact_ids(state: &Engagement) -> Vec<String> {
    let ids = state.artifacts.iter().take(ARTIFACT_IDS_MAX);
    ids.map(|artifact| artifact.artifact_id.to_string())
        .collect()
}

fn of_meeting(state: &Engagement) -> Option<EngagementEvent> {
    let meeting = state.meeting.as_ref()?;
    Some(EngagementEvent {
        version: meeting.version,
        online_meeting_id: Some(meeting.online_meeting_id.to_string()),
        provider: Some("teams"),
        status: Some(meeting.status.as_str()),
        start: Some(rfc3339(meeting.start)),
        end: Some(rfc3339(meeting.end)),
        appointment_request_id: meeting.appointment_request_id.map(|id| id.to_string()),
        interaction_id: meeting.interaction_id.map(|id| id.to_string()),
        schedule_entry_id: meeting.schedule_entry_id.map(|id| id.to_string()),
        ..EngagementEvent::default()
    })
}
