//! How a session comes to its end, and those that are planned in special ways
//! (IV-1, IV-3, IV-5).

use chrono::TimeDelta;
use it::practice::{
    CONTACT, CONTACT_EMAIL, GUEST, HOST, OTHER_TECHNICIAN, Practice, TECHNICIAN, TECHNICIAN_EMAIL,
};
use serde_json::{Value, json};

use super::{GIL, TOM_EMAIL, news, practice};

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|one| one["detail_type"].as_str());
    kinds.map(Option::unwrap_or_default).collect()
}

/// XC-12: ids, states and times; no names, texts, links or addresses.
fn assert_says_no_more_than_needed(event: &Value, id: &str) {
    let detail = &event["detail"];
    assert_eq!(detail["meeting_id"], id);
    assert_eq!(detail["sequence"], 2);
    assert_eq!(detail["version"], 3);
    assert_eq!(detail["invitee_count"], 4);
    let text = detail.to_string();
    for secret in ["Quarterly", "Figures", "@", "http", "Hanna"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// IV-5, XC-12: everybody who holds a file has it taken back by mail, colleagues
/// hear of it in the app as well, the bus once, and then nothing goes any more.
#[tokio::test]
async fn cancelling_takes_everybodys_file_back() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let fewer = json!({ "invitees": { "emails": [GUEST] } });
    practice.changed(&id, &fewer).await;
    assert_eq!(news(&practice.letters(5)), [(GIL, "CANCEL", 1)]);
    let cancelled = practice.session("POST", &id, "/cancel", None).await;
    let cancelled = cancelled.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["join_url"], Value::Null);
    let events = practice.work().await;
    assert_eq!(kinds(&events), ["session.cancelled"]);
    assert_says_no_more_than_needed(&events[0], &id);
    let letters = practice.letters(6);
    assert_eq!(
        news(&letters),
        [
            (CONTACT_EMAIL, "CANCEL", 2),
            (GUEST, "CANCEL", 2),
            (TECHNICIAN_EMAIL, "CANCEL", 2),
            (TOM_EMAIL, "CANCEL", 2)
        ]
    );
    for letter in &letters {
        assert_eq!(letter.uid, format!("{id}@convoke.example"));
        assert_eq!(letter.lines("STATUS"), ["STATUS:CANCELLED"]);
        assert_eq!(letter.lines("ORGANIZER").len(), 1);
        assert!(letter.file.contains(&letter.to), "{}", letter.file);
        assert!(!letter.text.contains(&format!("/{id}")), "{}", letter.text);
    }
    for user in [TECHNICIAN, OTHER_TECHNICIAN] {
        let told = practice.notified(user).await;
        assert_eq!(told, ["meeting_cancelled", "meeting_scheduled"]);
    }
    assert_eq!(practice.notified(HOST).await, [""; 0]);
    let body = json!({ "title": "Other" });
    for (method, rest, body) in [
        ("POST", "/cancel", None),
        ("POST", "/end", None),
        ("POST", "/join", None),
        ("PATCH", "", Some(&body)),
    ] {
        let refused = practice.session(method, &id, rest, body).await;
        assert_eq!(refused.problem(409), "meeting_cancelled", "{rest}");
    }
    practice.tell_session(&id).await;
    assert_eq!(practice.letters(10), []);
}

/// IV-4: a session that is cancelled before anybody was told never was.
#[tokio::test]
async fn what_is_cancelled_before_anybody_was_told_is_told_to_nobody() {
    let practice = practice().await;
    let session = practice.planned(&json!({})).await;
    let id = session["meeting_id"].as_str().unwrap();
    let answer = practice.session("POST", id, "/cancel", None).await;
    answer.expect(200);
    practice.work().await;
    assert_eq!(practice.letters(0), []);
    assert_eq!(practice.notified(TECHNICIAN).await, [""; 0]);
}

/// IV-5, XC-12: what was held ends; nobody but the bus hears of it.
#[tokio::test]
async fn ending_tells_nobody() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let early = practice.session("POST", &id, "/end", None).await;
    assert_eq!(early.problem(409), "meeting_not_begun");
    practice.clock.set("2026-12-01T08:40:00Z");
    let ended = practice.session("POST", &id, "/end", None).await;
    assert_eq!(ended.expect(200)["status"], "ended");
    assert_eq!(kinds(&practice.work().await), ["session.ended"]);
    assert_eq!(practice.letters(5), []);
    assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
    for (method, rest) in [("POST", "/cancel"), ("POST", "/end"), ("POST", "/join")] {
        let refused = practice.session(method, &id, rest, None).await;
        assert_eq!(refused.problem(409), "meeting_ended", "{rest}");
    }
    let body = json!({ "title": "Other" });
    let refused = practice.session("PATCH", &id, "", Some(&body)).await;
    assert_eq!(refused.problem(409), "meeting_ended");
}

