//! When an appointment takes place: an instant, a length, and the one zone that
//! governs its wall clock (AP-1, AP-3).
//!
//! Guarantee: the wall clock and zone always mean the stored instant. A time
//! that the clocks skip is refused, one that occurs twice means the first.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::control::YEARS;
use crate::error::{Error, Violations};
use crate::zone::{LocalTime, Zone};

/// Shortest and longest appointment, in minutes.
pub const DURATION_MINUTES: std::ops::RangeInclusive<i64> = 15..=480;

/// When an appointment takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentTime {
    start: DateTime<Utc>,
    duration_minutes: u32,
    zone: Zone,
}

/// A time as a caller gave it, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeInput {
    /// `YYYY-MM-DD`.
    pub date: Option<String>,
    /// `HH:MM`.
    pub time: Option<String>,
    /// IANA name.
    pub zone: Option<String>,
    /// Minutes.
    pub duration: Option<i64>,
}

/// What the fields of a [`TimeInput`] are called in their command.
#[derive(Debug, Clone, Copy)]
pub struct TimeFields {
    date: &'static str,
    time: &'static str,
    zone: &'static str,
    duration: &'static str,
}

impl TimeFields {
    /// Of a request.
    pub const REQUESTED: Self = Self {
        date: "/requested_date",
        time: "/requested_time",
        zone: "/timezone",
        duration: "/requested_duration",
    };
    /// Of an approval.
    pub const FINAL: Self = Self {
        date: "/final_date",
        time: "/final_time",
        zone: "/final_timezone",
        duration: "/final_duration",
    };
    /// Of a reschedule.
    pub const NEW: Self = Self {
        date: "/new_date",
        time: "/new_time",
        zone: "/new_timezone",
        duration: "/new_duration",
    };
}

impl AppointmentTime {
    /// From what was checked before.
    pub fn restored(start: DateTime<Utc>, duration_minutes: u32, zone: Zone) -> Self {
        Self {
            start,
            duration_minutes,
            zone,
        }
    }

    /// The instant it starts.
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    /// The instant it ends.
    pub fn end(&self) -> DateTime<Utc> {
        self.start + TimeDelta::minutes(self.duration_minutes.into())
    }

    /// The zone that governs.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Its length.
    pub fn duration_minutes(&self) -> u32 {
        self.duration_minutes
    }

    /// The start on the wall clock of its zone.
    pub fn local(&self) -> NaiveDateTime {
        self.zone.local(self.start)
    }

    /// Reads a time. What is left out stays as in `present`; without one it is
    /// missed. The past is refused, also where nothing is changed.
    pub fn read(
        input: &TimeInput,
        fields: &TimeFields,
        present: Option<&Self>,
        now: DateTime<Utc>,
        wrong: &mut Violations,
    ) -> Option<Self> {
        let time = Self::read_any(input, fields, present, wrong)?;
        if time.start <= now {
            wrong.add(
                fields.date,
                "in_the_past",
                "this time has passed; choose a later one",
            );
            return None;
        }
        Some(time)
    }

    /// As [`Self::read`], of any time: what is imported may be over.
    pub fn read_any(
        input: &TimeInput,
        fields: &TimeFields,
        present: Option<&Self>,
        wrong: &mut Violations,
    ) -> Option<Self> {
        let zone = match (&input.zone, present) {
            (Some(name), _) => wrong.keep(fields.zone, "unknown_timezone", Zone::parse(name)),
            (None, Some(present)) => Some(present.zone.clone()),
            (None, None) => missing(fields.zone, wrong),
        };
        let date = match (&input.date, present) {
            (Some(text), _) => wrong.keep(fields.date, "invalid_date", read_date(text)),
            (None, Some(present)) => Some(present.local().date()),
            (None, None) => missing(fields.date, wrong),
        };
        let clock = match (&input.time, present) {
            (Some(text), _) => wrong.keep(fields.time, "invalid_time", read_clock(text)),
            (None, Some(present)) => Some(present.local().time()),
            (None, None) => missing(fields.time, wrong),
        };
        let duration = match (input.duration, present) {
            (Some(minutes), _) => wrong.keep(fields.duration, "out_of_range", minutes_of(minutes)),
            (None, Some(present)) => Some(present.duration_minutes),
            (None, None) => missing(fields.duration, wrong),
        };
        let (zone, date, clock, duration_minutes) = (zone?, date?, clock?, duration?);
        let start = wrong.keep(
            fields.time,
            "skipped_by_dst",
            instant_of(date.and_time(clock), &zone),
        )?;
        Some(Self::restored(start, duration_minutes, zone))
    }

