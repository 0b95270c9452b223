//! The files that the readers get, and what they should make of them.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::cadence::{Cadence, Frequency, Occurrence};
use convoke_domain::ics::{
    Attendee, CalendarEvent, EventStatus, JoinLink, Method, OnlineService, Organizer,
    Participation, Role, Series, Timing, Transparency, write_calendar,
};
use convoke_domain::zone::{LocalTime, Zone};

/// One file with what went into it.
pub struct Sample {
    /// What the sample is about, unique in the corpus.
    pub name: String,
    /// The file's METHOD.
    pub method: Option<Method>,
    /// What was written.
    pub events: Vec<CalendarEvent>,
    /// The file.
    pub ics: String,
    /// The instants from which and before which occurrences are compared.
    pub from: DateTime<Utc>,
    /// See `from`.
    pub to: DateTime<Utc>,
    /// When the meeting takes place in between, in order.
    pub starts: Vec<DateTime<Utc>>,
    /// Those of `starts` whose wall clock the zone skips or repeats.
    pub clock_changes: Vec<DateTime<Utc>>,
}

/// Both hemispheres, shifted rules, rules that no RRULE can say, zones that
/// gave up their clock changes in 2026, half-hour changes, and none at all.
const ZONES: [&str; 13] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Sydney",
    "America/Santiago",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "Asia/Gaza",
    "Africa/Casablanca",
    "America/Vancouver",
    "UTC",
];

/// Days that some month lacks, a few that none lacks, and days before changes.
const DAYS: [&str; 10] = [
    "2026-07-31",
    "2026-11-29",
    "2026-11-30",
    "2026-12-31",
    "2027-01-28",
    "2027-01-29",
    "2027-02-28",
    "2027-03-30",
    "2028-02-29",
    "2027-10-30",
];

/// Every file: recurrence, single occurrences, hostile text.
pub fn corpus() -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for zone in ZONES {
        for day in DAYS {
            for time in ["09:00:00", "02:30:00"] {
                for frequency in Frequency::ALL {
                    samples.push(recurrence(frequency, &format!("{day}T{time}"), zone)?);
                }
            }
        }
    }
    samples.push(ended_series()?);
    samples.push(changed_occurrences()?);
    for (index, text) in HOSTILE.iter().enumerate() {
        for method in [None, Some(Method::Request), Some(Method::Cancel)] {
            samples.push(hostile(index, text, method)?);
        }
    }
    Ok(samples)
}

fn recurrence(frequency: Frequency, anchor: &str, zone: &str) -> Result<Sample> {
    let cadence = cadence(frequency, anchor, zone)?;
    let days = match frequency {
        Frequency::Daily => 420,
        Frequency::Weekly => 800,
        Frequency::Monthly => 4 * 366,
        Frequency::Quarterly => 6 * 366,
        Frequency::Annual => 9 * 366,
    };
    let from = cadence.occurrence(0).context("a first occurrence")?.start;
    let end = from + TimeDelta::days(days);
    let occurrences: Vec<Occurrence> = cadence
        .occurrences_from(0)
        .take_while(|occurrence| occurrence.start < end)
        .collect();
    // Half a day from any occurrence, so that no reader's hour crosses the end.
    let to = occurrences.last().context("a last occurrence")?.start + TimeDelta::hours(12);
    let name = format!("{frequency} from {anchor} in {zone}");
    let timing = Timing::Series(Series::endless(cadence));
    let events = vec![CalendarEvent {
        timing,
        ..meeting()?
    }];
    sample(name, None, events, (from, to), &occurrences)
}

fn sample(
    name: String,
    method: Option<Method>,
    events: Vec<CalendarEvent>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    occurrences: &[Occurrence],
) -> Result<Sample> {
    let ics = write_calendar(method, &events)?;
    let zone = events[0].timing.zone().clone();
    let is_odd = |occurrence: &&Occurrence| {
        !matches!(
            zone.resolve(occurrence.original_local),
            LocalTime::Unique(_)
        )
    };
    let clock_changes = occurrences.iter().filter(is_odd).map(|o| o.start).collect();
    let starts = occurrences.iter().map(|o| o.start).collect();
    Ok(Sample {
        name,
        method,
        events,
        ics,
        from,
        to,
        starts,
        clock_changes,
    })
}

/// UNTIL on an instance that an RDATE gives, and two dates left out.
fn ended_series() -> Result<Sample> {
    let cadence = cadence(Frequency::Monthly, "2026-11-30T09:00:00", "Europe/Berlin")?;
    let occurrences: Vec<Occurrence> = cadence.occurrences_from(0).take(28).collect();
    let (last, left_out) = (&occurrences[27], [3, 7]);
    let kept: Vec<Occurrence> = occurrences
        .iter()
        .filter(|o| !left_out.contains(&o.index))
        .copied()
        .collect();
    let window = (occurrences[0].start, last.start + TimeDelta::days(800));
    let series = Series {
        cadence,
        last: Some(last.index),
        excluded: left_out
            .iter()
            .map(|n| occurrences[*n as usize].date())
            .collect(),
    };
    let events = vec![CalendarEvent {
        timing: Timing::Series(series),
        ..meeting()?
    }];
    sample(
        "a series that ends, with dates left out".to_owned(),
        None,
        events,
        window,
        &kept,
    )
}

