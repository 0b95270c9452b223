//! `Range` (RFC 9110, section 14): one range of octets; several, and what is none,
//! are left aside as the RFC allows.

use convoke_services::teams::ByteRange;

/// The range that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// From an octet to the end.
    From(u64),
    /// From one to another, both included.
    Between { first: u64, last: u64 },
    /// So many at the end.
    Suffix(u64),
}

/// Octets that an answer holds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Part {
    /// How many octets.
    pub(super) const fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

impl Asked {
    /// Reads a header's value; `None`: as if there were none.
    pub(super) fn read(value: &str) -> Option<Self> {
        let (unit, set) = value.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let mut ranges = set.split(',').map(str::trim).filter(|one| !one.is_empty());
        let range = ranges.next()?;
        if ranges.next().is_some() {
            return None;
        }
        let (first, last) = range.split_once('-')?;
        match (first, last) {
            ("", octets) => number(octets).map(Self::Suffix),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between { first, last })
            }
        }
    }

    /// What of it there is, up to `limit` octets; `None`: nothing (416).
    pub(super) fn within(self, total: u64, limit: u64) -> Option<Part> {
        let end = total.checked_sub(1)?;
        let (first, last) = match self {
            Self::From(first) => (first, end),
            Self::Between { first, last } => (first, last.min(end)),
            Self::Suffix(0) => return None,
            Self::Suffix(octets) => (total.saturating_sub(octets), end),
        };
        let capped = last.min(first.saturating_add(limit - 1));
        (first <= end).then_some(Part {
            first,
            last: capped,
        })
    }

    /// What to ask Microsoft for, before the length is known.
    pub(super) fn to_fetch(self, limit: u64) -> ByteRange {
        match self {
            Self::From(first) => ByteRange::Between {
                first,
                last: first.saturating_add(limit - 1),
            },
            Self::Between { first, last } => ByteRange::Between {
                first,
                last: last.min(first.saturating_add(limit - 1)),
            },
            // Nothing, of which the answer has to tell the length.
            Self::Suffix(0) => ByteRange::Between { first: 0, last: 0 },
            Self::Suffix(octets) => ByteRange::Suffix(octets),
        }
    }
}

/// Digits; a number beyond all lengths is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// OM-9: open, closed and suffix ranges are read, in any spelling that the RFC
    /// allows.
    #[test]
    fn a_single_range_is_read() {
        for (value, asked) in [
            ("bytes=0-", Asked::From(0)),
            ("Bytes=5-", Asked::From(5)),
            ("bytes=0-0", Asked::Between { first: 0, last: 0 }),
            ("bytes= 2-9 ,", Asked::Between { first: 2, last: 9 }),
            ("bytes=-500", Asked::Suffix(500)),
            ("bytes=99999999999999999999-", Asked::From(u64::MAX)),
        ] {
            assert_eq!(Asked::read(value), Some(asked), "{value:?}");
        }
    }

    /// OM-9: what is no range, or several, is left aside.
    #[test]
    fn several_and_malformed_ranges_are_left_aside() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1-x",
            "bytes=5-2",
            "bytes=+1-2",
            "bytes=0-1,3-4",
            "bytes=0-1, -1",
            "items=0-1",
            "bytes 0-1",
            "bytes=0--1",
            "bytes=1 -2",
            "bytes=0x1-2",
            "bytes=١-٢",
        ] {
            assert_eq!(Asked::read(value), None, "{value:?}");
        }
    }

    fn any_asked() -> impl Strategy<Value = Asked> {
        let octet = prop_oneof![0..50u64, 0..5_000_000_000u64, Just(u64::MAX)];
        prop_oneof![
            octet.clone().prop_map(Asked::From),
            (octet.clone(), octet.clone()).prop_map(|(one, other)| Asked::Between {
                first: one.min(other),
                last: one.max(other),
            }),
            octet.prop_map(Asked::Suffix),
        ]
    }

    fn written(asked: Asked) -> String {
        match asked {
            Asked::From(first) => format!("bytes={first}-"),
            Asked::Between { first, last } => format!("bytes={first}-{last}"),
            Asked::Suffix(octets) => format!("bytes=-{octets}"),
        }
    }

    proptest! {
        /// OM-9: whatever is sent is read or left aside.
        #[test]
        fn any_text_is_read_or_left_aside(text in "\\PC{0,40}", set in "[-0-9, ]{0,20}") {
            let _ = Asked::read(&text);
            if let Some(asked) = Asked::read(&format!("bytes={set}")) {
                prop_assert_eq!(Asked::read(&written(asked)), Some(asked));
            }
        }

        /// OM-9: a part lies within the recording and under the limit, and is what
        /// was asked for as far as it goes.
        #[test]
        fn a_part_is_within_the_recording_and_the_limit(
            asked in any_asked(), total in 0..5_000_000_000u64, limit in 1..300_000_000u64,
        ) {
            prop_assert_eq!(Asked::read(&written(asked)), Some(asked));
            let is_there = match asked {
                Asked::From(first) | Asked::Between { first, .. } => first < total,
                Asked::Suffix(octets) => octets > 0 && total > 0,
            };
            let part = asked.within(total, limit);
            prop_assert_eq!(part.is_some(), is_there);
            let Some(part) = part else { return Ok(()) };
            prop_assert!(part.first <= part.last && part.last < total);
            prop_assert!(part.length() <= limit);
            let (first, last) = match asked {
                Asked::From(first) => (first, total - 1),
                Asked::Between { first, last } => (first, last.min(total - 1)),
                Asked::Suffix(octets) => (total.saturating_sub(octets), total - 1),
            };
            prop_assert_eq!(part.first, first);
            prop_assert_eq!(part.length(), limit.min(last - first + 1));
        }

        /// OM-9: whoever goes on where an answer ended gets every octet once.
        #[test]
        fn answers_one_after_the_other_make_the_whole(
            total in 1..100_000u64, limit in 1_000..100_000u64,
        ) {
            let mut at = 0;
            while at < total {
                let part = Asked::From(at).within(total, limit);
                prop_assert_eq!(part.map(|part| part.first), Some(at));
                at = part.map_or(total, |part| part.last + 1);
            }
            prop_assert_eq!(at, total);
            prop_assert_eq!(Asked::From(at).within(total, limit), None);
        }

        /// What Microsoft is asked for before the length is known holds the part.
        #[test]
        fn what_is_fetched_holds_the_part(
            asked in any_asked(), total in 1..5_000_000_000u64, limit in 1..300_000_000u64,
        ) {
            let Some(part) = asked.within(total, limit) else { return Ok(()) };
            match asked.to_fetch(limit) {
                ByteRange::Between { first, last } => {
                    prop_assert_eq!(first, part.first);
                    prop_assert!(last >= part.last && last - first < limit);
                }
                ByteRange::Suffix(octets) => {
                    prop_assert_eq!(total.saturating_sub(octets), part.first);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
