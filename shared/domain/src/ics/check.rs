//! What must hold before the first line is written, so that writing cannot
//! fail half-way.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::event::{CalendarEvent, Series, Timing};
use super::{IcsError, Method};
use crate::cadence::Cadence;
use crate::zone::LocalTime;

/// Years for which single dates stand in for a rule that cannot be written,
/// counted from the start or from the stamp, whichever is later.
const YEARS_OF_DATES: i32 = 10;
const YEARS_OF_OFFSETS: i32 = 15;

/// The time that a file has to be right for.
pub(super) struct Coverage {
    /// The earliest start.
    pub(super) from: DateTime<Utc>,
    /// The wall clock year of the earliest start.
    pub(super) first_year: i32,
    /// The last year with RDATEs for short Februaries.
    pub(super) last_year_of_dates: i32,
    /// The last year with single observances, where a zone has no rule that a
    /// VTIMEZONE can say.
    pub(super) last_year_of_offsets: i32,
}

/// Refuses what no valid file can hold, and says what the file has to cover.
pub(super) fn check(
    method: Option<Method>,
    events: &[CalendarEvent],
) -> Result<Coverage, IcsError> {
    let first = events.first().ok_or(IcsError::NoEvent)?;
    if first.uid.is_empty()
        || first
            .uid
            .contains(|c: char| c.is_control() || c.is_whitespace())
    {
        return Err(IcsError::Uid);
    }
    if events.iter().any(|event| event.uid != first.uid) {
        return Err(IcsError::MixedUids);
    }
    for event in events {
        if method.is_some() && event.organizer.is_none() {
            return Err(IcsError::NoOrganizer);
        }
        if method.is_some() && event.attendees.is_empty() {
            return Err(IcsError::NoAttendee);
        }
        check_times(event)?;
    }
    check_occurrences(events)?;
    Ok(coverage(events, first))
}

fn check_times(event: &CalendarEvent) -> Result<(), IcsError> {
    if event.duration_minutes == 0 {
        return Err(IcsError::NoDuration);
    }
    let stamps = [Some(event.stamp), event.created, event.last_modified];
    if stamps
        .into_iter()
        .flatten()
        .any(|stamp| !(0..=9999).contains(&stamp.year()))
    {
        return Err(IcsError::OutOfRange);
    }
    let start = event.timing.start();
    if !Cadence::ANCHOR_YEARS.contains(&start.year()) {
        return Err(IcsError::OutOfRange);
    }
    let end = TimeDelta::minutes(i64::from(event.duration_minutes));
    if start
        .checked_add_signed(end)
        .is_none_or(|end| end.year() > 9998)
    {
        return Err(IcsError::OutOfRange);
    }
    match &event.timing {
        Timing::Once { .. } | Timing::Occurrence { .. } => {
            if matches!(event.timing.zone().resolve(start), LocalTime::Gap { .. }) {
                return Err(IcsError::SkippedStart);
            }
        }
        Timing::Series(series) => check_last(series)?,
    }
    if let Timing::Occurrence { original, .. } = event.timing
        && !Cadence::ANCHOR_YEARS.contains(&original.year())
    {
        return Err(IcsError::OutOfRange);
    }
    Ok(())
}

fn check_last(series: &Series) -> Result<(), IcsError> {
    let Some(last) = series.last else {
        return Ok(());
    };
    let last = series
        .cadence
        .occurrence(last)
        .ok_or(IcsError::OutOfRange)?;
    if last.start.year() > 9999 {
        return Err(IcsError::OutOfRange);
    }
    Ok(())
}

/// One meeting at most, and single occurrences that belong to it, each once.
fn check_occurrences(events: &[CalendarEvent]) -> Result<(), IcsError> {
    let mut meetings = events.iter().filter_map(|event| match &event.timing {
        Timing::Occurrence { .. } => None,
        timing => Some(timing),
    });
    let meeting = meetings.next();
    if meetings.next().is_some() {
        return Err(IcsError::TwoMeetings);
    }
    let excluded: HashSet<NaiveDate> = match meeting {
        Some(Timing::Series(series)) => series.excluded.iter().copied().collect(),
        _ => HashSet::new(),
    };
    let mut originals: HashSet<NaiveDateTime> = HashSet::new();
    for event in events {
        let Timing::Occurrence { original, zone, .. } = &event.timing else {
            continue;
        };
        let belongs = match meeting {
            None => true,
            Some(Timing::Series(series)) => {
                series.cadence.zone() == zone && has_occurrence(series, *original)
            }
            Some(_) => false,
        };
        let takes_place = !excluded.contains(&original.date());
        if !belongs || !takes_place || !originals.insert(*original) {
            return Err(IcsError::Occurrence(original.date()));
        }
    }
    Ok(())
}

fn has_occurrence(series: &Series, original: NaiveDateTime) -> bool {
    series
        .cadence
        .occurrence_on(original.date())
        .is_some_and(|occurrence| {
            occurrence.original_local == original
                && series.last.is_none_or(|last| occurrence.index <= last)
        })
}

fn coverage(events: &[CalendarEvent], first: &CalendarEvent) -> Coverage {
    let (mut from, mut earliest) = (first.stamp, first.timing.start());
    let mut latest_year = first.stamp.year();
    for (index, event) in events.iter().enumerate() {
        let original = match event.timing {
            Timing::Occurrence { original, .. } => original,
            _ => event.timing.start(),
        };
        let begin = original.min(event.timing.start());
        let instant = event.timing.zone().instant(begin);
        from = if index == 0 {
            instant
        } else {
            from.min(instant)
        };
        earliest = earliest.min(begin);
        latest_year = latest_year
            .max(event.timing.start().year())
            .max(event.stamp.year());
    }
    let latest_year = latest_year.min(*Cadence::ANCHOR_YEARS.end());
    Coverage {
        from,
        first_year: earliest.year(),
        last_year_of_dates: latest_year + YEARS_OF_DATES,
        last_year_of_offsets: latest_year + YEARS_OF_OFFSETS,
    }
}
