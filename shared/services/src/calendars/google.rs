//! An entry as an event of Google Calendar.

use convoke_domain::calendar_connection::CalendarEntry;
use convoke_domain::ics::Participation;
use convoke_google::{
    Effect, EventTime, GoogleAttendee, GoogleError, GoogleErrorClass, GoogleEvent, Response,
};

use super::failure::Failure;

/// Longest description that Google keeps, in characters.
const DESCRIPTION_MAX: usize = 8192;

/// Google shows HTML in a description as HTML: what people wrote is text.
fn as_text(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

pub(super) fn event_of(entry: &CalendarEntry) -> GoogleEvent {
    let zone = entry.zone.name();
    let time = |local| EventTime {
        local,
        zone: zone.to_owned(),
    };
    let escaped = CalendarEntry {
        words: as_text(&entry.words),
        ..entry.clone()
    };
    let description = escaped.description(None, DESCRIPTION_MAX);
    let attendees = entry.attendees.iter().map(|one| GoogleAttendee {
        email: one.email.to_string(),
        display_name: one.name.clone(),
        response: response(one.participation),
    });
    GoogleEvent {
        ical_uid: entry.uid.clone(),
        sequence: entry.sequence,
        summary: entry.title.clone(),
        description: (!description.is_empty()).then_some(description),
        location: entry.place.clone(),
        start: time(entry.start),
        end: time(entry.end),
        attendees: attendees.collect(),
        source: None,
    }
}

const fn response(participation: Participation) -> Response {
    match participation {
        Participation::NeedsAction => Response::NeedsAction,
        Participation::Accepted => Response::Accepted,
        Participation::Declined => Response::Declined,
        Participation::Tentative => Response::Tentative,
    }
}

/// What a failed call that was about a calendar or an event of it means.
pub(super) fn failure(error: &GoogleError) -> Failure {
    let code = error.class.as_str();
    match error.class {
        GoogleErrorClass::GrantRevoked => Failure::Revoked,
        GoogleErrorClass::ClientRefused => Failure::ClientRefused,
        GoogleErrorClass::Unauthorized => Failure::Unauthorized,
        GoogleErrorClass::NotFound | GoogleErrorClass::Gone => Failure::Gone,
        GoogleErrorClass::Duplicate => Failure::Duplicate,
        GoogleErrorClass::Forbidden => Failure::Refused {
            code,
            is_of_calendar: true,
        },
        GoogleErrorClass::Refused => Failure::Refused {
            code,
            is_of_calendar: false,
        },
        GoogleErrorClass::RateLimited | GoogleErrorClass::Unavailable => Failure::Passing {
            code,
            retry_after: error.retry_after,
            may_have_happened: error.had_effect == Effect::Unknown,
        },
    }
}
