//! How fast a calendar file is written and a cadence answers.
//!
//! Budget: 50,000 files a second on one core, each with a recurring event, ten
//! attendees and a VTIMEZONE. Run with `cargo bench -p convoke-domain`.

#![allow(
    clippy::expect_used,
    reason = "a benchmark stops at what it did not expect"
)]

use std::hint::black_box;

use chrono::{DateTime, NaiveDateTime, Utc};
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::cadence::{Cadence, Frequency};
use convoke_domain::ics::{
    Attendee, CalendarEvent, EventStatus, JoinLink, Method, OnlineService, Organizer,
    Participation, Role, Series, Timing, Transparency, write_calendar,
};
use convoke_domain::zone::Zone;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn cadence(frequency: Frequency, anchor: &str, zone: &str) -> Cadence {
    let anchor: NaiveDateTime = anchor.parse().expect("a local time");
    Cadence::new(frequency, anchor, Zone::parse(zone).expect("a zone")).expect("a series")
}

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn event(cadence: Cadence) -> CalendarEvent {
    let stamp: DateTime<Utc> = "2026-11-21T08:00:00Z".parse().expect("an instant");
    let url =
        WebLink::parse("https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0");
    let attendee = |n: u32| Attendee {
        email: email(&format!("person{n}@example.org")),
        name: Some(format!("Person Number {n}")),
        role: Role::Required,
        participation: Participation::NeedsAction,
        rsvp: true,
    };
    CalendarEvent {
        uid: "0198c1b2-7a3e-7c11-9d4e-2f6a5b8c9d10@convoke.example".to_owned(),
        stamp,
        sequence: 2,
        timing: Timing::Series(Series::endless(cadence)),
        duration_minutes: 60,
        summary: "Quarterly PCI Scope Review".to_owned(),
        description: "Agenda:\n1. Scope, changes; exceptions\n2. Evidence\n3. Actions".to_owned(),
        place: None,
        join: Some(JoinLink {
            url: url.expect("a link"),
            service: OnlineService::Teams,
        }),
        status: EventStatus::Confirmed,
        transparency: Transparency::Opaque,
        created: Some(stamp),
        last_modified: Some(stamp),
        categories: vec!["Compliance".to_owned()],
        organizer: Some(Organizer {
            email: email("host@example.org"),
            name: None,
        }),
        attendees: (0..10).map(attendee).collect(),
        reminder: true,
    }
}

fn write_files(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("write_calendar");
    group.throughput(Throughput::Elements(1));
    for (name, cadence) in [
        (
            "weekly, rule",
            cadence(Frequency::Weekly, "2027-01-15T09:00:00", "Europe/Berlin"),
        ),
        (
            "on the 30th, rule",
            cadence(Frequency::Quarterly, "2026-11-30T09:00:00", "Europe/Berlin"),
        ),
        (
            "shifted rule",
            cadence(Frequency::Weekly, "2027-01-15T09:00:00", "America/Nuuk"),
        ),
        (
            "no rule",
            cadence(Frequency::Weekly, "2027-01-15T09:00:00", "Africa/Cairo"),
        ),
        (
            "utc",
            cadence(Frequency::Weekly, "2027-01-15T09:00:00", "UTC"),
        ),
    ] {
        let events = [event(cadence)];
        group.bench_function(name, |bencher| {
            bencher.iter(|| write_calendar(Some(Method::Request), black_box(&events)));
        });
    }
    let mut long = event(cadence(
        Frequency::Weekly,
        "2027-01-15T09:00:00",
        "Europe/Berlin",
    ));
    long.description = "Ünïcode, and; \"quotes\"\\\n".repeat((1 << 20) / 28);
    group.throughput(Throughput::Bytes(1 << 20));
    group.bench_function("a megabyte of description", |bencher| {
        bencher.iter(|| write_calendar(None, black_box(std::slice::from_ref(&long))));
    });
    group.finish();
}

fn ask_cadence(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cadence");
    let monthly = cadence(Frequency::Monthly, "2020-01-31T09:00:00", "Europe/Berlin");
    let at: DateTime<Utc> = "2120-06-15T12:00:00Z".parse().expect("an instant");
    group.bench_function("first_at_or_after, a century on", |bencher| {
        bencher.iter(|| monthly.first_at_or_after(black_box(at)));
    });
    group.bench_function("a hundred occurrences", |bencher| {
        bencher.iter(|| black_box(&monthly).occurrences_from(0).take(100).last());
    });
    group.bench_function("Zone::parse", |bencher| {
        bencher.iter(|| Zone::parse(black_box("Europe/Berlin")));
    });
    group.finish();
}

criterion_group!(benches, write_files, ask_cadence);
criterion_main!(benches);
