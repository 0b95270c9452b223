//! Times and offsets as calendar files write them.

use std::fmt::Write;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};

use super::lines::Lines;
use crate::zone::Zone;

/// `20270131T090000`; `fmt` would parse a pattern each time.
pub(super) fn local_form(at: NaiveDateTime) -> String {
    let mut out = String::with_capacity(16);
    let year = at.year().unsigned_abs();
    for pair in [year / 100, year % 100, at.month(), at.day()] {
        push_pair(&mut out, pair);
    }
    out.push('T');
    for pair in [at.hour(), at.minute(), at.second()] {
        push_pair(&mut out, pair);
    }
    out
}

/// `20270131T080000Z`.
pub(super) fn utc_form(at: DateTime<Utc>) -> String {
    let mut out = local_form(at.naive_utc());
    out.push('Z');
    out
}

fn push_pair(out: &mut String, pair: u32) {
    for digit in [pair / 10 % 10, pair % 10] {
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

/// `+0530`, with seconds where the offset has them: old local mean times do.
pub(super) fn offset_form(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let mut out = String::with_capacity(7);
    out.push(sign);
    push_pair(&mut out, seconds / 3600);
    push_pair(&mut out, seconds / 60 % 60);
    if !seconds.is_multiple_of(60) {
        push_pair(&mut out, seconds % 60);
    }
    out
}

/// Wall clocks of a zone as the values of one property, with its TZID, or with
/// `Z` where the zone is UTC.
pub(super) fn write_times(
    lines: &mut Lines,
    name: &str,
    zone: &Zone,
    times: impl Iterator<Item = NaiveDateTime>,
) {
    if zone.is_utc() {
        let utc = times.map(|time| {
            let mut form = local_form(time);
            form.push('Z');
            form
        });
        lines.property(name).list(utc);
    } else {
        lines
            .property(name)
            .word("TZID", zone.name())
            .list(times.map(local_form));
    }
}

/// `PT90M`.
pub(super) fn duration_form(minutes: u32) -> String {
    let mut out = String::with_capacity(8);
    // Writing to a String cannot fail.
    let _ = write!(out, "PT{minutes}M");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_a_sign_and_seconds_only_where_needed() {
        for (seconds, form) in [
            (0, "+0000"),
            (19_800, "+0530"),
            (-12_600, "-0330"),
            (-2670, "-004430"),
        ] {
            assert_eq!(offset_form(seconds), form);
        }
    }

    #[test]
    fn times_have_fixed_width() {
        let at: NaiveDateTime = "2027-01-02T03:04:05".parse().expect("a time");
        assert_eq!(local_form(at), "20270102T030405");
        assert_eq!(utc_form(at.and_utc()), "20270102T030405Z");
        let early: NaiveDateTime = "0987-01-02T03:04:05".parse().expect("a time");
        assert_eq!(local_form(early), "09870102T030405");
    }
}
