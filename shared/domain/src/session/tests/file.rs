//! IV-3 to IV-5: a session in a calendar file.

use super::*;
use crate::ics::{EventStatus, Method, Participation, Timing, write_calendar};

const DOMAIN: &str = "convoke.example";

fn addresses(event: &crate::ics::CalendarEvent) -> Vec<String> {
    let all = event.attendees.iter();
    all.map(|one| one.email.to_string()).collect()
}

/// IV-3: everybody with an address is an attendee, the host has accepted, and the
/// reader is among them, once.
#[test]
fn everybody_who_can_be_reached_is_an_attendee() {
    let mut session = session();
    session.roster[0].email = None;
    session.roster[1].response = Response::Declined;
    let event = calendar_event(&session, DOMAIN, Readers::Everyone);
    assert_eq!(event.uid, format!("{}@{DOMAIN}", session.session_id));
    let expected = [
        "hanna@practice.example",
        "ada@client.example",
        "gus@guests.example",
    ];
    assert_eq!(addresses(&event), expected);
    assert_eq!(event.attendees[0].participation, Participation::Accepted);
    assert_eq!(event.attendees[1].participation, Participation::Declined);
    assert!(event.attendees[2].rsvp);
    for (reader, more) in [("GUS@guests.example", 0), ("new@guests.example", 1)] {
        let reader = email(reader);
        let readers = Readers::EveryoneAnd(&reader, Some("New"));
        let event = calendar_event(&session, DOMAIN, readers);
        assert_eq!(event.attendees.len(), 3 + more, "{reader}");
    }
}

/// IV-4, IV-5: what is taken back from one concerns nobody else, and tells no more
/// than they knew.
#[test]
fn what_is_taken_back_names_its_reader_and_what_they_knew() {
    let mut changed = session();
    let known = told(&changed.roster[0], 3);
    changed.title = "What others talk about now".to_owned();
    changed.start = at("2026-12-05T08:00:00Z");
    changed.duration_minutes = 5;
    changed.location = Some("Room 4".to_owned());
    let event = withdrawal_event(&changed, DOMAIN, &known);
    assert_eq!(addresses(&event), ["tess@practice.example"]);
    assert_eq!(event.status, EventStatus::Cancelled);
    assert_eq!((&event.join, event.reminder), (&None, false));
    assert_eq!(event.uid, format!("{}@{DOMAIN}", changed.session_id));
    assert_eq!((&*event.summary, event.duration_minutes), ("Review", 60));
    let file = write_calendar(Some(Method::Cancel), &[event]).unwrap();
    for line in [
        "METHOD:CANCEL\r\n",
        "STATUS:CANCELLED\r\n",
        ":20261201T090000\r\n",
    ] {
        assert!(file.contains(line), "{line} in {file}");
    }
    for unknown in [PAGE, "Room 4", "Figures", "others"] {
        assert!(!file.contains(unknown), "{unknown} in {file}");
    }
    let mut cancelled = session();
    cancelled.cancel(now()).unwrap();
    let event = calendar_event(&cancelled, DOMAIN, Readers::Everyone);
    assert_eq!(event.status, EventStatus::Cancelled);
    assert_eq!((event.join, event.sequence), (None, 4));
}

/// IV-3: the file means the session's instant, also in the second pass of a
/// repeated hour, which a wall clock cannot name.
#[test]
fn the_second_pass_of_a_repeated_hour_is_written_in_utc() {
    let mut session = session();
    for (start, zone) in [
        ("2026-10-25T00:30:00Z", "Europe/Berlin"),
        ("2026-10-25T01:30:00Z", "UTC"),
        ("2026-10-25T02:30:00Z", "Europe/Berlin"),
    ] {
        session.start = at(start);
        let event = calendar_event(&session, DOMAIN, Readers::Everyone);
        let Timing::Once {
            start: local,
            zone: written,
        } = event.timing
        else {
            panic!("once");
        };
        assert_eq!(written.name(), zone, "{start}");
        assert_eq!(written.instant(local), session.start, "{start}");
    }
}

/// IV-2, IV-3: the Teams link is called that, any other is a link.
#[test]
fn a_teams_link_is_called_that() {
    let mut session = session();
    for (source, is_teams) in [
        (LinkSource::Teams, true),
        (LinkSource::Page, false),
        (LinkSource::Given, false),
    ] {
        session.link_source = source;
        let event = calendar_event(&session, DOMAIN, Readers::Everyone);
        let file = write_calendar(Some(Method::Request), &[event]).unwrap();
        let file = file.replace("\r\n ", "");
        assert!(file.contains(PAGE), "{file}");
        let says_so = file.contains("Join Teams Meeting");
        assert_eq!(says_so, is_teams, "{source:?}");
    }
}
