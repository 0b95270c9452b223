//! Timings: `00:00:01.000 --> 00:00:02.000 align:start`, and what else there is
//! of them: `0:0:1.5`, `01:02,500`, hours of many digits, negative offsets.

/// Milliseconds as they were written: possibly negative, or the end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timing {
    pub(super) start: i64,
    pub(super) end: i64,
}

/// Digits of hours (or of minutes, where there are no hours) that are still a
/// time: more would not fit the arithmetic.
const LEADING_DIGITS_MAX: usize = 9;

/// The last millisecond that can be written with so many digits.
const LATEST: i64 = 3_599_999_999_999_999;

/// The cue settings of WebVTT.
const SETTINGS: [&str; 6] = ["vertical", "line", "position", "size", "align", "region"];

impl Timing {
    /// Of text that came without any: ahead of everything, for five seconds.
    pub(super) const NONE: Self = Self {
        start: i64::MIN,
        end: 5_000,
    };

    /// The timing with which a line begins, and the text that follows it: empty
    /// where only cue settings do.
    pub(super) fn of_line(line: &str) -> Option<(Self, &str)> {
        let (start, rest) = line.split_once("-->")?;
        let rest = rest.trim();
        let (end, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let timing = Self {
            start: timestamp(start.trim())?,
            end: timestamp(end)?,
        };
        // A cue lasts a millisecond at least, and has to be read again.
        if timing.start >= LATEST || timing.end > LATEST {
            return None;
        }
        let text = if rest.split_whitespace().all(is_setting) {
            ""
        } else {
            rest
        };
        Some((timing, text))
    }
}

fn is_setting(word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(name, _)| SETTINGS.contains(&name))
}

/// Milliseconds of `hours:minutes:seconds` or `minutes:seconds`, with or without
/// a fraction. A minus before any component makes all of it negative.
pub(super) fn timestamp(word: &str) -> Option<i64> {
    let (whole, fraction) = word.split_once(['.', ',']).unwrap_or((word, "0"));
    let (is_negative_fraction, fraction) = digits(fraction, usize::MAX)?;
    let thousandths = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(3)
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));

    let mut components = whole.splitn(4, ':');
    let first = component(components.next()?, LEADING_DIGITS_MAX)?;
    let second = component(components.next()?, 2)?;
    let third = match components.next() {
        Some(third) => Some(component(third, 2)?),
        None => None,
    };
    if components.next().is_some() {
        return None;
    }
    let (hours, minutes, seconds) = match third {
        Some(third) => (first, second, third),
        None => ((false, 0), first, second),
    };
    let is_negative = is_negative_fraction || hours.0 || minutes.0 || seconds.0;
    let total = ((hours.1 * 60 + minutes.1) * 60 + seconds.1) * 1_000 + thousandths;
    Some(if is_negative { -total } else { total })
}

/// A number, and whether it has a minus.
fn component(text: &str, digits_max: usize) -> Option<(bool, i64)> {
    let (is_negative, digits) = digits(text, digits_max)?;
    Some((is_negative, digits.parse().ok()?))
}

/// Digits alone, and whether a minus was before them.
fn digits(text: &str, max: usize) -> Option<(bool, &str)> {
    let digits = text.strip_prefix('-');
    let is_negative = digits.is_some();
    let digits = digits.unwrap_or(text);
    let are_digits = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    (are_digits && digits.len() <= max).then_some((is_negative, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_read_in_every_form_that_occurs() {
        for (word, expected) in [
            ("00:00:01.000", Some(1_000)),
            ("0:0:5.320", Some(5_320)),
            ("0:0:0.0", Some(0)),
            ("01:02", Some(62_000)),
            ("01:02,5", Some(62_500)),
            ("00:00:03.1234567", Some(3_123)),
            ("100:00:00.000", Some(360_000_000)),
            ("999999999:00:00", Some(3_599_999_996_400_000)),
            ("-00:00:03.120", Some(-3_120)),
            ("0:0:-3.-120", Some(-3_120)),
            ("1234567890:00:00.000", None),
            ("00:00:00:00", None),
            ("00:001:00", None),
            ("12", None),
            ("1:", None),
            ("00:00:01.", None),
            ("00:00:+1", None),
            ("00:00:٣", None),
            ("", None),
        ] {
            assert_eq!(timestamp(word), expected, "{word}");
        }
    }

    #[test]
    fn a_line_is_a_timing_only_if_it_begins_with_one() {
        let timing = Timing {
            start: 1_000,
            end: 2_000,
        };
        for (line, rest) in [
            ("00:01.000 --> 00:02.000", ""),
            (" 00:01.000-->00:02.000\t", ""),
            ("00:01.000 --> 00:02.000 align:start line:0%", ""),
            ("00:01.000 --> 00:02.000 well then", "well then"),
        ] {
            assert_eq!(Timing::of_line(line), Some((timing, rest)), "{line}");
        }
        for line in [
            "from 00:01.000 --> 00:02.000",
            "00:01.000 -> 00:02.000",
            "00:01.000 --> later",
            "999999999:59:59.999 --> 00:02.000",
            "00:01.000 --> 999999999:60:00.000",
            "-->",
            "",
        ] {
            assert_eq!(Timing::of_line(line), None, "{line}");
        }
    }
}
