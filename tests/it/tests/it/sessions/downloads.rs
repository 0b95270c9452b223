//! A session's calendar file, as downloaded and as mailed (IV-3, IV-5).

use http::HeaderMap;
use it::api::Answer;
use it::gateway::Event;
use it::practice::{
    CLIENT, CONTACT, GUEST, HOST, HOST_EMAIL, Practice, TECHNICIAN, TECHNICIAN_EMAIL, read_file,
};
use it::ses::read_mail;
use serde_json::{Value, json};

use super::{GIL, practice};

fn path_of(id: &str) -> String {
    format!("/api/v1/meetings/{id}/invitation")
}

/// A caller without any permission.
fn caller(practice: &Practice, user: &str, id: &str) -> Event {
    Event::new("GET", &path_of(id)).internal(&practice.org, user, "")
}

fn addresses(event: &Value) -> Vec<&str> {
    let attendees = event["attendees"].as_array().unwrap().iter();
    let mut all: Vec<_> = attendees
        .map(|one| one["uri"].as_str().unwrap().trim_start_matches("mailto:"))
        .collect();
    all.sort_unstable();
    all
}

/// IV-5: host, invitees and participants download the same file; an independent
/// reader finds in it what the session says.
#[tokio::test]
async fn members_download_the_file() {
    let practice = practice().await;
    let id = practice.announced(&json!({ "location": "Room 4" })).await;
    practice
        .changed(&id, &json!({ "start": "2026-12-02T09:00" }))
        .await;
    let host = practice.process.ics(caller(&practice, HOST, &id)).await;
    assert_eq!(
        host.header("content-type"),
        Some("text/calendar; charset=utf-8")
    );
    assert_eq!(host.header("cache-control"), Some("private, no-store"));
    let disposition = host.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    assert!(host.header("etag").is_some());
    let file = read_file(&host);
    assert_eq!(file["method"], Value::Null);
    let event = &file["events"][0];
    assert_eq!(event["uid"], format!("{id}@convoke.example"));
    assert_eq!(event["summary"], "Quarterly review");
    assert_eq!(event["location"], "Room 4");
    assert_eq!(event["sequence"], 1);
    assert_eq!(event["status"], "CONFIRMED");
    assert_eq!(
        file["occurrences"]["by_file"],
        json!(["2026-12-02T08:00:00Z"])
    );
    assert_eq!(
        addresses(event),
        [
            "ada@client.example",
            GIL,
            GUEST,
            HOST_EMAIL,
            TECHNICIAN_EMAIL,
            super::TOM_EMAIL
        ]
    );
    let invitee = practice.process.ics(caller(&practice, TECHNICIAN, &id));
    assert_eq!(invitee.await.body, host.body);
    let contact = practice.contact("GET", &path_of(&id), None);
    assert_eq!(practice.process.ics(contact).await.body, host.body);
    let join = practice.contact("POST", &format!("/api/v1/meetings/{id}/join"), None);
    practice.process.api(join).await.expect(200);
    let participant = practice.contact("GET", &path_of(&id), None);
    assert_eq!(practice.process.ics(participant).await.status, 200);
}

/// IV-5, XC-1: for strangers there is no file: other users, who manages all
/// meetings but is not invited, other contacts and clients, other tenants.
#[tokio::test]
async fn strangers_find_no_file() {
    let practice = practice().await;
    let other = Practice::without_teams().await.with_host().await;
    let id = practice.announced(&json!({})).await;
    let path = path_of(&id);
    let org = &practice.org;
    let everything = "meetings:read meetings:write meetings:admin";
    for stranger in [
        Event::new("GET", &path).internal(org, "stranger", everything),
        Event::new("GET", &path).internal(org, CONTACT, everything),
        Event::new("GET", &path).internal(&other.org, HOST, everything),
        Event::new("GET", &path).internal(&other.org, TECHNICIAN, everything),
        Event::new("GET", &path).portal(org, "p", everything, CLIENT, "contact-2"),
        Event::new("GET", &path).portal(org, "p", everything, "client-2", CONTACT),
        Event::new("GET", &path).portal(org, "p", everything, CLIENT, TECHNICIAN),
        Event::new("GET", &path).portal(&other.org, "p", everything, CLIENT, CONTACT),
    ] {
        let refused = practice.process.ics(stranger.clone()).await;
        assert_eq!(refused.problem(404), "not_found", "{stranger:?}");
    }
    let admin = Event::new("GET", &path).internal(org, TECHNICIAN, everything);
    assert_eq!(practice.process.ics(admin).await.status, 200, "invited too");
    let nobody = practice.process.ics(Event::new("GET", &path)).await;
    assert_eq!(nobody.status, 401);
    let unknown = caller(&practice, HOST, "00000000-0000-7000-8000-000000000000");
    assert_eq!(
        practice.process.ics(unknown).await.problem(404),
        "not_found"
    );
}

