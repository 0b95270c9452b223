//! What a file says: components, methods, people, Teams.

use convoke_domain::cadence::Frequency;
use convoke_domain::ics::{
    CalendarEvent, EventStatus, IcsError, Method, OnlineService, PRODID, Participation, Role,
    Timing, Transparency, write_calendar,
};
use convoke_domain::zone::Zone;

use crate::events::{attendee, cadence, invited, join, local, plain, recurring, utc, zone};
use crate::lint::lint;
use crate::raw::Component;

fn written(method: Option<Method>, event: &CalendarEvent) -> Component {
    lint(&write_calendar(method, std::slice::from_ref(event)).expect("a valid event"))
}

fn event(calendar: &Component) -> &Component {
    calendar.inside("VEVENT").next().expect("an event")
}

/// CM-9: the whole of a small file, octet by octet.
#[test]
fn a_small_file_reads_like_this() {
    let lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Convoke//Convoke Meetings//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Berlin",
        "BEGIN:DAYLIGHT",
        "TZNAME:CEST",
        "DTSTART:20260329T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "TZNAME:CET",
        "DTSTART:20261025T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "UID:m-1@convoke.example",
        "DTSTAMP:20261121T080000Z",
        "DTSTART;TZID=Europe/Berlin:20270115T090000",
        "DTEND;TZID=Europe/Berlin:20270115T100000",
        "SEQUENCE:3",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "SUMMARY:Scope Review",
        "LOCATION:Room 1\\, left",
        "ORGANIZER;CN=\"Host\":mailto:host@example.org",
        "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=\"Ada\":mail",
        " to:ada@example.org",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT15M",
        "DESCRIPTION:Scope Review",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    let event = CalendarEvent {
        sequence: 3,
        place: Some("Room 1, left".to_owned()),
        reminder: true,
        ..invited()
    };
    let ics = write_calendar(Some(Method::Request), &[event]).expect("a valid event");
    assert_eq!(ics, lines.join("\r\n"));
    assert!(ics.contains(PRODID));
}

#[test]
fn utc_needs_no_zone() {
    for name in ["UTC", "Etc/UTC", "Zulu"] {
        let timing = Timing::Once {
            start: local("2027-01-15T09:00:00"),
            zone: zone(name),
        };
        let file = written(None, &CalendarEvent { timing, ..plain() });
        assert_eq!(file.inside("VTIMEZONE").count(), 0);
        assert_eq!(event(&file).one("DTSTART").value, "20270115T090000Z");
        assert_eq!(event(&file).one("DTEND").value, "20270115T100000Z");
    }
    let utc_series = recurring(cadence(Frequency::Daily, "2027-01-15T09:00:00", "UTC"));
    assert_eq!(
        event(&written(None, &utc_series)).one("DTSTART").value,
        "20270115T090000Z"
    );
}

/// AP-8: Teams in place, link, conference and description.
#[test]
fn a_teams_link_is_in_location_url_conference_and_description() {
    let teams = CalendarEvent {
        join: Some(join(OnlineService::Teams)),
        description: "Agenda".to_owned(),
        ..plain()
    };
    let url = join(OnlineService::Teams).url;
    let file = written(None, &teams);
    let found = event(&file);
    assert_eq!(found.one("LOCATION").text(), "Microsoft Teams Meeting");
    assert_eq!(found.one("URL").value, url.as_str());
    let conference = found.one("CONFERENCE");
    assert_eq!(conference.value, url.as_str());
    assert_eq!(conference.param("FEATURE"), Some("AUDIO,VIDEO"));
    assert_eq!(conference.param("LABEL"), Some("Join Teams Meeting"));
    assert_eq!(conference.param("VALUE"), Some("URI"));
    let description = found.one("DESCRIPTION").text();
    assert_eq!(description, format!("Agenda\n\nJoin Teams Meeting: {url}"));

    let again = CalendarEvent {
        description,
        ..teams.clone()
    };
    assert_eq!(
        event(&written(None, &again)).one("DESCRIPTION").text(),
        again.description
    );
    let placed = CalendarEvent {
        place: Some("Room 1".to_owned()),
        ..teams
    };
    assert_eq!(
        event(&written(None, &placed)).one("LOCATION").text(),
        "Room 1"
    );
}

