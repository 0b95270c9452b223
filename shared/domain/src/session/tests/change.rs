//! IV-4: what a change comes to, for people and for calendars.

use super::*;

fn none() -> SessionPatch {
    SessionPatch::default()
}

/// Applies it to a session on which everybody has accepted.
fn applied(patch: &SessionPatch) -> (Session, SessionChange) {
    let mut session = session();
    for invitee in &mut session.roster {
        invitee.response = Response::Accepted;
        invitee.responded_at = Some(at(NOW));
    }
    let change = patch.apply(&mut session, None, &link(PAGE), now());
    let change = change.unwrap();
    (session, change)
}

/// Each field alone, with what the answer and people are told of it.
fn each_field() -> Vec<(SessionPatch, &'static str, Field)> {
    let text = |text: &str| Some(text.to_owned());
    vec![
        (
            SessionPatch {
                title: text("Other"),
                ..none()
            },
            "title",
            Field::Title,
        ),
        (
            SessionPatch {
                description: Some(text("Other")),
                ..none()
            },
            "description",
            Field::Description,
        ),
        (
            SessionPatch {
                description: Some(None),
                ..none()
            },
            "description",
            Field::Description,
        ),
        (
            SessionPatch {
                start: text("2026-12-02T09:00"),
                ..none()
            },
            "start",
            Field::Time,
        ),
        (
            SessionPatch {
                duration_minutes: Some(30),
                ..none()
            },
            "duration_minutes",
            Field::Time,
        ),
        (
            SessionPatch {
                location: Some(text("Room 4")),
                ..none()
            },
            "location",
            Field::Location,
        ),
        (
            SessionPatch {
                join_url: Some(text("https://call.example/1")),
                ..none()
            },
            "join_url",
            Field::JoinUrl,
        ),
    ]
}

/// IV-4: each field alone is one change, of one sequence, told as itself; answers
/// fall only where the time changes.
#[test]
fn each_field_alone_is_one_change() {
    for (patch, name, field) in each_field() {
        let (session, change) = applied(&patch);
        assert_eq!(change.names, [name]);
        assert_eq!(change.fields, [field], "{name}");
        assert!(change.is_user_facing() && !change.roster, "{name}");
        assert_eq!(session.sequence, 4, "{name}");
        assert_eq!(session.changed_at, BTreeMap::from([(field, 4)]), "{name}");
        assert_eq!(session.updated_at, now(), "{name}");
        let fall = field == Field::Time;
        for invitee in &session.roster {
            assert_eq!(invitee.response == Response::NeedsAction, fall, "{name}");
            assert_eq!(invitee.responded_at.is_none(), fall, "{name}");
        }
    }
}

/// IV-4: several fields at once are one change.
#[test]
fn several_fields_are_one_change() {
    let patch = SessionPatch {
        title: Some("Other".to_owned()),
        start: Some("2026-12-02T09:00".to_owned()),
        duration_minutes: Some(90),
        timezone: Some("Europe/London".to_owned()),
        ..none()
    };
    let (session, change) = applied(&patch);
    assert_eq!(
        change.names,
        ["title", "start", "timezone", "duration_minutes"]
    );
    assert_eq!(change.fields, [Field::Title, Field::Time]);
    assert_eq!(session.sequence, 4);
    assert_eq!(session.start, at("2026-12-02T09:00:00Z"), "London's nine");
}

/// IV-4: another zone alone keeps the wall clock; with an instant given, the
/// instant counts.
#[test]
fn another_zone_keeps_the_wall_clock() {
    let mut patch = SessionPatch {
        timezone: Some("America/New_York".to_owned()),
        ..none()
    };
    let (session, change) = applied(&patch);
    assert_eq!(session.start, at("2026-12-01T14:00:00Z"));
    assert_eq!(change.names, ["start", "timezone"]);
    assert_eq!(session.zone.name(), "America/New_York");
    patch.start = Some("2026-12-01T08:00:00Z".to_owned());
    let (session, change) = applied(&patch);
    assert_eq!(session.start, at("2026-12-01T08:00:00Z"));
    assert_eq!(change.names, ["timezone"]);
    assert_eq!((session.sequence, change.fields), (4, vec![Field::Time]));
}

/// IV-1, IV-4: an instant meeting that is moved is a planned one from then on.
#[test]
fn an_instant_meeting_that_is_moved_is_planned() {
    let mut instant = session();
    instant.is_instant = true;
    let longer = SessionPatch {
        duration_minutes: Some(90),
        ..none()
    };
    longer
        .apply(&mut instant, None, &link(PAGE), now())
        .unwrap();
    assert!(instant.is_instant);
    let moved = SessionPatch {
        start: Some("2026-12-02T09:00".to_owned()),
        ..none()
    };
    moved.apply(&mut instant, None, &link(PAGE), now()).unwrap();
    assert!(!instant.is_instant);
}

/// IV-3, IV-4: who sends the mails is nothing that people see.
#[test]
fn skipping_mails_is_no_news() {
    let patch = SessionPatch {
        skip_invitation_emails: Some(true),
        ..none()
    };
    let (session, change) = applied(&patch);
    assert!(session.skips_invitation_mails);
    assert_eq!(change.names, ["skip_invitation_emails"]);
    assert!(!change.is_user_facing());
    assert_eq!(session.sequence, 3);
}

/// IV-4: who comes and goes raises the sequence, once, and is told to nobody else;
/// other names of the same people are no news.
#[test]
fn invitees_who_come_and_go_raise_the_sequence() {
    let mut roster = session().roster;
    roster[0].name = Some("Tess Other".to_owned());
    roster.reverse();
    let mut changed = session();
    let change = none().apply(&mut changed, Some(roster.clone()), &link(PAGE), now());
    assert_eq!(change.unwrap(), SessionChange::default());
    assert_eq!(changed.roster, roster);
    assert_eq!(changed.sequence, 3);
    roster.pop();
    roster.push(invitee(14, Who::External, "gil@guests.example"));
    let change = none().apply(&mut changed, Some(roster.clone()), &link(PAGE), now());
    let change = change.unwrap();
    assert_eq!(change.names, ["invitees"]);
    assert!(change.roster && change.is_user_facing() && change.fields.is_empty());
    assert_eq!((changed.sequence, changed.changed_at.len()), (4, 0));
    for kept in [12, 13] {
        let invitee = changed.invitee(invitation(kept));
        let row = told(invitee.unwrap(), 3);
        assert_eq!(owed(&changed, invitee, Some(&row)), None);
    }
}

/// IV-2: `null` for a link is the page; the caller's own is theirs.
#[test]
fn a_link_is_the_callers_or_the_page() {
    let given = SessionPatch {
        join_url: Some(Some("https://call.example/1".to_owned())),
        ..none()
    };
    let (mut session, _) = applied(&given);
    assert_eq!(session.link_source, LinkSource::Given);
    let page = SessionPatch {
        join_url: Some(None),
        ..none()
    };
    let change = page.apply(&mut session, None, &link(PAGE), now()).unwrap();
    assert_eq!(change.names, ["join_url"]);
    assert_eq!(session.link_source, LinkSource::Page);
    assert_eq!(session.join_url, Some(link(PAGE)));
    let again = page.apply(&mut session, None, &link(PAGE), now());
    assert_eq!(again.unwrap(), SessionChange::default());
}
