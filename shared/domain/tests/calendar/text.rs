//! No text changes the structure of a file.

use convoke_domain::ics::{CalendarEvent, Method, write_calendar};
use proptest::prelude::*;

use crate::events::{hostile_event, hostile_text, invited, plain};
use crate::lint::lint;
use crate::raw::{Component, Line};
use crate::readback;

/// A text as a file can carry it: one kind of newline, no other controls.
pub(crate) fn carried(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn event_of(calendar: &Component) -> &Component {
    calendar.inside("VEVENT").next().expect("an event")
}

fn names(component: &Component) -> Vec<(&str, Vec<&str>)> {
    component
        .lines
        .iter()
        .map(|line| {
            let keys = line.params.iter().map(|(name, _)| name.as_str()).collect();
            (line.name.as_str(), keys)
        })
        .collect()
}

/// The texts that a file is expected to show for an event.
fn check_texts(event: &CalendarEvent, file: &Component) {
    let found = event_of(file);
    assert_eq!(found.one("SUMMARY").text(), carried(&event.summary));
    let description = match &event.join {
        Some(join) => carried(&join.append_to(&event.description)),
        None => carried(&event.description),
    };
    assert_eq!(
        found.get("DESCRIPTION").map_or(String::new(), Line::text),
        description
    );
    if let Some(place) = event
        .place
        .as_ref()
        .filter(|place| !place.trim().is_empty())
    {
        assert_eq!(found.one("LOCATION").text(), carried(place));
    }
    if let Some(join) = &event.join {
        assert_eq!(found.one("URL").value, join.url.as_str());
        assert_eq!(found.one("CONFERENCE").value, join.url.as_str());
    }
    let attendees: Vec<&Line> = found.all("ATTENDEE").collect();
    assert_eq!(attendees.len(), event.attendees.len());
    for (line, attendee) in attendees.iter().zip(&event.attendees) {
        let name = attendee.name.as_deref().map(carried).unwrap_or_default();
        assert_eq!(line.param("CN").unwrap_or_default(), name);
    }
    assert_eq!(found.get("ORGANIZER").is_some(), event.organizer.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// CM-9: the property of the fuzz target, and equality of what two
    /// readers see with what went in.
    #[test]
    fn hostile_text_is_carried_and_changes_nothing_else(event in hostile_event()) {
        for method in [None, Some(Method::Request), Some(Method::Cancel)] {
            let is_mail = event.organizer.is_some() && !event.attendees.is_empty();
            if method.is_some() && !is_mail {
                prop_assert!(write_calendar(method, std::slice::from_ref(&event)).is_err());
                continue;
            }
            let ics = write_calendar(method, std::slice::from_ref(&event)).expect("a valid event");
            let file = lint(&ics);
            check_texts(&event, &file);
            readback::check(&event, &ics);
            let again = write_calendar(method, std::slice::from_ref(&event));
            prop_assert_eq!(again.as_deref(), Ok(ics.as_str()));
        }
    }

    /// The same event with a harmless title has the same lines.
    #[test]
    fn a_hostile_title_leaves_the_structure_alone(summary in hostile_text(), name in hostile_text()) {
        let mut hostile = CalendarEvent { summary, ..invited() };
        hostile.attendees[0].name = Some(format!("x{name}"));
        let structure = |event: &CalendarEvent| {
            let ics = write_calendar(Some(Method::Request), std::slice::from_ref(event));
            let file = lint(&ics.expect("a valid event"));
            format!("{:?}", names(event_of(&file)))
        };
        prop_assert_eq!(structure(&hostile), structure(&invited()));
    }
}

/// Twice the text, twice the file: nothing is copied more than once.
#[test]
fn a_megabyte_of_description_is_written_whole() {
    let ics_length = |length: usize| {
        let description = "Ünïcode, and; \"quotes\"\\\n".repeat(length / 28);
        let event = CalendarEvent {
            description: description.clone(),
            ..plain()
        };
        let ics = write_calendar(None, &[event]).expect("a valid event");
        let file = lint(&ics);
        assert_eq!(event_of(&file).one("DESCRIPTION").text(), description);
        ics.len()
    };
    let (half, whole) = (ics_length(1 << 19), ics_length(1 << 20));
    let ratio = whole * 100 / half;
    assert!((195..=205).contains(&ratio), "{half} and {whole} octets");
}
