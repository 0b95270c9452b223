//! Sessions with a Teams meeting (IV-2, OM-4, XC-8).

use graph_simulator::{Fault, demo};
use it::practice::{CLIENT, CONTACT_EMAIL, GUEST, Practice, TECHNICIAN};
use it::requests::instant;
use serde_json::{Value, json};

use super::news;

pub(super) const EVENTS: &str = "/v1.0/users/*/events";
pub(super) const EVENT: &str = "/v1.0/users/*/events/*";

/// An organisation with a host and Teams.
pub(super) async fn practice() -> Practice {
    Box::pin(async { Practice::open().await.with_host().await }).await
}

pub(super) fn teams() -> Value {
    json!({ "generate_teams_meeting": true })
}

/// IV-2, OM-5: the link is Microsoft's, the event is on the organiser's calendar
/// and invites nobody, and the client's timeline shows it; mails and files call it
/// what it is.
#[tokio::test]
async fn a_session_has_its_teams_meeting() {
    let practice = practice().await;
    let session = practice.planned(&teams()).await;
    assert_eq!(session.get("teams_meeting_warning"), None, "{session}");
    let live = practice.on_calendar();
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].join_url.as_deref(), session["join_url"].as_str());
    assert_eq!(live[0].start, instant(&session["start"]));
    let sent = practice.requests("POST", "/events");
    let attendees = &sent[0].body.as_ref().unwrap()["attendees"];
    assert!(
        attendees.as_array().is_none_or(Vec::is_empty),
        "{attendees}"
    );
    practice.work().await;
    let letters = practice.letters(0);
    assert_eq!(letters.len(), 5);
    let link = session["join_url"].as_str().unwrap();
    for letter in &letters {
        assert_eq!(
            letter.lines("LOCATION"),
            ["LOCATION:Microsoft Teams Meeting"]
        );
        assert_eq!(letter.lines("URL"), [format!("URL:{link}")]);
        assert!(
            letter.file.contains("Join Teams Meeting"),
            "{}",
            letter.file
        );
    }
    let id = session["meeting_id"].as_str().unwrap();
    let list = practice
        .interactions("GET", &format!("?client_id={CLIENT}"), None)
        .await
        .expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["items"][0]["interaction_id"], id);
    let one = practice.interactions("GET", &format!("/{id}"), None).await;
    assert_eq!(one.expect(200)["online_meeting"]["join_url"], link);
}

/// IV-4, IV-5: the event goes where the session goes, and when it is called off or
/// gets another link; it is touched by nothing else.
#[tokio::test]
async fn the_event_follows_the_session() {
    let practice = practice().await;
    let id = practice.announced(&teams()).await;
    practice.changed(&id, &json!({ "title": "Other" })).await;
    let moved = json!({ "start": "2026-12-02T10:00", "duration_minutes": 30 });
    practice.changed(&id, &moved).await;
    let live = practice.on_calendar();
    assert_eq!(live.len(), 1);
    let record = practice.interactions("GET", &format!("/{id}"), None).await;
    assert_eq!(record.expect(200)["title"], "Other");
    assert_eq!(json!(live[0].start), json!("2026-12-02T09:00:00Z"));
    assert_eq!(json!(live[0].end), json!("2026-12-02T09:30:00Z"));
    practice
        .session("POST", &id, "/cancel", None)
        .await
        .expect(200);
    practice.settle().await;
    assert_eq!(practice.on_calendar(), []);
    for link in [json!(null), json!("https://call.example/1")] {
        let id = practice.announced(&teams()).await;
        assert_eq!(practice.on_calendar().len(), 1);
        let before = practice.letters(0).len();
        let answer = practice.changed(&id, &json!({ "join_url": link })).await;
        assert_eq!(answer["changes"], json!(["join_url"]), "{link}");
        practice.settle().await;
        assert_eq!(practice.on_calendar(), [], "{link}");
        assert_eq!(practice.letters(before).len(), 3, "{link}");
    }
    practice.assert_never_two_events("followed");
}

/// IV-2, TS-4: without capability nothing is asked of Microsoft, and the answer says
/// why.
#[tokio::test]
async fn without_capability_the_page_is_the_link() {
    let practice = practice().await;
    let off = json!({ "default_meeting_organizer_upn": null });
    practice.integrate(&off).await;
    practice.graph.clear_received();
    let session = practice.planned(&teams()).await;
    assert_eq!(session["teams_meeting_warning"]["reason"], "no_organizer");
    let link = session["join_url"].as_str().unwrap();
    assert!(
        link.starts_with("https://convoke.example/meetings/"),
        "{link}"
    );
    assert_eq!(practice.requests("POST", "/events").len(), 0);
    practice.settle().await;
    assert_eq!(practice.letters(0).len(), 5);
}

/// IV-2, XC-8: whatever Microsoft answers, the session stands with the page for a
/// link, a warning says why, everybody is told once, and no event is left.
#[tokio::test]
async fn what_microsoft_fails_at_is_a_warning() {
    let on = || Fault::on("POST", EVENTS).always();
    for (case, fault) in [
        ("503", on().unavailable("0")),
        ("cut", on().cut()),
        ("cut after the effect", on().after().cut()),
        ("truncated after the effect", on().after().truncate()),
        ("no Teams meeting", on().without_teams_meeting()),
    ] {
        let practice = practice().await;
        practice.graph.inject(fault);
        let session = practice.planned(&teams()).await;
        let warning = &session["teams_meeting_warning"];
        assert!(warning["reason"].is_string(), "{case}: {session}");
        let link = session["join_url"].as_str().unwrap();
        assert!(link.contains("/meetings/"), "{case}: {link}");
        practice.graph.clear_faults();
        practice.settle().await;
        assert_eq!(practice.on_calendar(), [], "{case}: an orphan");
        let id = session["meeting_id"].as_str().unwrap();
        let shown = practice.shown(id).await;
        assert_eq!(shown["join_url"], link, "{case}");
        assert_eq!(shown["sequence"], 0, "{case}");
        assert_eq!(practice.letters(0).len(), 5, "{case}");
        assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
    }
}

