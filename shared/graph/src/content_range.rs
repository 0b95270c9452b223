//! Octet ranges: what is asked for by `Range`, and what `Content-Range` says of
//! an answer (RFC 9110, §14).
//!
//! Guarantee: an answer's octets are taken only when they begin where the request
//! asked them to begin and do not reach beyond it.

use reqwest::header::{CONTENT_RANGE, HeaderMap};

/// Which octets of a recording are asked for; the last one is included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentRange {
    /// All of them, without a `Range` header.
    Whole,
    /// From this one to the end.
    From(u64),
    /// From one to another, or to the end if that comes first.
    Between {
        /// The first octet, counted from 0.
        first: u64,
        /// The last octet, itself included.
        last: u64,
    },
    /// As many at the end; all of them if there are fewer.
    Suffix(u64),
}

impl ContentRange {
    /// The `Range` header; `None` for the whole.
    pub(crate) fn header(self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::From(first) => Some(format!("bytes={first}-")),
            Self::Between { first, last } => Some(format!("bytes={first}-{last}")),
            Self::Suffix(octets) => Some(format!("bytes=-{octets}")),
        }
    }

    /// Whether it names an octet at all.
    pub(crate) fn is_sensible(self) -> bool {
        match self {
            Self::Whole | Self::From(_) => true,
            Self::Between { first, last } => first <= last,
            Self::Suffix(octets) => octets > 0,
        }
    }

    /// Whether a partial answer may hold these octets.
    pub(crate) fn allows(self, part: Part) -> bool {
        match self {
            Self::Whole => part.first == 0 && part.reaches_end(),
            Self::From(first) => part.first == first,
            Self::Between { first, last } => part.first == first && part.last <= last,
            Self::Suffix(octets) => {
                part.length() <= octets && (part.total.is_none() || part.reaches_end())
            }
        }
    }
}

/// What `Content-Range` says of a partial answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) first: u64,
    /// Included, and below `u64::MAX`.
    pub(crate) last: u64,
    /// The length of the whole, unless it is `*`.
    pub(crate) total: Option<u64>,
}

impl Part {
    /// Reads `bytes 0-99/200` and `bytes 0-99/*`.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let (range, total) = content_range(headers)?;
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let total = match total {
            "*" => None,
            known => Some(number(known)?),
        };
        let fits = first <= last && last < u64::MAX && total.is_none_or(|total| last < total);
        fits.then_some(Self { first, last, total })
    }

    pub(crate) fn length(self) -> u64 {
        self.last - self.first + 1
    }

    fn reaches_end(self) -> bool {
        self.total == Some(self.last + 1)
    }
}

/// The length of the whole that a 416 tells by `bytes */200`.
pub(crate) fn unsatisfied_total(headers: &HeaderMap) -> Option<u64> {
    match content_range(headers)? {
        ("*", total) => number(total),
        _ => None,
    }
}

/// The two sides of the slash, in the only unit there is.
fn content_range(headers: &HeaderMap) -> Option<(&str, &str)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
    let (unit, rest) = text.split_once(' ')?;
    let (range, total) = rest.split_once('/')?;
    unit.eq_ignore_ascii_case("bytes")
        .then_some((range.trim(), total.trim()))
}

/// Digits alone: `parse` would take a sign too.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_range: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, content_range.parse().unwrap());
        headers
    }

    fn part(first: u64, last: u64, total: Option<u64>) -> Part {
        Part { first, last, total }
    }

    /// OM-9: the header says what the octets are, with the whole's length or without it.
    #[test]
    fn content_range_is_read_with_and_without_a_total() {
        for (text, expected) in [
            ("bytes 0-0/1", Some(part(0, 0, Some(1)))),
            ("bytes 5-9/200", Some(part(5, 9, Some(200)))),
            ("Bytes 5-9/*", Some(part(5, 9, None))),
            ("bytes 5-9/9", None),
            ("bytes 9-5/200", None),
            ("bytes */200", None),
            ("bytes 5-/200", None),
            ("bytes +5-9/200", None),
            ("bytes 5-18446744073709551615/*", None),
            ("bytes 5-99999999999999999999/*", None),
            ("items 5-9/200", None),
            ("", None),
        ] {
            assert_eq!(Part::of(&headers(text)), expected, "{text}");
        }
        assert_eq!(Part::of(&HeaderMap::new()), None);
    }

    #[test]
    fn a_416_tells_the_length_or_nothing() {
        assert_eq!(unsatisfied_total(&headers("bytes */200")), Some(200));
        for nothing in ["bytes */*", "bytes 0-1/2", "*/200", "bytes */-1"] {
            assert_eq!(unsatisfied_total(&headers(nothing)), None, "{nothing}");
        }
    }

    /// OM-9: octets from another place would be stored or played in the wrong order.
    #[test]
    fn only_octets_that_were_asked_for_are_allowed() {
        let whole = part(0, 9, Some(10));
        let middle = part(4, 6, Some(10));
        let end = part(7, 9, Some(10));
        let unknown = part(7, 9, None);
        let between = |first, last| ContentRange::Between { first, last };
        for (range, allowed, refused) in [
            (ContentRange::Whole, whole, vec![middle, unknown]),
            (ContentRange::From(4), middle, vec![whole, end]),
            (between(4, 8), middle, vec![whole, end]),
            (between(4, 6), middle, vec![part(4, 7, Some(10))]),
            (ContentRange::Suffix(3), end, vec![whole, middle]),
            (ContentRange::Suffix(3), unknown, vec![part(6, 9, None)]),
            (ContentRange::Suffix(30), whole, vec![middle]),
        ] {
            assert!(range.allows(allowed), "{range:?} {allowed:?}");
            for part in refused {
                assert!(!range.allows(part), "{range:?} {part:?}");
            }
        }
    }
}
