//! Events to write: plain ones to vary by hand, hostile ones for properties.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::cadence::{Cadence, Frequency};
use convoke_domain::ics::{
    Attendee, CalendarEvent, EventStatus, JoinLink, OnlineService, Organizer, Participation, Role,
    Series, Timing, Transparency,
};
use convoke_domain::zone::Zone;
use proptest::prelude::*;

pub(crate) fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

pub(crate) fn local(text: &str) -> NaiveDateTime {
    text.parse().expect("a local time")
}

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

pub(crate) fn cadence(frequency: Frequency, anchor: &str, name: &str) -> Cadence {
    Cadence::new(frequency, local(anchor), zone(name)).expect("a series")
}

/// An hour in Berlin, with nothing that need not be there.
pub(crate) fn plain() -> CalendarEvent {
    CalendarEvent {
        uid: "m-1@convoke.example".to_owned(),
        stamp: utc("2026-11-21T08:00:00Z"),
        sequence: 0,
        timing: Timing::Once {
            start: local("2027-01-15T09:00:00"),
            zone: zone("Europe/Berlin"),
        },
        duration_minutes: 60,
        summary: "Scope Review".to_owned(),
        description: String::new(),
        place: None,
        join: None,
        status: EventStatus::Confirmed,
        transparency: Transparency::Opaque,
        created: None,
        last_modified: None,
        categories: Vec::new(),
        organizer: None,
        attendees: Vec::new(),
        reminder: false,
    }
}

pub(crate) fn recurring(cadence: Cadence) -> CalendarEvent {
    CalendarEvent {
        timing: Timing::Series(Series::endless(cadence)),
        ..plain()
    }
}

/// The plain event as a mail needs it.
pub(crate) fn invited() -> CalendarEvent {
    CalendarEvent {
        organizer: Some(Organizer {
            email: email("host@example.org"),
            name: Some("Host".to_owned()),
        }),
        attendees: vec![attendee("ada@example.org", "Ada", Role::Required)],
        ..plain()
    }
}

pub(crate) fn attendee(address: &str, name: &str, role: Role) -> Attendee {
    Attendee {
        email: email(address),
        name: Some(name.to_owned()),
        role,
        participation: Participation::NeedsAction,
        rsvp: true,
    }
}

pub(crate) fn join(service: OnlineService) -> JoinLink {
    let url = WebLink::parse("https://teams.example/l/meetup-join/19%3ax,y;z?a=1&b=(2)");
    JoinLink {
        url: url.expect("a link"),
        service,
    }
}

/// Text made to break out: of lines, of properties, of parameters, of folds.
pub(crate) fn hostile_text() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        2 => "[ -~]{0,40}",
        4 => proptest::sample::select(vec![
            "\r\n", "\r", "\n", "\0", "\"", "^", "^n", "^'", ",", ";", ":", "\\", "\\n", "\\\\", "\t",
            " ", "\u{7f}", "\u{85}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{202e}", "مرحبا", "שלום",
            "😀", "👩\u{200d}👩\u{200d}👧", "é", "e\u{301}", "END:VEVENT", "\r\nATTENDEE:mailto:evil@example.org",
            "\r\n ", "\n\t", "BEGIN:VALARM\r\n", "\";CN=x:mailto:evil@example.org\r\nX:", "a=b;c=d:e",
        ]).prop_map(str::to_owned),
    ];
    let parts = proptest::collection::vec(fragment, 0..24);
    // Now and then ten kilobytes of it.
    (parts, prop_oneof![9 => Just(1_usize), 1 => Just(60_usize)])
        .prop_map(|(parts, times)| parts.concat().repeat(times).chars().take(10_240).collect())
}

fn hostile_email() -> impl Strategy<Value = EmailAddress> {
    "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\\.[a-z0-9]{1,10}){0,2}@[a-z]{1,10}(\\.[a-z]{2,10}){1,3}"
        .prop_map(|text| email(&text))
}

fn hostile_link() -> impl Strategy<Value = JoinLink> {
    let service = prop_oneof![Just(OnlineService::Teams), Just(OnlineService::Other)];
    (
        "https://[a-z]{1,20}\\.example/[!#-;=?-Z_a-z~]{0,200}",
        service,
    )
        .prop_map(|(url, service)| JoinLink {
            url: WebLink::parse(&url).expect("a link"),
            service,
        })
}

