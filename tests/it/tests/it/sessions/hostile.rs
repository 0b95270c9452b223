//! What hosts send that they should not, and as much as they may (IV-1, XC-3,
//! XC-13).

use it::api::Answer;
use it::practice::{CONTACT, GUEST, HOST_EMAIL, Practice};
use it::requests::violations;
use it::ses::read_mail;
use serde_json::{Value, json};

use super::{news, practice};

async fn planned(practice: &Practice, fields: &Value) -> Answer {
    let body = Practice::session_plan(fields);
    let event = practice.host("POST", "/api/v1/meetings", Some(&body));
    practice.process.api(event).await
}

fn pairs(answer: &Answer) -> Vec<(String, String)> {
    let mut all = violations(answer);
    all.sort();
    all
}

fn owned(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = expected.iter();
    pairs
        .map(|(one, two)| ((*one).to_owned(), (*two).to_owned()))
        .collect()
}

/// IV-1, XC-3: invitees whom the directory does not know, or of several clients;
/// unknown fields, wrong types; everything that is wrong at once.
#[tokio::test]
async fn what_cannot_be_planned_is_refused_by_its_field() {
    let practice = practice().await;
    let other = json!({ "client_id": "client-2", "email": "zoe@other.example", "name": "Zoe" });
    practice.put("/api/v1/contacts/zoe", &other).await;
    for (fields, expected) in [
        (
            json!({ "invitees": { "contact_ids": [CONTACT, "unknown", "unknown-2"] } }),
            &[
                ("/invitees/contact_ids/1", "unknown_contact"),
                ("/invitees/contact_ids/2", "unknown_contact"),
            ][..],
        ),
        (
            json!({ "invitees": { "contact_ids": [CONTACT, "zoe"] } }),
            &[("/invitees/contact_ids/1", "not_the_same_client")],
        ),
        (
            json!({ "attendees": [] }),
            &[("/attendees", "unknown_field")],
        ),
        (
            json!({ "invitees": { "groups": [] } }),
            &[("/invitees/groups", "unknown_field")],
        ),
        (
            json!({ "title": "", "duration_minutes": 0, "timezone": "Mars/Olympus",
                "invitees": { "emails": ["a@b.example\r\nBcc: eve@evil.example", "x"] } }),
            &[
                ("/duration_minutes", "out_of_range"),
                ("/invitees/emails/0", "invalid_email"),
                ("/invitees/emails/1", "invalid_email"),
                ("/timezone", "unknown_timezone"),
                ("/title", "empty"),
            ],
        ),
        (
            json!({ "start": "2027-03-28T02:30" }),
            &[("/start", "skipped_by_dst")],
        ),
        (
            json!({ "start": "2026-11-23T08:59" }),
            &[("/start", "in_the_past")],
        ),
    ] {
        let refused = planned(&practice, &fields).await;
        assert_eq!(pairs(&refused), owned(expected), "{fields}");
    }
    for fields in [
        json!({ "title": null }),
        json!({ "duration_minutes": "60" }),
        json!({ "invitees": [] }),
    ] {
        let refused = planned(&practice, &fields).await;
        assert!(
            [400, 422].contains(&refused.status),
            "{fields}: {refused:?}"
        );
    }
    practice.work().await;
    assert_eq!(practice.letters(0), []);
    let list = practice.host("GET", "/api/v1/meetings", None);
    assert_eq!(
        practice.process.api(list).await.expect(200)["items"],
        json!([])
    );
}

/// IV-4, XC-3: a change is refused whole, with all that is wrong with it.
#[tokio::test]
async fn what_cannot_be_changed_changes_nothing() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let before = practice.shown(&id).await;
    for (fields, expected) in [
        (
            json!({ "title": "Fine", "start": "soon", "invitees": { "emails": ["x"] } }),
            &[
                ("/invitees/emails/0", "invalid_email"),
                ("/start", "invalid_start"),
            ][..],
        ),
        (
            json!({ "title": "Fine", "invitees": { "contact_ids": ["unknown"] } }),
            &[("/invitees/contact_ids/0", "unknown_contact")],
        ),
        (
            json!({ "title": "Fine", "status": "ended" }),
            &[("/status", "unknown_field")],
        ),
        (
            json!({ "title": "Fine", "host_id": "me" }),
            &[("/host_id", "unknown_field")],
        ),
        (
            json!({ "location": "x".repeat(501) }),
            &[("/location", "too_long")],
        ),
    ] {
        let refused = practice.session("PATCH", &id, "", Some(&fields)).await;
        assert_eq!(pairs(&refused), owned(expected), "{fields}");
    }
    assert_eq!(practice.shown(&id).await, before);
}

