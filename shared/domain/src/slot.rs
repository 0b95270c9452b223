//! Candidate times for a meeting, from what is known of everybody's time (CM-10).

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};

use crate::zone::Zone;

/// A stretch of time that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// From here.
    pub start: DateTime<Utc>,
    /// To here, exclusive.
    pub end: DateTime<Utc>,
}

/// One person's time.
#[derive(Debug, Clone)]
pub struct PersonTime<P> {
    /// Who.
    pub person: P,
    /// Whether a slot without them is none.
    pub required: bool,
    /// What is taken; `None` when nothing is known of them.
    pub busy: Option<Vec<Busy>>,
}

/// A time at which everybody who is required is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot<P> {
    /// When it starts.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// Others who are not free then.
    pub conflicts: Vec<P>,
    /// People of whom nothing is known.
    pub unknown: Vec<P>,
}

/// Slots begin on the half hour.
const STEP: TimeDelta = TimeDelta::minutes(30);
/// The working day, in the meeting's zone.
const DAY: (NaiveTime, NaiveTime) = match (
    NaiveTime::from_hms_opt(8, 0, 0),
    NaiveTime::from_hms_opt(18, 0, 0),
) {
    (Some(from), Some(to)) => (from, to),
    _ => (NaiveTime::MIN, NaiveTime::MIN),
};

/// Candidate slots within `[from, to)`, on weekdays from 8:00 to 18:00 in the
/// zone, at most `limit`, earliest first.
pub fn candidate_slots<P: Clone>(
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    duration: TimeDelta,
    zone: &Zone,
    people: &[PersonTime<P>],
    limit: usize,
) -> Vec<Slot<P>> {
    let step = STEP.num_seconds();
    let first = (from.timestamp() + step - 1).div_euclid(step) * step;
    (0..)
        .map_while(|n| DateTime::from_timestamp(first + n * step, 0))
        .take_while(|start| *start + duration <= to)
        .filter(|start| within_a_working_day(*start, duration, zone))
        .filter_map(|start| slot_at(start, start + duration, people))
        .take(limit)
        .collect()
}

fn within_a_working_day(start: DateTime<Utc>, duration: TimeDelta, zone: &Zone) -> bool {
    let (begins, ends) = (zone.local(start), zone.local(start + duration));
    let weekday = !matches!(begins.weekday(), Weekday::Sat | Weekday::Sun);
    weekday && begins.date() == ends.date() && begins.time() >= DAY.0 && ends.time() <= DAY.1
}

fn slot_at<P: Clone>(
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    people: &[PersonTime<P>],
) -> Option<Slot<P>> {
    let mut slot = Slot {
        start,
        end,
        conflicts: vec![],
        unknown: vec![],
    };
    for person in people {
        match &person.busy {
            None => slot.unknown.push(person.person.clone()),
            Some(busy)
                if busy
                    .iter()
                    .any(|taken| taken.start < end && taken.end > start) =>
            {
                if person.required {
                    return None;
                }
                slot.conflicts.push(person.person.clone());
            }
            Some(_) => {}
        }
    }
    Some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn starts(people: &[PersonTime<&'static str>], from: &str, to: &str) -> Vec<String> {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        candidate_slots((at(from), at(to)), TimeDelta::hours(1), &zone, people, 100)
            .iter()
            .map(|slot| slot.start.format("%m-%dT%H:%M").to_string())
            .collect()
    }

    fn person(required: bool, busy: &[(&str, &str)]) -> PersonTime<&'static str> {
        let busy = busy
            .iter()
            .map(|(start, end)| Busy {
                start: at(start),
                end: at(end),
            })
            .collect();
        PersonTime {
            person: "p",
            required,
            busy: Some(busy),
        }
    }

    /// CM-10: slots are free of everybody who is required, within the working day.
    #[test]
    fn a_slot_is_free_of_all_who_are_required() {
        let taken = person(true, &[("2026-11-02T07:30:00Z", "2026-11-02T15:30:00Z")]);
        let found = starts(&[taken], "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z");
        assert_eq!(
            found,
            ["11-02T15:30", "11-02T16:00"],
            "Berlin's day ends at 17:00 UTC in winter"
        );
    }

    #[test]
    fn weekends_are_no_working_days() {
        assert!(starts(&[], "2026-11-07T00:00:00Z", "2026-11-09T00:00:00Z").is_empty());
    }

    #[test]
    fn who_is_optional_or_unknown_is_only_mentioned() {
        let zone = Zone::utc();
        let people = [
            PersonTime {
                person: "optional",
                ..person(false, &[("2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z")])
            },
            PersonTime {
                person: "unknown",
                required: true,
                busy: None,
            },
        ];
        let window = (at("2026-11-02T08:00:00Z"), at("2026-11-02T10:00:00Z"));
        let slots = candidate_slots(window, TimeDelta::hours(1), &zone, &people, 2);
        assert_eq!(slots.len(), 2);
        assert_eq!(slots[0].conflicts, ["optional"]);
        assert_eq!(slots[0].unknown, ["unknown"]);
        assert_eq!(slots[1].start, at("2026-11-02T08:30:00Z"));
        let free = candidate_slots(
            (at("2026-11-02T09:00:00Z"), window.1),
            TimeDelta::hours(1),
            &zone,
            &people,
            2,
        );
        assert!(free[0].conflicts.is_empty());
    }
}
