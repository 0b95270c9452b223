//! A meeting as Graph's event, and Graph's answers as ours.

use std::fmt::Write;

use chrono::{Datelike, TimeDelta};
use convoke_domain::address::WebLink;
use convoke_domain::cadence::{Frequency, Occurrence};
use convoke_domain::error::Error;
use convoke_domain::meeting::{Attendee, Intent, Meeting, RemoteEvent, Role};
use convoke_domain::provider::ProviderKind;
use convoke_domain::slot::Busy;
use convoke_graph::{
    AttendeeKind, BusyStatus, CreatedEvent, EventAttendee, EventChange, EventTimes,
    MailboxSchedule, NewEvent, Recurrence, RecurrencePattern, RecurrenceRange,
};

use super::zone::graph_zone_name;
use crate::providers::{CallFailure, Effect, FreeBusy};

fn next_of(meeting: &Meeting) -> Result<Occurrence, CallFailure> {
    meeting.next_occurrence().ok_or_else(|| CallFailure {
        effect: Effect::Refused,
        error: Error::conflict("no_next_occurrence", "this meeting has no next occurrence"),
    })
}

/// Start and end on the wall clock of the meeting's zone.
fn times_of(meeting: &Meeting, next: &Occurrence) -> EventTimes {
    let zone = meeting.cadence.zone();
    let end = next.start + TimeDelta::minutes(meeting.duration_minutes.into());
    EventTimes {
        start_local: zone.local(next.start),
        end_local: zone.local(end),
        time_zone: graph_zone_name(zone, next.start),
    }
}

/// The cadence as Graph's pattern, from the next occurrence on: months and
/// years keep the anchor's day, which Outlook clamps in short months as we do.
fn recurrence_of(meeting: &Meeting, next: &Occurrence) -> Recurrence {
    let anchor = meeting.cadence.anchor().date();
    let pattern = match meeting.cadence.frequency() {
        Frequency::Daily => RecurrencePattern::Daily,
        Frequency::Weekly => RecurrencePattern::Weekly {
            day: anchor.weekday(),
        },
        Frequency::Monthly => RecurrencePattern::AbsoluteMonthly {
            interval: 1,
            day_of_month: anchor.day(),
        },
        Frequency::Quarterly => RecurrencePattern::AbsoluteMonthly {
            interval: 3,
            day_of_month: anchor.day(),
        },
        Frequency::Annual => RecurrencePattern::AbsoluteYearly {
            day_of_month: anchor.day(),
            month: anchor.month(),
        },
    };
    let start_date = meeting.cadence.zone().local(next.start).date();
    Recurrence {
        pattern,
        range: RecurrenceRange::NoEnd { start_date },
    }
}

/// Whom Microsoft invites: those who can be reached.
pub(crate) fn graph_attendees(attendees: &[Attendee]) -> Vec<EventAttendee> {
    attendees
        .iter()
        .filter_map(|attendee| {
            Some(EventAttendee {
                address: attendee.email()?.as_str().to_owned(),
                name: attendee.name().map(one_line),
                kind: match attendee.role {
                    Role::Required => AttendeeKind::Required,
                    Role::Optional => AttendeeKind::Optional,
                    Role::Resource => AttendeeKind::Resource,
                },
            })
        })
        .collect()
}

/// The description as HTML; a link of the caller's own goes to its end.
fn body_of(meeting: &Meeting) -> String {
    let description = meeting.description.as_deref().unwrap_or_default();
    let link = meeting
        .join_url
        .as_ref()
        .map(|url| format!("Join meeting: {}", url.as_str()));
    let mut html = html_of(description);
    html.push_str(&link.as_deref().map(html_of).unwrap_or_default());
    html
}

/// Plain text as HTML, a paragraph a line.
pub(crate) fn html_of(text: &str) -> String {
    text.lines().fold(String::new(), |mut html, line| {
        let _ = write!(html, "<p>{}</p>", escape(line));
        html
    })
}

fn escape(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(
        String::with_capacity(text.len()),
        |mut html, c| {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                other => html.push(other),
            }
            html
        },
    )
}

/// Subjects, places and names are one line each.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// An online meeting without a link of its own is held in Teams.
fn wants_teams(meeting: &Meeting) -> bool {
    meeting.is_online && meeting.join_url.is_none()
}

pub(super) fn new_event(meeting: &Meeting, intent: &Intent) -> Result<NewEvent, CallFailure> {
    let next = next_of(meeting)?;
    let times = times_of(meeting, &next);
    Ok(NewEvent {
        subject: one_line(&meeting.title),
        body_html: Some(body_of(meeting)).filter(|html| !html.is_empty()),
        start_local: times.start_local,
        end_local: times.end_local,
        time_zone: times.time_zone,
        location: meeting.location.as_deref().map(one_line),
        attendees: graph_attendees(&meeting.attendees),
        is_online_meeting: wants_teams(meeting),
        recurrence: Some(recurrence_of(meeting, &next)),
        transaction_id: intent.intent_id.to_string(),
        allow_new_time_proposals: false,
    })
}

/// Everything that people see; the series only when it differs from what the
/// event shows, since sending it anew drops the occurrences that have passed.
pub(super) fn event_change(meeting: &Meeting) -> Result<EventChange, CallFailure> {
    let same_series = meeting
        .remote
        .as_ref()
        .is_some_and(|remote| remote.sequence == meeting.sequence);
    let next = next_of(meeting)?;
    Ok(EventChange {
        subject: Some(one_line(&meeting.title)),
        body_html: Some(body_of(meeting)),
        times: (!same_series).then(|| times_of(meeting, &next)),
        location: Some(one_line(meeting.location.as_deref().unwrap_or_default())),
        attendees: Some(graph_attendees(&meeting.attendees)),
        recurrence: (!same_series).then(|| recurrence_of(meeting, &next)),
        make_online_meeting: wants_teams(meeting)
            && meeting
                .remote
                .as_ref()
                .is_some_and(|remote| remote.join_url.is_none()),
        ..EventChange::default()
    })
}

pub(super) fn remote_event(event: CreatedEvent, meeting: &Meeting, organizer: &str) -> RemoteEvent {
    RemoteEvent {
        provider: ProviderKind::Graph,
        join_url: event
            .teams_join_url()
            .and_then(|url| WebLink::parse(url).ok()),
        external_event_id: event.series_master_id.unwrap_or(event.id),
        organizer: Some(organizer.to_owned()),
        revision: meeting.revision,
        sequence: meeting.sequence,
    }
}

pub(super) fn free_busy_of(schedule: MailboxSchedule) -> FreeBusy {
    let busy = match schedule.error {
        Some(error) => Err(error.code),
        None => Ok(schedule
            .items
            .iter()
            .filter(|item| !matches!(item.status, BusyStatus::Free | BusyStatus::WorkingElsewhere))
            .map(|item| Busy {
                start: item.start,
                end: item.end,
            })
            .collect()),
    };
    FreeBusy {
        address: schedule.mailbox,
        busy,
    }
}
