//! IV-5, IV-7: answers, joining, and how a session ends.

use super::*;

fn code<T: std::fmt::Debug>(refused: Result<T, Error>) -> &'static str {
    refused.expect_err("refused").code()
}

/// IV-7: an answer is recorded with its time; only another one than before is
/// news; no sequence rises, since nobody's file changes.
#[test]
fn answers_are_recorded() {
    let mut session = session();
    let who = invitation(12);
    for (response, is_news) in [
        (Response::Accepted, true),
        (Response::Accepted, false),
        (Response::Tentative, true),
        (Response::Declined, true),
    ] {
        assert_eq!(session.answer(who, response, now()), Ok(is_news));
        let invitee = session.invitee(who).unwrap();
        assert_eq!(
            (invitee.response, invitee.responded_at),
            (response, Some(now()))
        );
    }
    assert_eq!(session.sequence, 3);
    let unknown = session.answer(invitation(99), Response::Accepted, now());
    assert_eq!(code(unknown), "not_found");
    assert_eq!(session.invitee(invitation(11)).unwrap().responded_at, None);
}

/// IV-7: nothing but the three answers can be given.
#[test]
fn only_answers_can_be_answered() {
    for word in ["accepted", "declined", "tentative"] {
        assert_eq!(
            Response::parse_answer(word).map(Response::as_str),
            Some(word)
        );
    }
    for word in ["needs_action", "", "Accepted", "yes"] {
        assert_eq!(Response::parse_answer(word), None, "{word}");
    }
}

/// IV-5: joining makes a participant, once; strangers cannot.
#[test]
fn joining_makes_a_participant() {
    let mut session = session();
    assert_eq!(session.join(&contact("ada"), now()), Ok(true));
    let later = now() + TimeDelta::minutes(5);
    let before = session.clone();
    assert_eq!(session.join(&contact("ada"), later), Ok(false));
    assert_eq!(session, before, "joining again changes nothing");
    assert_eq!(session.roster[1].joined_at, Some(now()));
    assert_eq!(code(session.join(&user("ada"), now())), "not_found");
    assert_eq!(session, before);
}

/// IV-5: what is over takes nothing any more.
#[test]
fn what_is_over_takes_nothing() {
    for (status, expected) in [
        (SessionStatus::Cancelled, "meeting_cancelled"),
        (SessionStatus::Ended, "meeting_ended"),
    ] {
        let mut over = session();
        over.status = status;
        over.start = at("2026-11-01T08:00:00Z");
        let before = over.clone();
        assert_eq!(
            code(over.answer(invitation(11), Response::Accepted, now())),
            expected
        );
        assert_eq!(code(over.join(&user("tess"), now())), expected);
        assert_eq!(code(over.cancel(now())), expected);
        assert_eq!(code(over.end_now(now())), expected);
        let patch = SessionPatch::default();
        assert_eq!(
            code(patch.apply(&mut over, None, &link(PAGE), now())),
            expected
        );
        assert_eq!(code(patch.invitees(&over, &link(PAGE), now())), expected);
        assert_eq!(over, before);
    }
}

/// IV-5: cancelling is a change that calendars hear of; ending is none, and
/// waits for the beginning.
#[test]
fn cancelling_raises_the_sequence_and_ending_does_not() {
    let mut cancelled = session();
    cancelled.cancel(now()).unwrap();
    assert_eq!(
        (cancelled.status, cancelled.sequence),
        (SessionStatus::Cancelled, 4)
    );
    let mut ended = session();
    assert_eq!(code(ended.end_now(now())), "meeting_not_begun");
    let start = ended.start;
    ended.end_now(start).unwrap();
    assert_eq!((ended.status, ended.sequence), (SessionStatus::Ended, 3));
}

/// IV-2: a Teams meeting that comes late, fails or is lost leaves a link, and
/// only its loss is news.
#[test]
fn the_link_is_settled_once() {
    let (teams, page) = (link("https://teams.example/j"), link(PAGE));
    for (made, source) in [
        (Some(teams.clone()), LinkSource::Teams),
        (None, LinkSource::Page),
    ] {
        let mut session = session();
        (session.join_url, session.link_source) = (None, LinkSource::TeamsPending);
        session.settle_link(made.clone(), page.clone(), now());
        let expected = made.unwrap_or(page.clone());
        assert_eq!(session.join_url, Some(expected.clone()));
        assert_eq!((session.link_source, session.sequence), (source, 3));
        session.settle_link(Some(link("https://teams.example/2")), page.clone(), now());
        assert_eq!(session.join_url, Some(expected), "told again");
    }
    let mut session = session();
    (session.join_url, session.link_source) = (Some(teams), LinkSource::Teams);
    session.lose_teams(page.clone(), now());
    session.lose_teams(page.clone(), now());
    assert_eq!(session.join_url, Some(page));
    assert_eq!(session.sequence, 4);
    assert_eq!(session.changed_at.get(&Field::JoinUrl), Some(&4));
}

/// IV-1: all texts of a session, its people's included, fit into the store and
/// into a hundred mails.
#[test]
fn a_session_has_so_much_text_and_no_more() {
    let mut session = session();
    session.description = Some("x".repeat(32 * 1024));
    assert_eq!(session.check_size(), Ok(()));
    session.roster = (0..100)
        .map(|at| Invitee {
            name: Some("\u{1F409}".repeat(160)),
            ..invitee(at, user(&format!("user-{at}")), "somebody@practice.example")
        })
        .collect();
    let refused = violations(session.check_size());
    assert_eq!(refused, pairs(&[("", "too_long")]));
}

/// XC-14: the directory's names and addresses are copied onto whom they name, and
/// nobody else.
#[test]
fn copies_of_the_directory_are_refreshed() {
    let mut session = session();
    let before = session.clone();
    let (name, address) = (Some("Tess Other"), email("tess@other.example"));
    assert!(session.refresh(&user("tess"), name, Some(&address)));
    assert!(!session.refresh(&user("tess"), name, Some(&address)));
    assert_eq!(session.roster[0].email, Some(address.clone()));
    assert_eq!(session.roster[0].name.as_deref(), name);
    assert_eq!(session.roster[1..], before.roster[1..]);
    assert_eq!(session.sequence, before.sequence);
    assert!(session.refresh(&user("host"), name, Some(&address)));
    assert_eq!(session.host.email, Some(address));
    assert!(!session.refresh(&user("stranger"), name, None));
    assert!(session.refresh(&user("tess"), None, None));
    assert_eq!(session.unreachable(), ["tess"]);
}