    /// The same appointment between other instants, as a calendar moves it.
    /// Whole minutes; an instant that the zone's wall clock cannot name (the
    /// second pass of a repeated hour) is refused.
    pub fn moved(
        &self,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut wrong = Violations::new();
        let length = end - start;
        if start.second() != 0 || start.nanosecond() != 0 || length.num_seconds() % 60 != 0 {
            wrong.add("/start", "invalid_time", "start and end are whole minutes");
        }
        let duration = wrong.keep("/end", "out_of_range", minutes_of(length.num_minutes()));
        if start <= now {
            wrong.add(
                "/start",
                "in_the_past",
                "this time has passed; choose a later one",
            );
        }
        if !YEARS.contains(&start.year()) {
            wrong.add("/start", "out_of_range", "this year is out of range");
        } else if self.zone.instant(self.zone.local(start)) != start {
            wrong.add(
                "/start",
                "repeated_by_dst",
                format!(
                    "{} occurs twice in {}; only its first pass can be an appointment",
                    self.zone.local(start).format("%Y-%m-%d %H:%M"),
                    self.zone.name()
                ),
            );
        }
        wrong.finish()?;
        let duration = duration.ok_or_else(|| Error::internal("a duration was not kept"))?;
        Ok(Self::restored(start, duration, self.zone.clone()))
    }
}

fn missing<T>(pointer: &str, wrong: &mut Violations) -> Option<T> {
    wrong.add(pointer, "missing", "this field is needed");
    None
}

fn read_date(text: &str) -> Result<NaiveDate, &'static str> {
    const FORM: &str = "a date such as 2027-01-15";
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| FORM)?;
    if text.len() == 10 && YEARS.contains(&date.year()) {
        Ok(date)
    } else {
        Err(FORM)
    }
}

fn read_clock(text: &str) -> Result<NaiveTime, &'static str> {
    const FORM: &str = "a local time such as 09:30";
    let clock = NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| FORM)?;
    if text.len() == 5 {
        Ok(clock)
    } else {
        Err(FORM)
    }
}

fn minutes_of(minutes: i64) -> Result<u32, &'static str> {
    if DURATION_MINUTES.contains(&minutes) {
        u32::try_from(minutes).map_err(|_| "out of range")
    } else {
        Err("between 15 and 480 minutes")
    }
}

