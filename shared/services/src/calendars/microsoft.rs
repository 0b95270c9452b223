//! An entry as an event of a user's own Microsoft 365 calendar.
//!
//! It has no attendees: Exchange would invite them itself, and everybody would be
//! invited twice. They are named in its text.

use convoke_domain::calendar_connection::CalendarEntry;
use convoke_graph::{GraphError, GraphErrorClass, OwnEvent};
use uuid::Uuid;

use super::failure::Failure;

/// Most people that the text names.
const NAMED: usize = 50;

pub(super) fn event_of(entry: &CalendarEntry, transaction_id: Uuid) -> OwnEvent {
    OwnEvent {
        transaction_id,
        subject: entry.title.clone(),
        body_text: text_of(entry),
        location: entry.place.clone(),
        start: entry.start,
        end: entry.end,
        time_zone: entry.zone.name().to_owned(),
    }
}

fn text_of(entry: &CalendarEntry) -> String {
    let people: Vec<_> = entry.people().take(NAMED).collect();
    let more = entry.attendees.len().saturating_sub(NAMED);
    let also = match (people.as_slice(), more) {
        ([], _) => None,
        (people, 0) => Some(format!("Invited: {}", people.join(", "))),
        (people, more) => Some(format!("Invited: {} and {more} more", people.join(", "))),
    };
    entry.description(also.as_deref(), usize::MAX)
}

pub(super) fn failure(error: &GraphError) -> Failure {
    let code = error.class.as_str();
    match &error.class {
        GraphErrorClass::GrantRevoked => Failure::Revoked,
        GraphErrorClass::InvalidCredentials | GraphErrorClass::UnknownTenant => {
            Failure::ClientRefused
        }
        GraphErrorClass::AuthExpired => Failure::Unauthorized,
        GraphErrorClass::NotFoundOrGone => Failure::Gone,
        GraphErrorClass::DuplicateTransaction { .. } => Failure::Duplicate,
        GraphErrorClass::ConsentMissing
        | GraphErrorClass::AccessPolicyMissing
        | GraphErrorClass::MailboxNotFound
        | GraphErrorClass::Quota => Failure::Refused {
            code,
            is_of_calendar: true,
        },
        _ if error.retryable() || error.outcome_unknown => Failure::Passing {
            code,
            retry_after: error.retry_after,
            may_have_happened: error.outcome_unknown,
        },
        _ => Failure::Refused {
            code,
            is_of_calendar: false,
        },
    }
}
