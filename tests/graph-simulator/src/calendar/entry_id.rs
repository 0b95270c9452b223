//! The ids of calendar entries. An id names the mailbox it belongs to, the
//! event, and for an occurrence its original date; clients must treat it as
//! opaque, and it looks like it.
//!
//! graph-protocol §2: immutable and default ids differ, and both are
//! case-sensitive.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

const IMMUTABLE_PREFIX: &str = "AAkALgAA";
const DEFAULT_PREFIX: &str = "AAMkADNk";

/// Which of its two ids an entry is shown under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdForm {
    /// Changes when the item moves to another folder.
    Default,
    /// Asked for by `Prefer: IdType="ImmutableId"`.
    Immutable,
}

/// What an id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryId {
    /// Object id of the mailbox whose entry it is.
    pub(crate) mailbox: Uuid,
    pub(crate) event: Uuid,
    /// The original local date of an occurrence; none: the event or the series.
    pub(crate) occurrence: Option<NaiveDate>,
}

impl EntryId {
    pub(crate) fn encode(self, form: IdForm) -> String {
        let day = self.occurrence.map_or(0, |date| date.num_days_from_ce());
        let mut bytes = Vec::with_capacity(36);
        bytes.extend(self.event.as_bytes());
        bytes.extend(day.to_be_bytes());
        bytes.extend(self.mailbox.as_bytes());
        // An odd length, so that ids end in `=` as Exchange's do.
        bytes.push(0);
        let prefix = match form {
            IdForm::Immutable => IMMUTABLE_PREFIX,
            IdForm::Default => DEFAULT_PREFIX,
        };
        format!("{prefix}{}", URL_SAFE.encode(bytes))
    }

    /// None for what this simulator never gave out.
    pub(crate) fn decode(text: &str) -> Option<(Self, IdForm)> {
        let (form, rest) = match text.strip_prefix(IMMUTABLE_PREFIX) {
            Some(rest) => (IdForm::Immutable, rest),
            None => (IdForm::Default, text.strip_prefix(DEFAULT_PREFIX)?),
        };
        let bytes: [u8; 37] = URL_SAFE.decode(rest).ok()?.try_into().ok()?;
        let day = i32::from_be_bytes(bytes[16..20].try_into().ok()?);
        let occurrence = match day {
            0 => None,
            day => Some(NaiveDate::from_num_days_from_ce_opt(day)?),
        };
        let id = Self {
            event: Uuid::from_slice(&bytes[..16]).ok()?,
            mailbox: Uuid::from_slice(&bytes[20..36]).ok()?,
            occurrence,
        };
        (bytes[36] == 0).then_some((id, form))
    }
}

#[cfg(test)]
mod tests {
    use super::{EntryId, IdForm};
    use chrono::NaiveDate;
    use uuid::Uuid;

    #[test]
    fn an_id_survives_the_round_trip_in_both_forms() {
        let id = EntryId {
            mailbox: Uuid::from_u128(7),
            event: Uuid::from_u128(8),
            occurrence: NaiveDate::from_ymd_opt(2026, 11, 2),
        };
        for form in [IdForm::Default, IdForm::Immutable] {
            let text = id.encode(form);
            assert_eq!(EntryId::decode(&text), Some((id, form)));
            assert_ne!(EntryId::decode(&text.to_lowercase()), Some((id, form)));
        }
        assert_ne!(id.encode(IdForm::Default), id.encode(IdForm::Immutable));
        assert_eq!(EntryId::decode("AAkALgAA"), None);
        assert_eq!(EntryId::decode("é"), None);
    }
}
