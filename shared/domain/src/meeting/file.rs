//! A control meeting as a calendar event (CM-9).

use crate::address::EmailAddress;
use crate::ics::{
    Attendee as FileAttendee, CalendarEvent, EventStatus, JoinLink, OnlineService, Organizer,
    Participation, Role as FileRole, Series, Timing, Transparency,
};
use crate::meeting::{Attendee, Meeting, MeetingStatus, Role};

/// The whole series as one event. Who cannot be reached is left out (XC-14).
///
/// `domain` is the deployment's own: the UID is `<meeting_id>@<domain>` for the
/// life of the meeting.
pub fn calendar_event(meeting: &Meeting, domain: &str) -> CalendarEvent {
    let cancelled = meeting.status == MeetingStatus::Cancelled;
    CalendarEvent {
        uid: uid(meeting, domain),
        // The state of the meeting, not of the download: same state, same bytes.
        stamp: meeting.updated_at,
        sequence: meeting.sequence,
        timing: Timing::Series(Series::endless(meeting.cadence.clone())),
        duration_minutes: meeting.duration_minutes,
        summary: meeting.title.clone(),
        description: meeting.description.clone().unwrap_or_default(),
        place: meeting.location.clone(),
        join: join_link(meeting).filter(|_| !cancelled),
        status: if cancelled {
            EventStatus::Cancelled
        } else {
            EventStatus::Confirmed
        },
        transparency: Transparency::Opaque,
        created: Some(meeting.created_at),
        last_modified: Some(meeting.updated_at),
        categories: vec![],
        organizer: organizer(meeting),
        attendees: meeting.attendees.iter().filter_map(file_attendee).collect(),
        reminder: false,
    }
}

/// The UID of a meeting's file.
pub(super) fn uid(meeting: &Meeting, domain: &str) -> String {
    format!("{}@{domain}", meeting.meeting_id)
}

fn join_link(meeting: &Meeting) -> Option<JoinLink> {
    let own = meeting.join_url.clone().map(|url| JoinLink {
        url,
        service: OnlineService::Other,
    });
    own.or_else(|| {
        let url = meeting.remote.as_ref()?.join_url.clone()?;
        Some(JoinLink {
            url,
            service: OnlineService::Teams,
        })
    })
}

fn organizer(meeting: &Meeting) -> Option<Organizer> {
    let mailbox = meeting.remote.as_ref()?.organizer.as_deref()?;
    Some(Organizer {
        email: EmailAddress::parse(mailbox).ok()?,
        name: None,
    })
}

fn file_attendee(attendee: &Attendee) -> Option<FileAttendee> {
    Some(FileAttendee {
        email: attendee.email()?.clone(),
        name: attendee.name().map(str::to_owned),
        role: match attendee.role {
            Role::Required => FileRole::Required,
            Role::Optional => FileRole::Optional,
            Role::Resource => FileRole::Resource,
        },
        participation: Participation::NeedsAction,
        rsvp: attendee.role != Role::Resource,
    })
}