/// One occurrence later on its day, one a week late, one under another title.
fn changed_occurrences() -> Result<Sample> {
    let cadence = cadence(
        Frequency::Monthly,
        "2027-01-31T09:00:00",
        "Australia/Sydney",
    )?;
    let zone = cadence.zone().clone();
    let mut occurrences: Vec<Occurrence> = cadence.occurrences_from(0).take(20).collect();
    let first = occurrences[0].start;
    let series = Timing::Series(Series::endless(cadence));
    let mut events = vec![CalendarEvent {
        timing: series,
        ..meeting()?
    }];
    for (index, hours) in [(1, 3), (4, 24 * 7), (8, 0)] {
        let original = occurrences[index].original_local;
        let start = original + TimeDelta::hours(hours);
        occurrences[index].start = zone.instant(start);
        let timing = Timing::Occurrence {
            original,
            start,
            zone: zone.clone(),
        };
        let summary = format!("Another title {index}");
        events.push(CalendarEvent {
            timing,
            summary,
            ..meeting()?
        });
    }
    let end = occurrences[19].start + TimeDelta::seconds(1);
    sample(
        "occurrences that differ".to_owned(),
        None,
        events,
        (first, end),
        &occurrences,
    )
}

/// Texts made to end their line, their property, their parameter or a fold.
const HOSTILE: [&str; 12] = [
    "plain",
    "commas, semicolons; colons: and \\backslashes\\ \\n \\, \\;",
    "quotes \"here\" and ^carets^ ^n ^' ^^ 'there'",
    "line\r\nline\rline\nline\r\n\r\nATTENDEE:mailto:evil@example.org\r\nX:",
    "\";CN=x:mailto:evil@example.org\r\nATTENDEE;CN=\"y",
    "nul\0bell\u{7}escape\u{1b}delete\u{7f}next line\u{85}tab\tend",
    "separators\u{2028}of\u{2029}Unicode\u{feff}",
    "END:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR",
    "👩‍👩‍👧 😀 é e\u{301} 会議室 مرحبا בוקר טוב \u{202e}gnp.exe\u{202c}",
    "a very long text, with no place to fold it: äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü\
     äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü",
    "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\,;\n\n\n",
    "=:;,?&%41 mailto:x@example.org {} [] <b>html</b> &amp;",
];

fn hostile(index: usize, text: &str, method: Option<Method>) -> Result<Sample> {
    let cadence = cadence(Frequency::Weekly, "2027-01-04T09:00:00", "America/New_York")?;
    let occurrences: Vec<Occurrence> = cadence.occurrences_from(0).take(60).collect();
    let window = (
        occurrences[0].start,
        occurrences[59].start + TimeDelta::seconds(1),
    );
    let person = |address: &str, role: Role, participation: Participation| -> Result<Attendee> {
        let email = EmailAddress::parse(address)?;
        let name = Some(in_parameter("N", text));
        Ok(Attendee {
            email,
            name,
            role,
            participation,
            rsvp: role != Role::Resource,
        })
    };
    let service = if index.is_multiple_of(2) {
        OnlineService::Teams
    } else {
        OnlineService::Other
    };
    let url = WebLink::parse("https://teams.example/l/meetup-join/19%3ax,y;z%40t/0?a=1&b=(2)#c")?;
    let event = CalendarEvent {
        timing: Timing::Series(Series::endless(cadence)),
        summary: format!("S {text}"),
        description: format!("D {text}").repeat(if index == 3 { 100 } else { 1 }),
        place: (!index.is_multiple_of(3)).then(|| format!("L {text}")),
        join: Some(JoinLink { url, service }),
        organizer: Some(Organizer {
            email: EmailAddress::parse("o'brien+host@example.org")?,
            name: Some(in_parameter("O", text)),
        }),
        attendees: vec![
            person(
                "ada@example.org",
                Role::Required,
                Participation::NeedsAction,
            )?,
            person(
                "R&D_50-x@mail.example.org",
                Role::Optional,
                Participation::Tentative,
            )?,
            person("room@example.org", Role::Resource, Participation::Accepted)?,
        ],
        reminder: true,
        ..meeting()?
    };
    let word = method.map_or("no method", Method::as_str);
    let name = format!("hostile text {index}, {word}");
    sample(name, method, vec![event], window, &occurrences)
}

/// Both readers take a backslash in a parameter for an escape of TEXT, which
/// RFC 5545 has not there; backslashes in names are proved in convoke-domain.
fn in_parameter(prefix: &str, text: &str) -> String {
    format!("{prefix} {}", text.replace('\\', "/"))
}

fn cadence(frequency: Frequency, anchor: &str, zone: &str) -> Result<Cadence> {
    let anchor: NaiveDateTime = anchor.parse()?;
    Ok(Cadence::new(frequency, anchor, Zone::parse(zone)?)?)
}

fn meeting() -> Result<CalendarEvent> {
    let stamp: DateTime<Utc> = "2026-11-21T08:00:00Z".parse()?;
    let start: NaiveDateTime = "2027-01-04T09:00:00".parse()?;
    Ok(CalendarEvent {
        uid: "0198c1b2-7a3e-7c11-9d4e-2f6a5b8c9d10@convoke.example".to_owned(),
        stamp,
        sequence: 7,
        timing: Timing::Once {
            start,
            zone: Zone::utc(),
        },
        duration_minutes: 45,
        summary: "Scope Review".to_owned(),
        description: String::new(),
        place: None,
        join: None,
        status: EventStatus::Confirmed,
        transparency: Transparency::Opaque,
        created: Some(stamp),
        last_modified: Some(stamp),
        categories: Vec::new(),
        organizer: None,
        attendees: Vec::new(),
        reminder: false,
    })
}
