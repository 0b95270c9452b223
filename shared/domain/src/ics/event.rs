//! What a calendar event says, before it is written.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::address::{EmailAddress, WebLink};
use crate::cadence::Cadence;
use crate::zone::Zone;

/// One VEVENT: a meeting, or a single occurrence that differs from its series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEvent {
    /// `<id>@<deployment domain>`, the same for the life of the meeting.
    pub uid: String,
    /// When this state of the event was written down.
    pub stamp: DateTime<Utc>,
    /// Rises when time, recurrence or status changes; never falls.
    pub sequence: u32,
    /// When it starts, and whether it recurs.
    pub timing: Timing,
    /// Elapsed minutes from start to end, at least one.
    pub duration_minutes: u32,
    /// The title.
    pub summary: String,
    /// Plain text; the join line is added to it.
    pub description: String,
    /// A place that people go to.
    pub place: Option<String>,
    /// How to join online.
    pub join: Option<JoinLink>,
    /// Whether it takes place.
    pub status: EventStatus,
    /// Whether it blocks time.
    pub transparency: Transparency,
    /// When the meeting was made.
    pub created: Option<DateTime<Utc>>,
    /// When the meeting was last changed.
    pub last_modified: Option<DateTime<Utc>>,
    /// Words to file it under; empty ones are left out.
    pub categories: Vec<String>,
    /// Whose meeting it is; required in a mail.
    pub organizer: Option<Organizer>,
    /// Who is invited; at least one in a mail.
    pub attendees: Vec<Attendee>,
    /// Whether clients remind 15 minutes before.
    pub reminder: bool,
}

/// When an event starts, and whether it recurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Timing {
    /// Once, at a wall clock of a zone; of a repeated one the first.
    Once {
        /// The wall clock.
        start: NaiveDateTime,
        /// Where it hangs.
        zone: Zone,
    },
    /// Again and again.
    Series(Series),
    /// One occurrence of the series with the same UID, which differs from it:
    /// moved, cancelled or only worded differently.
    Occurrence {
        /// The wall clock that the cadence had for it.
        original: NaiveDateTime,
        /// The wall clock of its start now.
        start: NaiveDateTime,
        /// The zone of the series.
        zone: Zone,
    },
}

impl Timing {
    /// The zone of the wall clock.
    pub fn zone(&self) -> &Zone {
        match self {
            Timing::Once { zone, .. } | Timing::Occurrence { zone, .. } => zone,
            Timing::Series(series) => series.cadence.zone(),
        }
    }

    /// The wall clock of the (first) start.
    pub fn start(&self) -> NaiveDateTime {
        match self {
            Timing::Once { start, .. } | Timing::Occurrence { start, .. } => *start,
            Timing::Series(series) => series.cadence.anchor(),
        }
    }
}

/// A recurring meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// All its occurrences.
    pub cadence: Cadence,
    /// The index of the last occurrence; `None`: it goes on.
    pub last: Option<u32>,
    /// The dates of occurrences that do not take place. A date that identifies
    /// no occurrence is left out.
    pub excluded: Vec<NaiveDate>,
}

impl Series {
    /// A series without end and without exceptions.
    pub fn endless(cadence: Cadence) -> Series {
        Series {
            cadence,
            last: None,
            excluded: Vec::new(),
        }
    }
}

/// A link by which people join, and the service behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// Where it leads.
    pub url: WebLink,
    /// Named by whoever made the link: it is never guessed from the address.
    pub service: OnlineService,
}

/// What is behind a join link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlineService {
    /// Microsoft Teams.
    Teams,
    /// Any other.
    Other,
}

impl JoinLink {
    /// What a button or link says: "Join Teams Meeting".
    pub const fn label(&self) -> &'static str {
        Self::label_of(self.service)
    }

    const fn label_of(service: OnlineService) -> &'static str {
        match service {
            OnlineService::Teams => "Join Teams Meeting",
            OnlineService::Other => "Join meeting",
        }
    }

    /// The line that ends descriptions and notes: `Join Teams Meeting: <url>`.
    pub fn line(&self) -> String {
        format!("{}: {}", self.label(), self.url)
    }

    /// The text without the join line that ends it, whatever that leads to.
    pub fn without_line(text: &str, service: OnlineService) -> &str {
        let label = Self::label_of(service);
        let (before, last) = text
            .rfind('\n')
            .map_or(("", text), |at| (&text[..at], &text[at + 1..]));
        let is_line = last
            .strip_prefix(label)
            .is_some_and(|rest| rest.starts_with(": http"));
        if is_line {
            before.trim_end_matches(['\r', '\n'])
        } else {
            text
        }
    }

    /// The text with the join line at its end, after an empty line (newlines at
    /// the end of the text give way); as it is where the line is in it already.
    pub fn append_to(&self, text: &str) -> String {
        with_line(text, &self.line()).concat()
    }
}

/// The parts of a text with a line at its end, so that a long text is not
/// copied; the text alone where it has the line already.
pub(super) fn with_line<'a>(text: &'a str, line: &'a str) -> [&'a str; 3] {
    if text.split(['\r', '\n']).any(|existing| existing == line) {
        return [text, "", ""];
    }
    match text.trim_end_matches(['\r', '\n']) {
        "" => [line, "", ""],
        text => [text, "\n\n", line],
    }
}

/// Whether an event takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStatus {
    /// Not yet sure.
    Tentative,
    /// It does.
    Confirmed,
    /// It does not.
    Cancelled,
}

/// Whether an event blocks time in free/busy look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transparency {
    /// Busy.
    Opaque,
    /// Free.
    Transparent,
}

/// Whose meeting it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organizer {
    /// The address that answers go to.
    pub email: EmailAddress,
    /// The name to show.
    pub name: Option<String>,
}

/// Someone who, or something that, is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// The address that the invitation goes to.
    pub email: EmailAddress,
    /// The name to show.
    pub name: Option<String>,
    /// In which part.
    pub role: Role,
    /// What they answered.
    pub participation: Participation,
    /// Whether an answer is asked for.
    pub rsvp: bool,
}

/// In which part someone is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// They are needed.
    Required,
    /// They may come.
    Optional,
    /// A room or a thing.
    Resource,
}

/// What an attendee answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Participation {
    /// Nothing yet.
    NeedsAction,
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Perhaps.
    Tentative,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams() -> JoinLink {
        let url = WebLink::parse("https://teams.example/j").expect("a link");
        JoinLink {
            url,
            service: OnlineService::Teams,
        }
    }

    /// OM-5: the join line is there once.
    #[test]
    fn a_join_line_is_added_once_and_at_the_end() {
        let line = "Join Teams Meeting: https://teams.example/j";
        assert_eq!(teams().append_to(""), line);
        let once = teams().append_to("Agenda\r\n1. All");
        assert_eq!(once, format!("Agenda\r\n1. All\n\n{line}"));
        assert_eq!(teams().append_to(&once), once);
        let other = teams().append_to(&format!("{line}/other"));
        assert_eq!(other, format!("{line}/other\n\n{line}"));
    }
}
