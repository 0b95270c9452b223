//! IV-1: what a host sends to plan a session.

use super::*;

fn input() -> SessionInput {
    SessionInput {
        title: "Review".to_owned(),
        start: Some("2026-12-01T09:00".to_owned()),
        duration_minutes: 60,
        timezone: "Europe/Berlin".to_owned(),
        ..SessionInput::default()
    }
}

fn parsed(change: impl FnOnce(&mut SessionInput)) -> Result<SessionDraft, Error> {
    let mut input = input();
    change(&mut input);
    SessionDraft::parse(&input, now())
}

/// IV-1: a wall clock of the zone, with or without seconds, or an instant; the
/// first pass of a repeated hour counts.
#[test]
fn a_start_is_read() {
    for (text, instant) in [
        ("2026-12-01T09:00", "2026-12-01T08:00:00Z"),
        ("2026-12-01T09:00:30", "2026-12-01T08:00:30Z"),
        ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
        ("2026-12-01T09:00:00-05:00", "2026-12-01T14:00:00Z"),
        ("2027-10-31T02:30", "2027-10-31T00:30:00Z"),
        ("2027-10-31T02:30:00+01:00", "2027-10-31T01:30:00Z"),
    ] {
        let draft = parsed(|input| input.start = Some(text.to_owned())).unwrap();
        assert_eq!(draft.start, at(instant), "{text}");
        assert!(!draft.is_instant);
    }
}

/// IV-1: starts that are none, lie behind, or that the clocks skip.
#[test]
fn a_start_that_is_none_is_refused() {
    for (text, code) in [
        ("2027-03-28T02:30", "skipped_by_dst"),
        ("2026-11-23T08:59", "in_the_past"),
        ("2026-11-23T07:59:59Z", "in_the_past"),
        ("1900-01-01T00:00", "out_of_range"),
        ("9999-12-31T00:00", "out_of_range"),
        ("2026-12-01T09:00:00.5Z", "invalid_start"),
        ("tomorrow", "invalid_start"),
        ("2026-12-01", "invalid_start"),
        ("", "invalid_start"),
    ] {
        let refused = parsed(|input| input.start = Some(text.to_owned()));
        assert_eq!(violations(refused), pairs(&[("/start", code)]), "{text}");
    }
    let now = parsed(|input| input.start = Some("2026-11-23T09:00".to_owned()));
    assert_eq!(now.unwrap().start, super::now(), "now is not past");
}

/// IV-1: an instant meeting begins now, in whole seconds, and takes no start.
#[test]
fn an_instant_meeting_begins_now() {
    let draft = parsed(|input| {
        input.instant = true;
        input.start = None;
    });
    let draft = draft.unwrap();
    assert_eq!((draft.start, draft.is_instant), (now(), true));
    let both = parsed(|input| input.instant = true);
    assert_eq!(violations(both), pairs(&[("/start", "not_allowed")]));
    let neither = parsed(|input| input.start = None);
    assert_eq!(violations(neither), pairs(&[("/start", "required")]));
}

/// XC-3: all that is wrong is said at once, each with its place.
#[test]
fn all_violations_come_at_once() {
    let refused = parsed(|input| {
        input.title = " \u{1}".to_owned();
        input.description = Some("x".repeat(32 * 1024 + 1));
        input.location = Some("x".repeat(501));
        input.timezone = "Mars/Olympus".to_owned();
        input.duration_minutes = 1441;
        input.join_url = Some("javascript:alert(1)".to_owned());
        input.generate_teams_meeting = true;
        input.invitees = InviteesInput {
            contact_ids: Some(vec!["ada".to_owned(), String::new()]),
            user_ids: Some(vec![" ".to_owned()]),
            emails: Some(vec![
                "a@b.example".to_owned(),
                "a\r\nBcc: x@b.example".to_owned(),
            ]),
        };
    });
    let mut refused = violations(refused);
    refused.sort();
    let expected = pairs(&[
        ("/description", "too_long"),
        ("/duration_minutes", "out_of_range"),
        ("/invitees/contact_ids/1", "invalid_id"),
        ("/invitees/emails/1", "invalid_email"),
        ("/invitees/user_ids/0", "invalid_id"),
        ("/join_url", "invalid_link"),
        ("/join_url", "not_allowed"),
        ("/location", "too_long"),
        ("/timezone", "unknown_timezone"),
        ("/title", "empty"),
    ]);
    assert_eq!(refused, expected);
}

/// IV-1: a hundred invitees in all lists together, and not one more.
#[test]
fn a_hundred_are_invited_at_most() {
    let of = |count: usize| -> Option<Vec<String>> {
        Some((0..count).map(|at| format!("n{at}@x.example")).collect())
    };
    for (contacts, users, emails, fits) in
        [(0, 0, 100, true), (30, 30, 40, true), (30, 30, 41, false)]
    {
        let parsed = parsed(|input| {
            input.invitees = InviteesInput {
                contact_ids: of(contacts),
                user_ids: of(users),
                emails: of(emails),
            };
        });
        if fits {
            parsed.unwrap();
        } else {
            assert_eq!(violations(parsed), pairs(&[("/invitees", "too_many")]));
        }
    }
}

/// IV-1: an empty text is none, and durations reach from a minute to a day.
#[test]
fn empty_texts_are_none() {
    let draft = parsed(|input| {
        input.description = Some(" \n".to_owned());
        input.location = Some(String::new());
        input.duration_minutes = 1440;
    });
    let draft = draft.unwrap();
    assert_eq!((draft.description, draft.location), (None, None));
    for minutes in [0, -1, i64::MAX, i64::MIN] {
        let refused = parsed(|input| input.duration_minutes = minutes);
        let expected = pairs(&[("/duration_minutes", "out_of_range")]);
        assert_eq!(violations(refused), expected, "{minutes}");
    }
}
