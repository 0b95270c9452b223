//! An appointment as a calendar event (AP-8).

use super::{AppointmentRequest, MeetingColumns, PersonCopy, RequestStatus};
use crate::ics::{
    Attendee, CalendarEvent, EventStatus, JoinLink, OnlineService, Organizer, Participation, Role,
    Timing, Transparency,
};

/// The approved (or since then ended) appointment as one event.
///
/// `domain` is the deployment's own: the UID is `<appointment_request_id>@<domain>`
/// for the life of the appointment.
pub fn calendar_event(request: &AppointmentRequest, domain: &str) -> CalendarEvent {
    let ended = request.status != RequestStatus::Approved;
    CalendarEvent {
        uid: format!("{}@{domain}", request.appointment_request_id),
        stamp: request.updated_at,
        sequence: request.sequence,
        timing: Timing::Once {
            start: request.time.local(),
            zone: request.time.zone().clone(),
        },
        duration_minutes: request.time.duration_minutes(),
        summary: request.service_name.clone(),
        description: request.description.clone().unwrap_or_default(),
        place: None,
        join: join_link(&request.columns).filter(|_| !ended),
        status: if ended {
            EventStatus::Cancelled
        } else {
            EventStatus::Confirmed
        },
        transparency: Transparency::Opaque,
        created: Some(request.created_at),
        last_modified: Some(request.updated_at),
        categories: vec![],
        organizer: request
            .organizer
            .clone()
            .map(|email| Organizer { email, name: None }),
        attendees: attendees(request),
        reminder: !ended,
    }
}

fn join_link(columns: &MeetingColumns) -> Option<JoinLink> {
    let service = match columns.provider.as_deref() {
        Some(MeetingColumns::TEAMS) => OnlineService::Teams,
        _ => OnlineService::Other,
    };
    let url = columns.url.clone()?;
    Some(JoinLink { url, service })
}

/// Client and technician; whoever has no address is left out (XC-14).
fn attendees(request: &AppointmentRequest) -> Vec<Attendee> {
    let client = attendee(&request.requester);
    let technician = request
        .assignee
        .as_ref()
        .and_then(|assignee| attendee(&assignee.person))
        .filter(|technician| {
            client
                .as_ref()
                .is_none_or(|client| client.email.lookup_key() != technician.email.lookup_key())
        });
    client.into_iter().chain(technician).collect()
}

fn attendee(person: &PersonCopy) -> Option<Attendee> {
    Some(Attendee {
        email: person.email.clone()?,
        name: person.name.clone(),
        role: Role::Required,
        participation: Participation::Accepted,
        rsvp: false,
    })
}