/// IV-5: whoever is removed finds no file any more, by themselves or by the link in
/// their mail.
#[tokio::test]
async fn the_removed_find_no_file() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let invited = practice.letters(0);
    let fewer = json!({ "invitees": { "user_ids": [], "contact_ids": [], "emails": [GUEST] } });
    practice.changed(&id, &fewer).await;
    let user = practice.process.ics(caller(&practice, TECHNICIAN, &id));
    assert_eq!(user.await.problem(404), "not_found");
    let contact = practice.contact("GET", &path_of(&id), None);
    let contact = practice.process.ics(contact).await;
    assert_eq!(contact.problem(404), "not_found");
    for letter in invited {
        let link = letter.file_path().expect("a link");
        let file = practice.process.ics(Event::new("GET", &link)).await;
        let expected = if letter.to == GUEST { 200 } else { 404 };
        assert_eq!(file.status, expected, "{}", letter.to);
    }
}

/// IV-5: a session that is cancelled or has ended has no file, for its host, its
/// invitees, and by the links in mails.
#[tokio::test]
async fn what_is_over_has_no_file() {
    for (command, code) in [("cancel", "meeting_cancelled"), ("end", "meeting_ended")] {
        let practice = practice().await;
        let id = practice.announced(&json!({})).await;
        let link = practice.letters(0)[0].file_path().expect("a link");
        let file = practice.process.ics(Event::new("GET", &link)).await;
        assert_eq!(read_file(&file)["events"][0]["sequence"], 0);
        practice.clock.set("2026-12-01T08:30:00Z");
        let rest = format!("/{command}");
        practice.session("POST", &id, &rest, None).await.expect(200);
        for event in [
            caller(&practice, HOST, &id),
            caller(&practice, TECHNICIAN, &id),
            practice.contact("GET", &path_of(&id), None),
            Event::new("GET", &link),
        ] {
            let refused = practice.process.ics(event).await;
            assert_eq!(refused.problem(409), code);
        }
    }
}

fn leaves(part: &Value) -> Vec<&Value> {
    match part["parts"].as_array() {
        Some(parts) => parts.iter().flat_map(leaves).collect(),
        None => vec![part],
    }
}

/// IV-3, IV-5, XC-13: mails as Outlook, Google and Apple want them: the same file
/// twice, its method in header and body, the reader among the attendees, and an
/// independent reader agrees with what went in.
#[tokio::test]
async fn mails_carry_files_that_calendars_take() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let fewer = json!({ "title": "Other", "invitees": { "emails": [GUEST] } });
    practice.changed(&id, &fewer).await;
    let mut seen = vec![];
    for request in practice.ses.received() {
        let mail = read_mail(&request);
        assert_eq!(mail["defects"], json!([]), "{mail}");
        assert_eq!(mail["bare_breaks"], 0);
        assert_eq!(mail["body"]["type"], "multipart/mixed");
        let to = mail["to"][0][1].as_str().unwrap().to_owned();
        let parts = leaves(&mail["body"]);
        let kinds: Vec<_> = parts
            .iter()
            .map(|part| part["type"].as_str().unwrap())
            .collect();
        let expected = [
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        ];
        assert_eq!(kinds, expected, "{to}");
        assert_eq!(parts[2]["sha256"], parts[3]["sha256"], "{to}");
        assert_eq!(parts[3]["file_name"], "invite.ics");
        let answer = Answer {
            status: 200,
            headers: HeaderMap::new(),
            body: parts[2]["text"].as_str().unwrap().as_bytes().to_vec(),
        };
        let file = read_file(&answer);
        assert_eq!(file["method"], parts[2]["parameters"]["method"]);
        let event = &file["events"][0];
        assert_eq!(event["organizer"]["uri"], "mailto:mail@convoke.example");
        assert_eq!(event["uid"], format!("{id}@convoke.example"));
        assert!(addresses(event).contains(&&*to), "{to}: {event}");
        let is_off = file["method"] == "CANCEL";
        assert_eq!(
            addresses(event).len(),
            if is_off {
                1
            } else {
                6 - usize::from(event["sequence"] == 1)
            }
        );
        assert_eq!(
            event["status"],
            if is_off { "CANCELLED" } else { "CONFIRMED" }
        );
        seen.push((to, file["method"].clone(), event["sequence"].clone()));
    }
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(seen.contains(&(GIL.to_owned(), json!("CANCEL"), json!(1))));
}
