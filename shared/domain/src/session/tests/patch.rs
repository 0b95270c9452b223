//! IV-4: changes that are refused, or change nothing.

use super::*;

fn refused(patch: &SessionPatch, mut session: Session) -> Vec<(String, &'static str)> {
    let before = session.clone();
    let refused = violations(patch.apply(&mut session, None, &link(PAGE), now()));
    assert_eq!(session, before, "nothing was changed");
    refused
}

/// IV-4, XC-3: all that is wrong is said at once, invitees included, and then
/// nothing was changed.
#[test]
fn all_violations_come_at_once_and_change_nothing() {
    let patch = SessionPatch {
        title: Some(String::new()),
        description: Some(Some("x".repeat(40_000))),
        start: Some("soon".to_owned()),
        duration_minutes: Some(0),
        timezone: Some("Mars/Olympus".to_owned()),
        location: Some(Some("x".repeat(501))),
        join_url: Some(Some("ftp://x".to_owned())),
        skip_invitation_emails: Some(true),
        invitees: Some(InviteesInput {
            user_ids: Some(vec![String::new()]),
            ..InviteesInput::default()
        }),
    };
    let mut fields = refused(&patch, session());
    let mut all = violations(patch.invitees(&session(), &link(PAGE), now()));
    fields.sort();
    let expected = pairs(&[
        ("/description", "too_long"),
        ("/duration_minutes", "out_of_range"),
        ("/join_url", "invalid_link"),
        ("/location", "too_long"),
        ("/start", "invalid_start"),
        ("/timezone", "unknown_timezone"),
        ("/title", "empty"),
    ]);
    assert_eq!(fields, expected);
    all.retain(|one| !expected.contains(one));
    assert_eq!(all, pairs(&[("/invitees/user_ids/0", "invalid_id")]));
}

/// IV-4: a start that the clocks skip, given or by another zone; one in the past.
#[test]
fn a_time_that_is_none_is_refused() {
    let start = |text: &str| SessionPatch {
        start: Some(text.to_owned()),
        ..SessionPatch::default()
    };
    for (text, code) in [
        ("2027-03-28T02:30", "skipped_by_dst"),
        ("2026-11-20T09:00", "in_the_past"),
        ("3000-01-01T09:00", "out_of_range"),
    ] {
        assert_eq!(refused(&start(text), session()), pairs(&[("/start", code)]));
    }
    let mut nightly = session();
    // 02:30 in London, which Berlin skips.
    nightly.zone = Zone::parse("Europe/London").unwrap();
    nightly.start = at("2027-03-28T01:30:00Z");
    let to_berlin = SessionPatch {
        timezone: Some("Europe/Berlin".to_owned()),
        ..SessionPatch::default()
    };
    let skipped = pairs(&[("/start", "skipped_by_dst")]);
    assert_eq!(refused(&to_berlin, nightly), skipped);
}

/// IV-4: a session that has begun can be renamed and prolonged, and what it was
/// may be sent again; it cannot be moved within the past.
#[test]
fn what_has_begun_is_changed_but_not_moved_within_the_past() {
    let mut begun = session();
    begun.start = at("2026-11-23T07:30:00Z");
    let same = SessionPatch {
        title: Some("Renamed".to_owned()),
        start: Some("2026-11-23T08:30".to_owned()),
        duration_minutes: Some(90),
        ..SessionPatch::default()
    };
    let change = same.apply(&mut begun, None, &link(PAGE), now()).unwrap();
    assert_eq!(change.names, ["title", "duration_minutes"]);
    let earlier = SessionPatch {
        start: Some("2026-11-23T08:15".to_owned()),
        ..SessionPatch::default()
    };
    assert_eq!(
        refused(&earlier, begun.clone()),
        pairs(&[("/start", "in_the_past")])
    );
    // Another zone alone would move it there, too.
    let zone = SessionPatch {
        timezone: Some("Asia/Tokyo".to_owned()),
        ..SessionPatch::default()
    };
    assert_eq!(refused(&zone, begun), pairs(&[("/start", "in_the_past")]));
}

/// IV-4: what it was is no change, down to the time of its last one.
#[test]
fn the_same_values_change_nothing() {
    let mut session = session();
    session.location = Some("Room 4".to_owned());
    let before = session.clone();
    let same = SessionPatch {
        title: Some("Review".to_owned()),
        description: Some(Some("Figures".to_owned())),
        start: Some("2026-12-01T09:00".to_owned()),
        duration_minutes: Some(60),
        timezone: Some("europe/berlin".to_owned()),
        location: Some(Some("Room 4".to_owned())),
        join_url: Some(Some(PAGE.to_owned())),
        skip_invitation_emails: Some(false),
        invitees: None,
    };
    let roster = Some(session.roster.clone());
    let change = same.apply(&mut session, roster, &link(PAGE), now());
    assert_eq!(change.unwrap(), SessionChange::default());
    assert_eq!(session, before);
    let nothing = SessionPatch::default();
    let change = nothing.apply(&mut session, None, &link(PAGE), now());
    assert_eq!(change.unwrap(), SessionChange::default());
    assert_eq!(session, before);
}
