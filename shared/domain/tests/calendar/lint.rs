//! What every calendar file must be: components in their places, properties
//! as often as they may occur, a VTIMEZONE per TZID. The fuzz target compiles
//! this file too.

use std::collections::{HashMap, HashSet};

use crate::raw::{Component, read};

/// Panics with what is wrong; returns the VCALENDAR.
pub(crate) fn lint(ics: &str) -> Component {
    let calendar = read(ics);
    assert_eq!(calendar.name, "VCALENDAR");
    check_calendar(&calendar);
    check_zones(&calendar);
    calendar
}

/// Which properties a component has once, at most once, any number of times.
fn check_properties(component: &Component, once: &[&str], optional: &[&str], many: &[&str]) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in &component.lines {
        *counts.entry(line.name.as_str()).or_default() += 1;
    }
    for name in once {
        assert_eq!(counts.remove(name), Some(1), "{name} in {}", component.name);
    }
    for name in optional {
        assert!(
            counts.remove(name).is_none_or(|n| n == 1),
            "{name} in {}",
            component.name
        );
    }
    for name in many {
        counts.remove(name);
    }
    assert!(counts.is_empty(), "{counts:?} in {}", component.name);
}

fn check_calendar(calendar: &Component) {
    check_properties(
        calendar,
        &["VERSION", "PRODID", "CALSCALE"],
        &["METHOD"],
        &[],
    );
    let method = calendar.get("METHOD").map(|line| line.value.as_str());
    let mut uids = HashSet::new();
    for child in &calendar.children {
        match child.name.as_str() {
            "VTIMEZONE" => check_zone(child),
            "VEVENT" => {
                check_event(child, method);
                uids.insert(child.one("UID").value.clone());
            }
            other => panic!("an unexpected {other}"),
        }
    }
    assert_eq!(uids.len(), 1, "one UID per file");
}

fn check_zone(zone: &Component) {
    check_properties(zone, &["TZID"], &[], &[]);
    assert!(!zone.children.is_empty(), "a zone without offsets");
    for observance in &zone.children {
        assert!(["STANDARD", "DAYLIGHT"].contains(&observance.name.as_str()));
        let once = ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"];
        check_properties(observance, &once, &["RRULE"], &[]);
        assert!(is_digits(
            &observance.one("DTSTART").value,
            "dddddddd-dddddd"
        ));
        for name in ["TZOFFSETFROM", "TZOFFSETTO"] {
            let offset = observance.one(name).value.as_str();
            let digits = offset
                .strip_prefix(['+', '-'])
                .expect("an offset has a sign");
            assert!(
                is_digits(digits, "dddd") || is_digits(digits, "dddddd"),
                "{offset}"
            );
            assert_ne!(offset, "-0000");
        }
    }
}

fn check_event(event: &Component, method: Option<&str>) {
    let once = [
        "UID", "DTSTAMP", "DTSTART", "SEQUENCE", "STATUS", "TRANSP", "SUMMARY",
    ];
    let optional = [
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "CREATED",
        "LAST-MODIFIED",
        "DESCRIPTION",
        "LOCATION",
        "URL",
        "CONFERENCE",
        "CATEGORIES",
        "ORGANIZER",
    ];
    check_properties(event, &once, &optional, &["ATTENDEE"]);
    assert_ne!(
        event.get("DTEND").is_some(),
        event.get("DURATION").is_some()
    );
    for name in ["DTSTAMP", "CREATED", "LAST-MODIFIED"] {
        for line in event.all(name) {
            assert!(is_digits(&line.value, "dddddddd-dddddd-"), "{line:?}");
        }
    }
    for name in ["DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"] {
        for line in event.all(name) {
            let form = if line.param("TZID").is_some() {
                "dddddddd-dddddd"
            } else {
                "dddddddd-dddddd-"
            };
            assert!(
                line.value.split(',').all(|time| is_digits(time, form)),
                "{line:?}"
            );
        }
    }
    let people = event.all("ATTENDEE").chain(event.all("ORGANIZER"));
    for line in people {
        let address = line
            .value
            .strip_prefix("mailto:")
            .expect("a person has an address");
        assert!(
            address.is_ascii() && address.matches('@').count() == 1,
            "{line:?}"
        );
        assert!(
            !address.contains([' ', '"', ',', ';', ':', '?', '<', '>']),
            "{line:?}"
        );
    }
    for line in event.all("URL").chain(event.all("CONFERENCE")) {
        assert!(line.value.starts_with("http"), "{line:?}");
        assert!(line.value.bytes().all(|b| b.is_ascii_graphic()), "{line:?}");
    }
    if method.is_some() {
        assert!(event.get("ORGANIZER").is_some() && event.get("ATTENDEE").is_some());
    }
    if method == Some("CANCEL") {
        assert_eq!(event.one("STATUS").value, "CANCELLED");
    }
    assert!(event.children.len() <= 1);
    for alarm in &event.children {
        assert_eq!(alarm.name, "VALARM");
        check_properties(alarm, &["ACTION", "TRIGGER", "DESCRIPTION"], &[], &[]);
        assert!(alarm.children.is_empty());
    }
}

/// `d` stands for a digit, `-` for the one letter that iCalendar has there.
fn is_digits(text: &str, form: &str) -> bool {
    let letters = [b'T', b'Z'];
    let mut letter = 0;
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, form)| {
            if form == b'd' {
                return byte.is_ascii_digit();
            }
            letter += 1;
            byte == letters[letter - 1]
        })
}

/// A VTIMEZONE per TZID, and none that nobody uses.
fn check_zones(calendar: &Component) {
    let mut defined = HashSet::new();
    for zone in calendar.inside("VTIMEZONE") {
        assert!(
            defined.insert(zone.one("TZID").text()),
            "a zone is defined twice"
        );
    }
    let used: HashSet<String> = calendar
        .inside("VEVENT")
        .flat_map(|event| &event.lines)
        .filter_map(|line| line.param("TZID").map(str::to_owned))
        .collect();
    assert_eq!(used, defined, "zones used and defined");
}