/// A link of another service is no Teams link, whatever its address says.
#[test]
fn another_link_gets_no_words_about_teams() {
    let other = CalendarEvent {
        join: Some(join(OnlineService::Other)),
        ..plain()
    };
    let ics = write_calendar(None, &[other]).expect("a valid event");
    assert!(!ics.contains("Teams"), "{ics}");
    let file = lint(&ics);
    let found = event(&file);
    assert!(found.get("LOCATION").is_none());
    assert!(
        found
            .one("DESCRIPTION")
            .text()
            .starts_with("Join meeting: https://")
    );
}

/// CM-2: roles, resources and answers.
#[test]
fn people_and_resources_are_told_apart() {
    let mut meeting = invited();
    meeting.attendees = vec![
        attendee("a@example.org", "A", Role::Required),
        attendee("b@example.org", "B", Role::Optional),
        attendee("room@example.org", "Room", Role::Resource),
    ];
    meeting.attendees[1].participation = Participation::Accepted;
    meeting.attendees[1].rsvp = false;
    meeting.attendees[2].name = None;
    let file = written(Some(Method::Request), &meeting);
    let lines: Vec<_> = event(&file).all("ATTENDEE").collect();
    let words = |index: usize, name: &str| lines[index].param(name);
    assert_eq!(words(0, "ROLE"), Some("REQ-PARTICIPANT"));
    assert_eq!(
        (words(0, "PARTSTAT"), words(0, "RSVP")),
        (Some("NEEDS-ACTION"), Some("TRUE"))
    );
    assert_eq!(words(1, "ROLE"), Some("OPT-PARTICIPANT"));
    assert_eq!(
        (words(1, "PARTSTAT"), words(1, "RSVP")),
        (Some("ACCEPTED"), Some("FALSE"))
    );
    assert_eq!(words(2, "ROLE"), Some("NON-PARTICIPANT"));
    assert_eq!(
        (words(2, "CUTYPE"), words(2, "CN")),
        (Some("RESOURCE"), None)
    );
}

/// CM-12: a cancelled meeting says so and reminds nobody.
#[test]
fn a_cancellation_reads_cancelled_and_has_no_alarm() {
    let meeting = CalendarEvent {
        reminder: true,
        sequence: 1,
        ..invited()
    };
    let file = written(Some(Method::Cancel), &meeting);
    assert_eq!(file.one("METHOD").value, "CANCEL");
    assert_eq!(event(&file).one("STATUS").value, "CANCELLED");
    assert!(event(&file).children.is_empty());
    let stored = CalendarEvent {
        status: EventStatus::Cancelled,
        ..meeting
    };
    let file = written(None, &stored);
    assert!(file.get("METHOD").is_none());
    assert_eq!(event(&file).one("STATUS").value, "CANCELLED");
    assert!(event(&file).children.is_empty());
}

#[test]
fn what_may_be_absent_is_written_only_where_given() {
    let full = CalendarEvent {
        created: Some(utc("2026-01-02T03:04:05Z")),
        last_modified: Some(utc("2026-02-03T04:05:06Z")),
        categories: vec!["PCI, DSS".to_owned(), " ".to_owned(), "Review".to_owned()],
        transparency: Transparency::Transparent,
        status: EventStatus::Tentative,
        ..plain()
    };
    let file = written(None, &full);
    let found = event(&file);
    assert_eq!(found.one("CREATED").value, "20260102T030405Z");
    assert_eq!(found.one("LAST-MODIFIED").value, "20260203T040506Z");
    assert_eq!(found.one("CATEGORIES").value, "PCI\\, DSS,Review");
    assert_eq!(found.one("TRANSP").value, "TRANSPARENT");
    assert_eq!(found.one("STATUS").value, "TENTATIVE");
    let file = written(None, &plain());
    for name in [
        "CREATED",
        "LAST-MODIFIED",
        "CATEGORIES",
        "DESCRIPTION",
        "LOCATION",
        "URL",
        "CONFERENCE",
    ] {
        assert!(event(&file).get(name).is_none(), "{name}");
    }
}

