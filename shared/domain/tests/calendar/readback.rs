//! What the crate `icalendar` reads from a file, against what went in.

use convoke_domain::ics::{CalendarEvent, Role};
use icalendar::parser::{Component, Property, read_calendar, unfold};

use crate::text::carried;

fn param(property: &Property<'_>, name: &str) -> Option<String> {
    let param = property
        .params
        .iter()
        .find(|param| param.key.as_ref() == name)?;
    param.val.as_ref().map(|value| value.as_ref().to_owned())
}

fn value(component: &Component<'_>, name: &str) -> Option<String> {
    component
        .find_prop(name)
        .map(|property| property.val.as_ref().to_owned())
}

pub(crate) fn check(event: &CalendarEvent, ics: &str) {
    let text = unfold(ics);
    let calendar = read_calendar(&text).expect("a calendar");
    let events: Vec<&Component<'_>> = calendar
        .components
        .iter()
        .filter(|c| c.name.as_ref() == "VEVENT")
        .collect();
    assert_eq!(events.len(), 1);
    let read = events[0];
    assert_eq!(value(read, "UID").as_deref(), Some(event.uid.as_str()));
    assert_eq!(value(read, "SEQUENCE"), Some(event.sequence.to_string()));
    assert_eq!(
        value(read, "SUMMARY").unwrap_or_default(),
        carried(&event.summary)
    );
    if event.join.is_none() {
        let description = value(read, "DESCRIPTION").unwrap_or_default();
        assert_eq!(description, carried(&event.description));
    }
    let people: Vec<&Property<'_>> = read
        .properties
        .iter()
        .filter(|p| p.name.as_ref() == "ATTENDEE")
        .collect();
    assert_eq!(people.len(), event.attendees.len());
    for (property, attendee) in people.iter().zip(&event.attendees) {
        let role = match attendee.role {
            Role::Required => "REQ-PARTICIPANT",
            Role::Optional => "OPT-PARTICIPANT",
            Role::Resource => "NON-PARTICIPANT",
        };
        assert_eq!(param(property, "ROLE").as_deref(), Some(role));
        let name = attendee.name.as_deref().map(carried).unwrap_or_default();
        assert_eq!(param(property, "CN").unwrap_or_default(), encoded(&name));
        let address = percent_decoded(property.val.as_ref());
        assert_eq!(address, format!("mailto:{}", attendee.email));
    }
    let alarms = read
        .components
        .iter()
        .filter(|c| c.name.as_ref() == "VALARM")
        .count();
    assert!(alarms <= usize::from(event.reminder));
}

/// RFC 6868, which that crate leaves to its user.
fn encoded(name: &str) -> String {
    name.replace('^', "^^")
        .replace('\n', "^n")
        .replace('"', "^'")
}

fn percent_decoded(uri: &str) -> String {
    let mut out = String::new();
    let mut rest = uri;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let byte = u8::from_str_radix(&after[..2], 16).expect("two hexadecimal digits");
        out.push(char::from(byte));
        rest = &after[2..];
    }
    out + rest
}