fn hostile_attendee() -> impl Strategy<Value = Attendee> {
    let role = prop_oneof![
        Just(Role::Required),
        Just(Role::Optional),
        Just(Role::Resource)
    ];
    let participation = prop_oneof![
        Just(Participation::NeedsAction),
        Just(Participation::Accepted),
        Just(Participation::Declined),
        Just(Participation::Tentative),
    ];
    let name = proptest::option::of(hostile_text());
    (hostile_email(), name, role, participation, any::<bool>()).prop_map(
        |(email, name, role, participation, rsvp)| Attendee {
            email,
            name,
            role,
            participation,
            rsvp,
        },
    )
}

pub(crate) fn any_frequency() -> impl Strategy<Value = Frequency> {
    proptest::sample::select(Frequency::ALL.to_vec())
}

pub(crate) fn any_zone() -> impl Strategy<Value = Zone> {
    proptest::sample::select(Zone::all().collect::<Vec<_>>())
}

/// Local times of the years that matter, month ends more often than not.
pub(crate) fn any_local() -> impl Strategy<Value = NaiveDateTime> {
    let day = prop_oneof![1_u32..=31, 28_u32..=31];
    let minute = prop_oneof![0_u32..24 * 60, (0_u32..8).prop_map(|half| half * 30)];
    (2024_i32..2036, 1_u32..=12, day, minute).prop_map(|(year, month, day, minute)| {
        let date = (0..4)
            .find_map(|back| NaiveDate::from_ymd_opt(year, month, day - back))
            .expect("a month has 28 days");
        date.and_hms_opt(minute / 60, minute % 60, 0)
            .expect("a time")
    })
}

/// A cadence whose anchor exists in its zone.
pub(crate) fn any_cadence() -> impl Strategy<Value = Cadence> {
    (any_frequency(), any_local(), any_zone())
        .prop_filter_map("skipped by the clocks", |(f, anchor, zone)| {
            Cadence::new(f, anchor, zone).ok()
        })
}

fn any_timing() -> impl Strategy<Value = Timing> {
    let series = (any_cadence(), proptest::option::of(0_u32..50), 0_u32..40).prop_map(
        |(cadence, last, excluded)| {
            let excluded = cadence
                .occurrence(excluded)
                .map(|o| o.date())
                .into_iter()
                .collect();
            Timing::Series(Series {
                cadence,
                last,
                excluded,
            })
        },
    );
    let once = any_cadence().prop_map(|c| Timing::Once {
        start: c.anchor(),
        zone: c.zone().clone(),
    });
    let moved = any_cadence().prop_map(|c| Timing::Occurrence {
        original: c.anchor() - chrono::TimeDelta::days(1),
        start: c.anchor(),
        zone: c.zone().clone(),
    });
    prop_oneof![3 => series, 1 => once, 1 => moved]
}

/// An event every text of which is hostile.
pub(crate) fn hostile_event() -> impl Strategy<Value = CalendarEvent> {
    let texts = (
        hostile_text(),
        hostile_text(),
        proptest::option::of(hostile_text()),
    );
    let people = (
        proptest::option::of((hostile_email(), proptest::option::of(hostile_text()))),
        proptest::collection::vec(hostile_attendee(), 0..6),
    );
    let rest = (
        any_timing(),
        1_u32..3000,
        any::<u32>(),
        proptest::option::of(hostile_link()),
        proptest::collection::vec(hostile_text(), 0..3),
        any::<bool>(),
    );
    (texts, people, rest).prop_map(|(texts, (organizer, attendees), rest)| {
        let (timing, duration_minutes, sequence, join, categories, reminder) = rest;
        let organizer = organizer.map(|(email, name)| Organizer { email, name });
        CalendarEvent {
            timing,
            duration_minutes,
            sequence,
            join,
            categories,
            reminder,
            organizer,
            attendees,
            summary: texts.0,
            description: texts.1,
            place: texts.2,
            created: Some(utc("2026-01-01T00:00:00Z")),
            last_modified: Some(utc("2026-11-21T00:00:00Z")),
            ..plain()
        }
    })
}
