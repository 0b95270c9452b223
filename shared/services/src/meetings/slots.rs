//! When everybody could meet, from free/busy (CM-10). Never fatal to scheduling.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::error::Error;
use convoke_domain::id::{MeetingId, UserId};
use convoke_domain::meeting::{Meeting, Role};
use convoke_domain::provider::ProviderKind;
use convoke_domain::slot::{PersonTime, Slot, candidate_slots};
use convoke_platform::tenant::Tenant;

use super::must_find;
use crate::core::Core;
use crate::providers::{Placement, Providers, RemoteCalendar};

/// Longest window to look for slots in (Graph's own limit is 62 days).
pub(super) const WINDOW_MAX: TimeDelta = TimeDelta::days(31);
/// Window where the caller names no end.
const WINDOW_DEFAULT: TimeDelta = TimeDelta::days(7);
/// Most slots that are offered.
const SLOTS_MAX: usize = 50;

/// Whether somebody is free at the next occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Whose calendar.
    pub email: String,
    /// The attendee's user id, where it is one.
    pub user_id: Option<UserId>,
    /// What the calendar says.
    pub status: AvailabilityStatus,
}

/// What a calendar says of one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AvailabilityStatus {
    /// Nothing then.
    Free,
    /// Something then.
    Busy,
    /// It does not say; the calendar's own code.
    Unknown(String),
}

/// Who is free at the meeting's next occurrence; `None` where nothing could be
/// learned.
pub(super) async fn availability(
    calendar: &dyn RemoteCalendar,
    meeting: &Meeting,
    organizer: &str,
) -> Option<Vec<Availability>> {
    let next = meeting.next_occurrence()?;
    let end = next.start + TimeDelta::minutes(meeting.duration_minutes.into());
    let addresses = addresses_of(meeting, organizer);
    match calendar
        .free_busy(organizer, &addresses, (next.start, end))
        .await
    {
        Ok(answers) => Some(
            answers
                .into_iter()
                .map(|answer| Availability {
                    user_id: user_of(meeting, &answer.address),
                    status: match answer.busy {
                        Err(code) => AvailabilityStatus::Unknown(code),
                        Ok(busy)
                            if busy
                                .iter()
                                .any(|taken| taken.start < end && taken.end > next.start) =>
                        {
                            AvailabilityStatus::Busy
                        }
                        Ok(_) => AvailabilityStatus::Free,
                    },
                    email: answer.address,
                })
                .collect(),
        ),
        Err(failure) => {
            tracing::warn!(code = failure.error.code(), "free/busy is not known");
            None
        }
    }
}

/// Times within the window at which organiser and required attendees are free.
pub async fn slots(
    core: &Core,
    providers: &Providers,
    tenant: &Tenant,
    id: MeetingId,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Vec<Slot<String>>, Error> {
    let store = core.store(tenant);
    let meeting = must_find(&store, id).await?;
    let from = from.unwrap_or_else(|| core.ports.now());
    let to = to.unwrap_or(from + WINDOW_DEFAULT);
    if to <= from || to - from > WINDOW_MAX {
        return Err(Error::Malformed {
            code: "invalid_query",
            message: format!(
                "to is after from, by at most {} days",
                WINDOW_MAX.num_days()
            ),
        });
    }
    let provider = providers.of(ProviderKind::Graph)?;
    let Placement::Elsewhere {
        calendar,
        organizer,
    } = provider.place(&store, &meeting).await?
    else {
        return Err(Error::internal("the Graph provider calls nobody"));
    };
    let addresses = addresses_of(&meeting, &organizer);
    let answers = calendar
        .free_busy(&organizer, &addresses, (from, to))
        .await
        .map_err(|failure| failure.error)?;
    let required = required_of(&meeting, &organizer);
    let people: Vec<_> = answers
        .into_iter()
        .map(|answer| PersonTime {
            required: required
                .get(&answer.address.to_lowercase())
                .copied()
                .unwrap_or(false),
            busy: answer.busy.ok(),
            person: answer.address,
        })
        .collect();
    let duration = TimeDelta::minutes(meeting.duration_minutes.into());
    Ok(candidate_slots(
        (from, to),
        duration,
        meeting.cadence.zone(),
        &people,
        SLOTS_MAX,
    ))
}

/// Organiser and reachable attendees, each once.
fn addresses_of(meeting: &Meeting, organizer: &str) -> Vec<String> {
    let mut addresses = vec![organizer.to_owned()];
    for email in meeting
        .attendees
        .iter()
        .filter_map(|attendee| attendee.email())
    {
        if !addresses
            .iter()
            .any(|known| known.eq_ignore_ascii_case(email.as_str()))
        {
            addresses.push(email.as_str().to_owned());
        }
    }
    addresses
}

fn user_of(meeting: &Meeting, address: &str) -> Option<UserId> {
    let attendee = meeting.attendees.iter().find(|attendee| {
        attendee
            .email()
            .is_some_and(|email| email.as_str().eq_ignore_ascii_case(address))
    })?;
    attendee.user_id().cloned()
}

fn required_of(meeting: &Meeting, organizer: &str) -> HashMap<String, bool> {
    let attendees = meeting.attendees.iter().filter_map(|attendee| {
        Some((
            attendee.email()?.lookup_key(),
            attendee.role != Role::Optional,
        ))
    });
    let mut required: HashMap<_, _> = attendees.collect();
    required.insert(organizer.to_lowercase(), true);
    required
}
