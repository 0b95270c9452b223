//! Calendar files (RFC 5545): what a meeting looks like in every client.
//!
//! [`write_calendar`] turns the events of one UID into the bytes of an .ics
//! file. It guarantees, whatever text the events hold:
//!
//! - lines end in CRLF and have at most 75 octets, never cut inside a UTF-8
//!   character or an escape;
//! - no text can end its line, its property or its parameter;
//! - each TZID has a VTIMEZONE, right from the events' first day on;
//! - the RRULE yields what [`Cadence`](crate::cadence::Cadence) yields;
//! - the same input gives the same bytes, in time linear in its length.
//!
//! Values with a syntax of their own arrive as types that were checked when
//! they were made ([`EmailAddress`](crate::address::EmailAddress),
//! [`WebLink`](crate::address::WebLink), [`Zone`](crate::zone::Zone)), so they
//! are copied as they are. Words of the format (`ROLE`, `FEATURE`, `TZID`) are
//! bare, as its grammar wants them; parameters of free text are always quoted.

mod check;
mod disposition;
mod event;
mod lines;
mod property;
mod rrule;
mod vevent;
mod vtimezone;

use std::collections::HashSet;

use chrono::NaiveDate;

pub use disposition::{content_disposition, disposition, file_name};
pub use event::{
    Attendee, CalendarEvent, EventStatus, JoinLink, OnlineService, Organizer, Participation, Role,
    Series, Timing, Transparency,
};

use lines::Lines;

/// The product that every file names as its maker.
pub const PRODID: &str = "-//Convoke//Convoke Meetings//EN";

/// The media type of a download.
pub const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

/// What a file asks its reader to do (RFC 5546). A download asks nothing and
/// has no method: PUBLISH would forbid attendees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// An invitation or its update.
    Request,
    /// Takes an invitation back; every event in it reads `CANCELLED`.
    Cancel,
}

impl Method {
    /// The word in the file and in the mail's `Content-Type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Request => "REQUEST",
            Method::Cancel => "CANCEL",
        }
    }
}

/// Events that no valid file can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IcsError {
    /// There is nothing to write.
    #[error("a calendar file needs an event")]
    NoEvent,
    /// The UID is empty or holds a space or a control character.
    #[error("the UID of a calendar event is a word without spaces")]
    Uid,
    /// The events belong to different meetings.
    #[error("a calendar file holds the events of one UID")]
    MixedUids,
    /// Two events that both stand for the whole meeting.
    #[error("a calendar file holds one meeting, and single occurrences of it")]
    TwoMeetings,
    /// A mail without ORGANIZER.
    #[error("an invitation names its organizer")]
    NoOrganizer,
    /// A mail without ATTENDEE.
    #[error("an invitation has an attendee")]
    NoAttendee,
    /// An event that takes no time.
    #[error("a calendar event lasts a minute or longer")]
    NoDuration,
    /// The clocks skip the start.
    #[error("the start of a calendar event does not exist in its zone")]
    SkippedStart,
    /// A time that four digits cannot write, or a start outside 1970 to 2999.
    #[error("a calendar event has a time outside the calendar")]
    OutOfRange,
    /// A single occurrence that is none of the series, comes twice, is
    /// excluded as well, or lies in another zone than the series.
    #[error("{0} is not a separate occurrence of the series")]
    Occurrence(NaiveDate),
}

/// Writes a file with the events of one UID: the meeting, and where it recurs
/// the single occurrences that differ from it.
pub fn write_calendar(
    method: Option<Method>,
    events: &[CalendarEvent],
) -> Result<String, IcsError> {
    let coverage = check::check(method, events)?;
    let mut lines = Lines::with_capacity(expected_length(events));
    lines.literal("BEGIN:VCALENDAR");
    lines.literal("VERSION:2.0");
    lines.property("PRODID").text(&[PRODID]);
    lines.literal("CALSCALE:GREGORIAN");
    if let Some(method) = method {
        lines.property("METHOD").raw(method.as_str());
    }
    let mut zones = HashSet::new();
    for zone in events.iter().map(|event| event.timing.zone()) {
        if !zone.is_utc() && zones.insert(zone) {
            vtimezone::write(&mut lines, zone, &coverage);
        }
    }
    for event in events {
        vevent::write(&mut lines, method, event, &coverage);
    }
    lines.literal("END:VCALENDAR");
    Ok(lines.into_string())
}

/// Octets to reserve, so that common files are written without moving.
fn expected_length(events: &[CalendarEvent]) -> usize {
    let event_length = |event: &CalendarEvent| {
        1500 + 160 * event.attendees.len() + event.summary.len() + event.description.len() * 17 / 16
    };
    1000 + events.iter().map(event_length).sum::<usize>()
}