/// IV-1, IV-3: a hundred are invited and each is told, once; not one more.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_are_all_told() {
    let practice = practice().await;
    let mut emails: Vec<_> = (0..101)
        .map(|at| format!("guest-{at:03}@guests.example"))
        .collect();
    let of = |emails: &[String]| json!({ "invitees": { "emails": emails } });
    let refused = planned(&practice, &of(&emails)).await;
    assert_eq!(pairs(&refused), owned(&[("/invitees", "too_many")]));
    emails.pop();
    let id = practice.announced(&of(&emails)).await;
    let letters = practice.letters(0);
    let expected: Vec<_> = emails
        .iter()
        .map(|email| (&**email, "REQUEST", 0))
        .collect();
    assert_eq!(news(&letters), expected);
    assert_eq!(letters[99].lines("ATTENDEE").len(), 101);
    let one_more = json!({ "invitees": { "user_ids": ["one-more"] } });
    let refused = practice.session("PATCH", &id, "", Some(&one_more)).await;
    assert_eq!(pairs(&refused), owned(&[("/invitees", "too_many")]));
}

/// IV-3: names and a description as long as they may be, of a hundred invitees:
/// more than one transaction takes, and all are told.
#[tokio::test(flavor = "multi_thread")]
async fn the_longest_texts_reach_a_hundred() {
    let practice = practice().await;
    let name = "\u{1F409}".repeat(140);
    let users: Vec<_> = (0..100)
        .map(|at| {
            json!({ "user_id": format!("user-{at:03}"), "name": name,
            "email": format!("user-{at:03}@practice.example") })
        })
        .collect();
    let import = json!({ "users": users });
    let event = practice.staff("POST", "/api/v1/directory/import", Some(&import));
    practice.process.api(event).await.expect(200);
    let ids: Vec<_> = users.iter().map(|user| user["user_id"].clone()).collect();
    let fields = json!({ "description": "\n".repeat(32 * 1024 - 1) + "x",
        "invitees": { "user_ids": ids } });
    let id = practice.announced(&fields).await;
    let mut told: Vec<_> = practice
        .ses
        .received()
        .iter()
        .map(|mail| it::practice::Letter::read(mail).to)
        .collect();
    told.sort();
    told.dedup();
    assert_eq!((told.len(), practice.ses.received().len()), (100, 100));
    assert_eq!(
        practice.shown(&id).await["invitations"]
            .as_array()
            .unwrap()
            .len(),
        100
    );
}

/// IV-1: more text than a hundred mails can carry is refused.
#[tokio::test]
async fn more_text_than_mails_carry_is_refused() {
    let practice = practice().await;
    let users: Vec<_> = (0..100)
        .map(|at| json!({ "user_id": format!("user-{at:03}"), "name": "\u{1F409}".repeat(255) }))
        .collect();
    let import = json!({ "users": users });
    let event = practice.staff("POST", "/api/v1/directory/import", Some(&import));
    practice.process.api(event).await.expect(200);
    let ids: Vec<_> = users.iter().map(|user| user["user_id"].clone()).collect();
    let refused = planned(&practice, &json!({ "invitees": { "user_ids": ids } })).await;
    assert_eq!(pairs(&refused), owned(&[("", "too_long")]));
    let id = practice.announced(&json!({})).await;
    let body = json!({ "invitees": { "user_ids": ids, "contact_ids": [], "emails": [] } });
    let refused = practice.session("PATCH", &id, "", Some(&body)).await;
    assert_eq!(pairs(&refused), owned(&[("", "too_long")]));
    assert_eq!(practice.shown(&id).await["version"], 1);
}

fn html_of(part: &Value) -> Option<&str> {
    if part["type"] == "text/html" {
        return part["text"].as_str();
    }
    part["parts"].as_array()?.iter().find_map(html_of)
}

/// XC-13: nothing that a host writes becomes a header, an attendee or markup.
#[tokio::test]
async fn texts_stay_texts() {
    let practice = practice().await;
    let evil = "Review\r\nBcc: eve@evil.example\r\nATTENDEE:mailto:eve@evil.example";
    let fields = json!({ "title": evil, "description": format!("{evil}\r\n\r\n<script>alert(1)</script>"),
        "location": evil, "invitees": { "emails": [GUEST] } });
    let id = practice.announced(&fields).await;
    practice
        .changed(&id, &json!({ "title": format!("{evil}!") }))
        .await;
    for request in practice.ses.received() {
        let mail = read_mail(&request);
        let names: Vec<_> = mail["names"].as_array().unwrap().iter().collect();
        assert!(
            names
                .iter()
                .all(|name| *name != "Bcc" && *name != "ATTENDEE"),
            "{names:?}"
        );
        assert_eq!(mail["to"].as_array().unwrap().len(), 1);
        assert_eq!(mail["defects"], json!([]));
        let html = html_of(&mail["body"]).expect("a part for browsers");
        assert!(
            html.contains("&lt;script&gt;alert") || !html.contains("alert"),
            "{html}"
        );
        assert!(!html.contains("<script>alert"), "{html}");
    }
    for letter in practice.letters(0) {
        let attendees = letter.lines("ATTENDEE");
        assert_eq!(attendees.len(), 2, "{}", letter.file);
        assert!(attendees[0].contains(HOST_EMAIL) && attendees[1].contains(GUEST));
    }
}