/// IV-3: where somebody else sends the invitations there is a word in the app and
/// no mail; changes are told all the same, and no file is taken back that nobody
/// has.
#[tokio::test]
async fn skipped_invitations_are_not_mailed() {
    let practice = practice().await;
    let skip = json!({ "skip_invitation_emails": true });
    let id = practice.announced(&skip).await;
    assert_eq!(practice.letters(0), []);
    for user in [TECHNICIAN, OTHER_TECHNICIAN] {
        assert_eq!(practice.notified(user).await, ["meeting_scheduled"]);
    }
    let shown = practice.shown(&id).await;
    for invitation in shown["invitations"].as_array().unwrap() {
        assert_eq!(invitation["mail_status"], "skipped", "{invitation}");
    }
    let gone = json!({ "invitees": { "emails": [GUEST], "user_ids": [TECHNICIAN] } });
    practice.changed(&id, &gone).await;
    for letter in practice.letters(0) {
        assert_eq!((&*letter.to, &*letter.method), (GIL, ""));
    }
    let before = practice.letters(0).len();
    practice.changed(&id, &json!({ "title": "Other" })).await;
    assert_eq!(
        news(&practice.letters(before)),
        [(CONTACT_EMAIL, "REQUEST", 2), (GUEST, "REQUEST", 2)]
    );
    let before = practice.letters(0).len();
    let answer = practice.session("POST", &id, "/cancel", None).await;
    answer.expect(200);
    practice.work().await;
    assert_eq!(
        news(&practice.letters(before)),
        [(CONTACT_EMAIL, "CANCEL", 3), (GUEST, "CANCEL", 3)]
    );
}

/// IV-1, IV-3: an instant meeting begins now, says so, and can be ended at once.
#[tokio::test]
async fn an_instant_meeting_begins_now() {
    let practice = practice().await;
    let mut body = Practice::session_plan(&json!({ "instant": true }));
    let refused = practice.host("POST", "/api/v1/meetings", Some(&body));
    let refused = practice.process.api(refused).await;
    let refused = it::requests::violations(&refused);
    assert_eq!(refused, [("/start".to_owned(), "not_allowed".to_owned())]);
    body.as_object_mut().unwrap().remove("start");
    let event = practice.host("POST", "/api/v1/meetings", Some(&body));
    let session = practice.process.api(event).await.expect(201);
    assert_eq!(session["instant"], true);
    assert_eq!(session["start"], "2026-11-23T08:00:00Z");
    assert_eq!(session["end"], "2026-11-23T09:00:00Z");
    practice.work().await;
    let letters = practice.letters(0);
    assert_eq!(letters.len(), 5);
    let subject = |head: &str| {
        let mut lines = head.split("\r\n");
        lines
            .find(|line| line.starts_with("Subject:"))
            .unwrap()
            .to_owned()
    };
    let planned = practice.announced(&json!({})).await;
    let scheduled = practice.letters(5);
    assert_ne!(subject(&letters[0].head), subject(&scheduled[0].head));
    assert!(letters[0].file.contains("METHOD:REQUEST"));
    let id = session["meeting_id"].as_str().unwrap();
    practice.clock.advance(TimeDelta::minutes(1));
    let ended = practice.session("POST", id, "/end", None).await;
    ended.expect(200);
    practice.shown(&planned).await;
}

/// IV-2: a link that the caller gives is the link; without one it is the
/// deployment's page and the id, and so it is once a given one is taken away.
#[tokio::test]
async fn the_link_is_the_callers_or_the_page() {
    let practice = practice().await;
    let own = "https://call.example/room?x=1&y=2";
    let id = practice.announced(&json!({ "join_url": own })).await;
    assert_eq!(practice.shown(&id).await["join_url"], own);
    for letter in practice.letters(0) {
        assert_eq!(letter.lines("URL"), [format!("URL:{own}")]);
        assert!(letter.text.contains(own), "{}", letter.text);
    }
    let answer = practice.changed(&id, &json!({ "join_url": null })).await;
    assert_eq!(answer["changes"], json!(["join_url"]));
    let page = format!("https://convoke.example/meetings/{id}");
    assert_eq!(answer["meeting"]["join_url"], page);
    let letters = practice.letters(5);
    assert_eq!(letters.len(), 3);
    assert_eq!(letters[0].lines("URL"), [format!("URL:{page}")]);
    let told = &practice.notifications(TECHNICIAN).await[0];
    let message = told["message"].as_str().unwrap();
    assert!(message.ends_with("was changed: join link."), "{message}");
    for bad in [
        "ftp://x.example",
        "javascript:alert(1)",
        "https://a b.example",
    ] {
        let refused = json!({ "join_url": bad });
        let refused = practice.session("PATCH", &id, "", Some(&refused)).await;
        let refused = it::requests::violations(&refused);
        assert_eq!(refused[0].0, "/join_url", "{bad}");
    }
    let both = json!({ "join_url": own, "generate_teams_meeting": true });
    let event = practice.host(
        "POST",
        "/api/v1/meetings",
        Some(&Practice::session_plan(&both)),
    );
    let refused = practice.process.api(event).await;
    assert_eq!(it::requests::violations(&refused)[0].1, "not_allowed");
    let contacts = json!({ "invitees": { "contact_ids": [CONTACT] } });
    practice.planned(&contacts).await;
}

/// IV-2: without a Teams integration a Teams meeting is a warning, and the page
/// the link.
#[tokio::test]
async fn without_teams_the_page_is_the_link_and_the_answer_says_why() {
    let practice = practice().await;
    let session = practice
        .planned(&json!({ "generate_teams_meeting": true }))
        .await;
    let warning = &session["teams_meeting_warning"];
    assert!(warning["reason"].is_string(), "{session}");
    let link = session["join_url"].as_str().unwrap();
    assert!(link.starts_with("https://convoke.example/meetings/"));
    practice.work().await;
    assert_eq!(practice.letters(0).len(), 5);
}