fn instant_of(local: NaiveDateTime, zone: &Zone) -> Result<DateTime<Utc>, String> {
    match zone.resolve(local) {
        LocalTime::Unique(at) | LocalTime::Overlap { first: at, .. } => Ok(at),
        LocalTime::Gap { .. } => Err(format!(
            "the clocks in {} skip {}; choose another time",
            zone.name(),
            local.format("%Y-%m-%d %H:%M")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-01T00:00:00Z".parse().unwrap()
    }

    fn input(date: &str, time: &str, zone: &str, minutes: i64) -> TimeInput {
        TimeInput {
            date: Some(date.into()),
            time: Some(time.into()),
            zone: Some(zone.into()),
            duration: Some(minutes),
        }
    }

    fn read(
        input: &TimeInput,
        present: Option<&AppointmentTime>,
    ) -> Result<AppointmentTime, String> {
        let mut wrong = Violations::new();
        let time = AppointmentTime::read(input, &TimeFields::FINAL, present, now(), &mut wrong);
        match wrong.finish() {
            Ok(()) => Ok(time.unwrap()),
            Err(Error::Invalid { violations }) => Err(violations
                .iter()
                .map(|one| format!("{} {}", one.pointer, one.code))
                .collect::<Vec<_>>()
                .join("; ")),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// AP-1: a skipped local time is refused, of a repeated one the first counts.
    #[test]
    fn a_skipped_time_is_refused_and_a_repeated_one_means_the_first() {
        let skipped = read(&input("2027-03-28", "02:30", "Europe/Berlin", 60), None);
        assert_eq!(skipped, Err("/final_time skipped_by_dst".into()));
        let twice = read(&input("2027-10-31", "02:30", "Europe/Berlin", 60), None).unwrap();
        assert_eq!(twice.start().to_rfc3339(), "2027-10-31T00:30:00+00:00");
        assert_eq!(twice.local().to_string(), "2027-10-31 02:30:00");
    }

    /// AP-1: the past, unknown zones and other lengths are refused, each by its field.
    #[test]
    fn each_wrong_field_is_named() {
        for (given, refused) in [
            (
                input("2026-10-31", "09:00", "UTC", 60),
                "/final_date in_the_past",
            ),
            (
                input("2027-02-30", "09:00", "UTC", 60),
                "/final_date invalid_date",
            ),
            (
                input("2027-2-03", "09:00", "UTC", 60),
                "/final_date invalid_date",
            ),
            (
                input("2027-02-03", "9:00", "UTC", 60),
                "/final_time invalid_time",
            ),
            (
                input("2027-02-03", "24:00", "UTC", 60),
                "/final_time invalid_time",
            ),
            (
                input("2027-02-03", "09:00", "Mars/Base", 60),
                "/final_timezone unknown_timezone",
            ),
            (
                input("2027-02-03", "09:00", "UTC", 14),
                "/final_duration out_of_range",
            ),
            (
                input("2027-02-03", "09:00", "UTC", 481),
                "/final_duration out_of_range",
            ),
            (
                input("9999-02-03", "09:00", "UTC", 60),
                "/final_date invalid_date",
            ),
        ] {
            assert_eq!(read(&given, None), Err(refused.to_owned()), "{given:?}");
        }
        assert_eq!(
            read(&TimeInput::default(), None),
            Err("/final_timezone missing; /final_date missing; /final_time missing; /final_duration missing".into())
        );
    }

    /// AP-3: an override of one keeps the others, and one zone governs.
    #[test]
    fn an_override_of_one_field_keeps_the_others() {
        let asked = read(&input("2027-01-15", "09:00", "America/New_York", 60), None).unwrap();
        let only = |change: TimeInput| read(&change, Some(&asked)).unwrap();
        let kept = only(TimeInput::default());
        assert_eq!(kept, asked);
        let later = only(TimeInput {
            time: Some("10:30".into()),
            ..TimeInput::default()
        });
        assert_eq!(later.start().to_rfc3339(), "2027-01-15T15:30:00+00:00");
        let elsewhere = only(TimeInput {
            zone: Some("Europe/Berlin".into()),
            ..TimeInput::default()
        });
        assert_eq!(elsewhere.start().to_rfc3339(), "2027-01-15T08:00:00+00:00");
        let in_summer = only(TimeInput {
            date: Some("2027-07-15".into()),
            ..TimeInput::default()
        });
        assert_eq!(in_summer.start().to_rfc3339(), "2027-07-15T13:00:00+00:00");
    }

    /// OM-6: a calendar's move keeps the zone; what its wall clock cannot name is refused.
    #[test]
    fn a_move_by_instants_keeps_the_zone_and_refuses_what_it_cannot_name() {
        let asked = read(&input("2027-10-30", "09:00", "Europe/Berlin", 60), None).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let moved = asked
            .moved(
                at("2027-10-31T00:30:00Z"),
                at("2027-10-31T01:15:00Z"),
                now(),
            )
            .unwrap();
        assert_eq!(
            (moved.local().to_string().as_str(), moved.duration_minutes()),
            ("2027-10-31 02:30:00", 45)
        );
        for (start, end) in [
            ("2027-10-31T01:30:00Z", "2027-10-31T02:30:00Z"),
            ("2027-10-31T05:30:30Z", "2027-10-31T06:30:30Z"),
            ("2027-10-31T05:30:00Z", "2027-10-31T05:30:00Z"),
            ("2027-10-31T05:30:00Z", "2027-10-31T04:30:00Z"),
            ("2026-10-31T05:30:00Z", "2026-10-31T06:30:00Z"),
        ] {
            assert!(asked.moved(at(start), at(end), now()).is_err(), "{start}");
        }
    }
}