/// OM-4: what a session decides about is not moved, cancelled or deleted by itself.
#[tokio::test]
async fn the_meeting_of_a_session_is_the_sessions() {
    let practice = practice().await;
    let id = practice.announced(&teams()).await;
    let times = json!({ "start": "2026-12-03T09:00:00Z", "end": "2026-12-03T10:00:00Z" });
    for (rest, body) in [("reschedule", Some(&times)), ("cancel", None)] {
        let refused = practice
            .meetings("POST", &format!("/{id}/{rest}"), body)
            .await;
        assert_eq!(refused.problem(409), "belongs_to_meeting", "{rest}");
    }
    let live = practice.on_calendar();
    assert_eq!(json!(live[0].start), json!("2026-12-01T08:00:00Z"));
    let answer = practice.meetings("GET", &format!("/{id}"), None).await;
    assert_eq!(answer.expect(200)["status"], "scheduled");
}

/// IV-2, IV-4: an event that somebody removed in Outlook leaves the page for a
/// link, and people are told so; on a change of the time, at once or when
/// Microsoft is back.
#[tokio::test]
async fn an_event_that_was_removed_leaves_the_page() {
    for is_away in [false, true] {
        let practice = practice().await;
        let invitees = json!({ "user_ids": [TECHNICIAN], "emails": [GUEST] });
        let mut fields = teams();
        fields["invitees"] = invitees;
        let id = practice.announced(&fields).await;
        practice.remove_in_outlook().await;
        if is_away {
            let fault = Fault::on("PATCH", EVENT).always().unavailable("0");
            practice.graph.inject(fault);
        }
        let moved = json!({ "start": "2026-12-02T10:00" });
        practice.changed(&id, &moved).await;
        practice.graph.clear_faults();
        practice.settle().await;
        let shown = practice.shown(&id).await;
        let link = shown["join_url"].as_str().unwrap();
        assert!(link.contains("/meetings/"), "away: {is_away}: {link}");
        assert_eq!(shown["sequence"], 2, "away: {is_away}");
        let letters = practice.letters(2);
        let last = letters.iter().rfind(|one| one.to == GUEST).unwrap();
        assert_eq!(last.news(), (GUEST, "REQUEST", 2));
        assert_eq!(last.lines("URL"), [format!("URL:{link}")]);
        assert_eq!(practice.on_calendar(), []);
        let told = practice.notifications(TECHNICIAN).await;
        let mut messages = told.iter().map(|one| one["message"].to_string());
        assert!(messages.any(|one| one.contains("join link")), "{told:?}");
    }
}

/// OM-5, IV-2: deleting the record on the client's timeline cancels the Teams
/// meeting; the session goes on, with the page for a link, and people hear so.
#[tokio::test]
async fn a_session_outlives_its_record_on_the_timeline() {
    let practice = practice().await;
    let id = practice.announced(&teams()).await;
    let gone = practice
        .interactions("DELETE", &format!("/{id}"), None)
        .await;
    assert_eq!(gone.status, 200, "{gone:?}");
    practice.settle().await;
    assert_eq!(practice.on_calendar(), []);
    let shown = practice.shown(&id).await;
    assert_eq!(shown["status"], "scheduled");
    let link = shown["join_url"].as_str().unwrap();
    assert!(link.contains("/meetings/"), "{link}");
    let letters = practice.letters(5);
    assert_eq!(letters.len(), 3, "{letters:?}");
    for letter in letters {
        assert_eq!(letter.lines("URL"), [format!("URL:{link}")]);
        assert_eq!(letter.sequence, 1);
    }
}

/// IV-5: what was held keeps its meeting on the record.
#[tokio::test]
async fn an_ended_session_keeps_its_meeting() {
    let practice = practice().await;
    let invitees = json!({ "contact_ids": ["contact-1"] });
    let mut fields = teams();
    fields["invitees"] = invitees;
    let id = practice.announced(&fields).await;
    assert_eq!(news(&practice.letters(0)), [(CONTACT_EMAIL, "REQUEST", 0)]);
    practice.clock.set("2026-12-01T08:50:00Z");
    practice
        .session("POST", &id, "/end", None)
        .await
        .expect(200);
    practice.work().await;
    assert_eq!(practice.on_calendar().len(), 1);
    assert_eq!(practice.graph.events(demo::ORGANIZER_UPN).len(), 1);
    let answer = practice.meetings("GET", &format!("/{id}"), None).await;
    assert_eq!(answer.expect(200)["status"], "scheduled");
}

/// OM-5, IV-1: a meeting that is on one client's timeline takes no contacts of
/// another's.
#[tokio::test]
async fn a_teams_meeting_stays_with_its_client() {
    let practice = practice().await;
    let id = practice.announced(&teams()).await;
    let other = json!({ "client_id": "client-2", "email": "zoe@other.example", "name": "Zoe" });
    practice.put("/api/v1/contacts/zoe", &other).await;
    let body = json!({ "invitees": { "contact_ids": ["zoe"] } });
    let refused = practice.session("PATCH", &id, "", Some(&body)).await;
    assert_eq!(refused.problem(409), "teams_meeting_of_other_client");
    let nobody = json!({ "invitees": { "contact_ids": [] } });
    practice.changed(&id, &nobody).await;
    assert_eq!(practice.on_calendar().len(), 1);
}
