//! What people see when they follow the link of a mail.

use std::collections::BTreeMap;

use chrono::DateTime;
use convoke_domain::address::{EmailAddress, WebLink};
use convoke_domain::id::{InvitationId, SessionId, UserId};
use convoke_domain::session::{Host, Invitee, LinkSource, Who};
use convoke_domain::zone::Zone;

use super::*;

const HOSTILE: &str = "</title><script>alert(1)</script>\" autofocus onfocus=\"x()";

fn view() -> LinkView {
    let invitee = Invitee {
        invitation_id: InvitationId::parse("0192f5a0-1111-7222-8333-444455556667").unwrap(),
        who: Who::External,
        email: Some(EmailAddress::parse("ada@example.org").unwrap()),
        name: Some("Ada".to_owned()),
        response: Response::NeedsAction,
        responded_at: None,
        joined_at: None,
    };
    let session = Session {
        session_id: SessionId::parse("0192f5a0-1111-7222-8333-444455556666").unwrap(),
        title: "Quarterly review".to_owned(),
        description: Some("Confidential".to_owned()),
        start: "2026-12-01T09:00:00Z".parse().unwrap(),
        duration_minutes: 45,
        zone: Zone::parse("Europe/Berlin").unwrap(),
        location: Some("Room 4".to_owned()),
        join_url: Some(WebLink::parse("https://join.example/secret").unwrap()),
        link_source: LinkSource::Given,
        is_instant: false,
        skips_invitation_mails: false,
        status: SessionStatus::Scheduled,
        host: Host {
            user_id: UserId::parse("hugo").unwrap(),
            name: Some("Hugo".to_owned()),
            email: None,
        },
        client_id: None,
        roster: vec![invitee.clone()],
        organizer: None,
        sequence: 0,
        changed_at: BTreeMap::new(),
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    };
    LinkView {
        session,
        invitee,
        is_used: false,
    }
}

fn html(reply: &Reply) -> &str {
    std::str::from_utf8(reply.body()).unwrap()
}

/// IV-7: title, host, place, time in the meeting's zone, and three buttons, the
/// one that the link named marked; the link to join is not there.
#[test]
fn the_page_says_what_is_asked_and_marks_the_mails_answer() {
    for marked in [Response::Accepted, Response::Tentative, Response::Declined] {
        let reply = of(&view(), Some(marked), false);
        let html = html(&reply);
        assert_eq!(reply.status(), StatusCode::OK);
        for part in [
            "<h1>Quarterly review</h1>",
            "<dd>Hugo</dd>",
            "<dd>Room 4</dd>",
            "<dd>Tuesday, 1 December 2026, 10:00 (Europe/Berlin)</dd>",
            "<dd>45 minutes</dd>",
            "<form method=\"post\" action=\"?\">",
            "<html lang=\"en\">",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("<button type=\"submit\"").count(), 3);
        let button = format!("value=\"{}\" class=\"marked\"", marked.as_str());
        assert!(html.contains(&button), "{html}");
        assert_eq!(html.matches("autofocus").count(), 1);
        assert!(!html.contains("join.example") && !html.contains("Confidential"));
        assert!(!html.contains("so far"));
    }
    let page = of(&view(), None, false);
    assert!(!html(&page).contains("class=\"marked\""));
}

/// IV-7: whoever has answered sees how; where nothing can be answered, nothing
/// is asked.
#[test]
fn a_page_that_asks_nothing_says_why() {
    let mut view = view();
    view.invitee.response = Response::Tentative;
    let page = of(&view, None, false);
    assert!(html(&page).contains("so far: <strong>maybe</strong>"));
    assert!(html(&page).contains("<form"));
    view.is_used = true;
    for (status, words) in [
        (SessionStatus::Scheduled, "used already"),
        (SessionStatus::Cancelled, "was cancelled"),
        (SessionStatus::Ended, "has ended"),
    ] {
        view.session.status = status;
        let page = of(&view, Some(Response::Accepted), false);
        let html = html(&page);
        assert!(html.contains(words), "{html}");
        assert!(
            !html.contains("<form") && !html.contains("<button"),
            "{html}"
        );
        assert_eq!(page.status(), StatusCode::OK);
    }
}

/// IV-7: what people wrote stays text.
#[test]
fn hostile_values_stay_text() {
    let mut view = view();
    view.session.title = HOSTILE.to_owned();
    view.session.location = Some(HOSTILE.to_owned());
    view.session.host.name = Some(HOSTILE.to_owned());
    let page = of(&view, Some(Response::Declined), false);
    let html = html(&page);
    assert!(!html.contains("<script") && !html.contains("\" autofocus onfocus"));
    assert_eq!(
        html.matches("&lt;script&gt;alert(1)&lt;/script&gt;")
            .count(),
        4
    );
}

/// IV-7: errors that a person can do something about are pages with their
/// status; others are left to the API's problem documents.
#[test]
fn errors_are_pages_where_people_can_help_themselves() {
    for (error, status, words) in [
        (Error::NotFound { what: "link" }, 404, "leads nowhere"),
        (Error::conflict("link_used", "x"), 409, "used already"),
        (Error::conflict("meeting_cancelled", "x"), 409, "cancelled"),
        (Error::conflict("meeting_ended", "x"), 409, "has ended"),
        (Error::invalid("", "x", "y"), 422, "no answer"),
    ] {
        let page = of_error(&error).unwrap();
        assert_eq!(page.status().as_u16(), status);
        assert!(html(&page).contains(words), "{}", html(&page));
        assert!(page.header(http::header::CONTENT_SECURITY_POLICY).is_some());
    }
    assert_eq!(of_error(&Error::internal("x")), None);
    assert_eq!(of_error(&Error::conflict("other", "x")), None);
    let thanks = recorded(Response::Accepted);
    assert_eq!(thanks.status(), StatusCode::OK);
    assert!(html(&thanks).contains("Your answer: <strong>accepted</strong>"));
}
