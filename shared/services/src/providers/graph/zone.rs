//! Zone names that Graph understands.
//!
//! Graph takes Windows names and only some IANA names. A Windows name is sent
//! only when the zone it stands for keeps the same clock as the meeting's over
//! the coming years: tables of names age (British Columbia left "Pacific
//! Standard Time" in November 2026), and a series in the wrong zone is an hour
//! off half the year.

use chrono::{DateTime, TimeDelta, Utc};
use convoke_domain::zone::Zone;
use localzone::{iana_to_win_zone, win_zone_to_iana};

/// How far ahead two zones must agree.
const AHEAD: TimeDelta = TimeDelta::days(5 * 366);
/// No zone changes its clock for less than this.
const STEP: TimeDelta = TimeDelta::days(3);

/// The name to send for a zone, for events from `from` on.
pub(super) fn graph_zone_name(zone: &Zone, from: DateTime<Utc>) -> String {
    if zone.is_utc() {
        return "UTC".to_owned();
    }
    let own =
        windows_name(zone).filter(|(_, stands_for)| keep_the_same_clock(zone, stands_for, from));
    own.or_else(|| {
        Zone::all()
            .filter_map(|other| windows_name(&other).filter(|(_, stands_for)| *stands_for == other))
            .find(|(_, stands_for)| keep_the_same_clock(zone, stands_for, from))
    })
    .map_or_else(|| zone.name().to_owned(), |(name, _)| name.to_owned())
}

/// The Windows name that CLDR gives a zone, and the zone it stands for.
fn windows_name(zone: &Zone) -> Option<(&'static str, Zone)> {
    let (name, _) = iana_to_win_zone(zone.name())?;
    Some((name, Zone::parse(win_zone_to_iana(name, None)?).ok()?))
}

fn keep_the_same_clock(one: &Zone, other: &Zone, from: DateTime<Utc>) -> bool {
    if one == other {
        return true;
    }
    let steps = i32::try_from(AHEAD.num_days() / STEP.num_days()).unwrap_or(i32::MAX);
    (0..steps)
        .map(|n| from + STEP * n)
        .all(|at| one.offset_seconds(at) == other.offset_seconds(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(zone: &str) -> String {
        graph_zone_name(
            &Zone::parse(zone).unwrap(),
            "2026-12-01T12:00:00Z".parse().unwrap(),
        )
    }

    /// CM-5, CM-10: Graph's series is in a zone that Graph knows by that name.
    #[test]
    fn common_zones_have_the_names_that_outlook_shows() {
        for (zone, name) in [
            ("Europe/Berlin", "W. Europe Standard Time"),
            ("Europe/Madrid", "Romance Standard Time"),
            ("America/New_York", "Eastern Standard Time"),
            ("Australia/Sydney", "AUS Eastern Standard Time"),
            ("Asia/Kolkata", "India Standard Time"),
            ("Etc/UTC", "UTC"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(name_of(zone), name, "{zone}");
        }
    }

    /// CM-5: a name whose zone keeps another clock is never sent.
    #[test]
    fn a_name_that_has_aged_is_not_sent() {
        for zone in [
            "America/Vancouver",
            "America/Edmonton",
            "America/Winnipeg",
            "Africa/Casablanca",
            "US/Eastern",
        ] {
            let sent = name_of(zone);
            let stands_for = win_zone_to_iana(&sent, None).unwrap_or(zone);
            let from = "2026-12-01T12:00:00Z".parse().unwrap();
            assert!(
                keep_the_same_clock(
                    &Zone::parse(zone).unwrap(),
                    &Zone::parse(stands_for).unwrap(),
                    from
                ),
                "{zone} as {sent}"
            );
        }
        assert_ne!(name_of("America/Vancouver"), "Pacific Standard Time");
    }

    /// CM-5: nearly every zone of the database has such a name.
    #[test]
    fn few_zones_go_by_their_own_name() {
        let own: Vec<_> = Zone::all()
            .filter(|zone| name_of(zone.name()) == zone.name())
            .collect();
        let own = own
            .into_iter()
            .filter(|zone| !zone.is_utc())
            .collect::<Vec<_>>();
        assert!(own.len() < 30, "{own:?}");
    }
}
