//! Reading single fields of a command; what is wrong is noted, not returned.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Utc};

use super::command::DURATION_MINUTES;
use crate::address::WebLink;
use crate::cadence::Frequency;
use crate::control::YEARS;
use crate::error::Violations;
use crate::text;
use crate::zone::Zone;

pub(crate) fn check_texts(
    title: Option<&str>,
    description: Option<&str>,
    location: Option<&str>,
    wrong: &mut Violations,
) {
    if let Some(title) = title {
        text::check_title(title, "/title", wrong);
    }
    if let Some(description) = description {
        text::check_description(description, "/description", wrong);
    }
    if let Some(location) = location {
        text::check_location(location, "/location", wrong);
    }
}

pub(super) fn parse_frequency(word: &str, wrong: &mut Violations) -> Option<Frequency> {
    wrong.keep(
        "/frequency",
        "unknown_frequency",
        word.parse::<Frequency>()
            .map_err(|_| "use DAILY, WEEKLY, MONTHLY, QUARTERLY or ANNUAL"),
    )
}

pub(crate) fn parse_zone(name: &str, wrong: &mut Violations) -> Option<Zone> {
    wrong.keep("/timezone", "unknown_timezone", Zone::parse(name))
}

pub(crate) fn parse_duration(minutes: i64, wrong: &mut Violations) -> Option<u32> {
    let in_range = DURATION_MINUTES
        .contains(&minutes)
        .then(|| u32::try_from(minutes).ok())
        .flatten();
    wrong.keep(
        "/duration_minutes",
        "out_of_range",
        in_range.ok_or("between 1 and 1440 minutes"),
    )
}

pub(crate) fn parse_link(link: Option<&str>, wrong: &mut Violations) -> Option<WebLink> {
    link.and_then(|link| wrong.keep("/join_url", "invalid_link", WebLink::parse(link)))
}

pub(crate) const START_FORMS: &str =
    "give a local date-time such as 2027-01-15T09:00, or an instant such as 2027-01-15T14:00:00Z";

pub(super) fn parse_start(
    text: &str,
    zone: &Zone,
    wrong: &mut Violations,
) -> Option<NaiveDateTime> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let start = match (local, DateTime::<FixedOffset>::parse_from_rfc3339(text)) {
        (Some(local), _) => Ok(local),
        (None, Ok(instant)) => local_start(instant.with_timezone(&Utc), zone),
        (None, Err(_)) => Err(START_FORMS.to_owned()),
    };
    let start = wrong.keep("/start", "invalid_start", start)?;
    if !YEARS.contains(&start.year()) {
        wrong.add(
            "/start",
            "out_of_range",
            format!("a year from {} to {}", YEARS.start(), YEARS.end()),
        );
        return None;
    }
    Some(start)
}

fn local_start(instant: DateTime<Utc>, zone: &Zone) -> Result<NaiveDateTime, String> {
    if instant.timestamp_subsec_nanos() != 0 {
        return Err("whole seconds only".to_owned());
    }
    let local = zone.local(instant);
    if zone.instant(local) == instant {
        Ok(local)
    } else {
        Err(format!(
            "{local} occurs twice in {zone}; only its first pass can recur"
        ))
    }
}