/// Where wall clocks lie about the length, elapsed minutes are written.
#[test]
fn an_event_across_a_change_has_a_duration() {
    for (start, minutes, end) in [
        ("2027-03-28T01:30:00", 30, None),
        ("2027-03-28T01:30:00", 60, None),
        ("2027-03-28T03:00:00", 60, Some("20270328T040000")),
        ("2027-10-31T01:30:00", 60, None),
        ("2027-10-31T02:30:00", 15, None),
        ("2027-10-31T01:30:00", 30, None),
        ("2027-10-31T01:30:00", 15, Some("20271031T014500")),
        ("2027-10-31T03:00:00", 15, Some("20271031T031500")),
    ] {
        let timing = Timing::Once {
            start: local(start),
            zone: zone("Europe/Berlin"),
        };
        let file = written(
            None,
            &CalendarEvent {
                timing,
                duration_minutes: minutes,
                ..plain()
            },
        );
        let found = event(&file);
        assert_eq!(
            found.get("DTEND").map(|line| line.value.as_str()),
            end,
            "{start} {minutes}"
        );
        if end.is_none() {
            assert_eq!(found.one("DURATION").value, format!("PT{minutes}M"));
        }
    }
}

#[test]
fn what_no_valid_file_can_hold_is_refused() {
    let refused = |method: Option<Method>, event: CalendarEvent| {
        write_calendar(method, &[event]).expect_err("refused")
    };
    let once = |start: &str, name: &str| Timing::Once {
        start: local(start),
        zone: zone(name),
    };
    assert_eq!(write_calendar(None, &[]), Err(IcsError::NoEvent));
    for uid in ["", "a b", "a\r\nb"] {
        assert_eq!(
            refused(
                None,
                CalendarEvent {
                    uid: uid.to_owned(),
                    ..plain()
                }
            ),
            IcsError::Uid
        );
    }
    let other = CalendarEvent {
        uid: "m-2@convoke.example".to_owned(),
        ..plain()
    };
    assert_eq!(
        write_calendar(None, &[plain(), other]),
        Err(IcsError::MixedUids)
    );
    assert_eq!(
        write_calendar(None, &[plain(), plain()]),
        Err(IcsError::TwoMeetings)
    );
    let request = Some(Method::Request);
    let nobodys = CalendarEvent {
        organizer: None,
        ..invited()
    };
    assert_eq!(refused(request, nobodys), IcsError::NoOrganizer);
    let empty = CalendarEvent {
        attendees: Vec::new(),
        ..invited()
    };
    assert_eq!(refused(request, empty), IcsError::NoAttendee);
    assert_eq!(
        refused(
            None,
            CalendarEvent {
                duration_minutes: 0,
                ..plain()
            }
        ),
        IcsError::NoDuration
    );
    let timing = once("2027-03-28T02:30:00", "Europe/Berlin");
    assert_eq!(
        refused(None, CalendarEvent { timing, ..plain() }),
        IcsError::SkippedStart
    );
    for start in ["1969-12-31T09:00:00", "3000-01-01T09:00:00"] {
        let timing = once(start, "UTC");
        assert_eq!(
            refused(None, CalendarEvent { timing, ..plain() }),
            IcsError::OutOfRange
        );
    }
    let late = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    assert_eq!(
        refused(
            None,
            CalendarEvent {
                stamp: late,
                ..plain()
            }
        ),
        IcsError::OutOfRange
    );
    let long = CalendarEvent {
        duration_minutes: u32::MAX,
        ..plain()
    };
    assert_eq!(refused(None, long), IcsError::OutOfRange);
}

/// A file has each zone once, however many occurrences moved.
#[test]
fn moved_occurrences_share_their_zone() {
    let berlin = || zone("Europe/Berlin");
    let mut events = vec![recurring(cadence(
        Frequency::Weekly,
        "2027-01-04T09:00:00",
        "Europe/Berlin",
    ))];
    for week in 1..20 {
        let original = local("2027-01-04T09:00:00") + chrono::TimeDelta::weeks(week);
        let start = original + chrono::TimeDelta::hours(3);
        let timing = Timing::Occurrence {
            original,
            start,
            zone: berlin(),
        };
        events.push(CalendarEvent { timing, ..plain() });
    }
    let file = lint(&write_calendar(None, &events).expect("valid events"));
    assert_eq!(file.inside("VTIMEZONE").count(), 1);
    assert_eq!(file.inside("VEVENT").count(), 20);
    assert_eq!(Zone::parse("Europe/Berlin"), Ok(berlin()));
}
