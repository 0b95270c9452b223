//! Who may read, join and change a session, and that nobody overwrites what they
//! have not seen (IV-5, XC-1, XC-4, XC-5).

use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, GUEST, HOST, OTHER_TECHNICIAN, Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::practice;

fn path_of(id: &str) -> String {
    format!("/api/v1/meetings/{id}")
}

/// IV-5: invitees see who else comes and what they said, and nothing of how they
/// are reached; host and administrators see all of it.
#[tokio::test]
async fn invitees_see_no_addresses_but_their_own() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let event = practice.colleague(TECHNICIAN, "GET", &path_of(&id), None);
    let seen = practice.process.api(event).await.expect(200);
    assert_eq!(seen["title"], "Quarterly review");
    for invitation in seen["invitations"].as_array().unwrap() {
        let is_own = invitation["user_id"] == TECHNICIAN;
        assert_eq!(invitation["email"].is_string(), is_own, "{invitation}");
        assert_eq!(invitation.get("mail_status"), None, "{invitation}");
        assert_eq!(invitation.get("contact_id"), None, "{invitation}");
    }
    let event = practice.contact("GET", &path_of(&id), None);
    let seen = practice.process.api(event).await.expect(200);
    let emails = seen.to_string();
    assert!(!emails.contains(GUEST) && emails.contains("ada@client.example"));
    let admin = Event::new("GET", &path_of(&id)).internal(&practice.org, "boss", "meetings:admin");
    let seen = practice.process.api(admin).await.expect(200);
    assert_eq!(
        seen["invitations"],
        practice.shown(&id).await["invitations"]
    );
}

/// IV-5, XC-1: who is not invited finds nothing, whatever they may do elsewhere;
/// who is invited changes nothing; who manages all meetings manages this one.
#[tokio::test]
async fn only_host_and_administrators_change_it() {
    let practice = practice().await;
    let other = Practice::without_teams().await.with_host().await;
    let id = practice.announced(&json!({})).await;
    let path = path_of(&id);
    let all = "meetings:read meetings:write meetings:admin";
    let body = json!({ "title": "Other" });
    for (method, rest, body) in [
        ("GET", "", None),
        ("PATCH", "", Some(&body)),
        ("POST", "/cancel", None),
        ("POST", "/end", None),
        ("POST", "/join", None),
    ] {
        let path = format!("{path}{rest}");
        let of = |event: Event| body.into_iter().fold(event, Event::json);
        for stranger in [
            of(Event::new(method, &path).internal(
                &practice.org,
                "stranger",
                "meetings:read meetings:write",
            )),
            of(Event::new(method, &path).internal(&other.org, HOST, all)),
            of(Event::new(method, &path).portal(&practice.org, "p", all, "client-2", CONTACT)),
            of(Event::new(method, &path).portal(&practice.org, "p", all, CLIENT, "contact-2")),
        ] {
            let refused = practice.process.api(stranger.clone()).await;
            let is_portal_refused =
                refused.status == 403 && !rest.ends_with("join") && method != "GET";
            if !is_portal_refused {
                assert_eq!(refused.problem(404), "not_found", "{stranger:?}");
            }
        }
        if method == "GET" || rest == "/join" {
            continue;
        }
        let invitee = practice.colleague(TECHNICIAN, method, &path, body);
        let refused = practice.process.api(invitee).await;
        assert_eq!(refused.problem(403), "not_the_host", "{method} {rest}");
        let contact = practice.contact(method, &path, body);
        assert_eq!(
            practice.process.api(contact).await.status,
            403,
            "{method} {rest}"
        );
    }
    assert_eq!(practice.shown(&id).await["version"], 1);
    let admin = |method: &str, path: &str| {
        Event::new(method, path).internal(&practice.org, "boss", "meetings:admin")
    };
    let answer = practice
        .process
        .api(admin("PATCH", &path).json(&body))
        .await;
    assert_eq!(answer.expect(200)["meeting"]["title"], "Other");
    let join = admin("POST", &format!("{path}/join"));
    let refused = practice.process.api(join).await;
    assert_eq!(refused.problem(404), "not_found", "not invited");
    let answer = practice
        .process
        .api(admin("POST", &format!("{path}/cancel")))
        .await;
    assert_eq!(answer.expect(200)["status"], "cancelled");
}

/// IV-5: joining makes a participant, once; the host need not be made one.
#[tokio::test]
async fn joining_makes_a_participant() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let path = format!("{}/join", path_of(&id));
    let join = |user: &'static str| practice.colleague(user, "POST", &path, None);
    let first = practice.process.api(join(TECHNICIAN)).await.expect(200);
    assert!(first["join_url"].is_string(), "{first}");
    practice.clock.advance(chrono::TimeDelta::minutes(1));
    let again = practice.process.api(join(TECHNICIAN)).await.expect(200);
    assert_eq!(again, first, "joining again changes nothing");
    let host = practice.process.api(join(HOST)).await.expect(200);
    assert_eq!(host["version"], first["version"]);
    let contact = practice.contact("POST", &path, None);
    practice.process.api(contact).await.expect(200);
    let shown = practice.shown(&id).await;
    let joined: Vec<_> = shown["invitations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["joined_at"].is_string())
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(joined, ["internal", "contact"]);
    practice.work().await;
    assert_eq!(practice.letters(5), [], "nobody hears of it");
}

/// IV-5: membership follows the list: whoever is removed finds neither meeting nor
/// conversation nor list entry, though they had joined; whoever comes back does.
#[tokio::test]
async fn membership_follows_the_list() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let (path, talk) = (path_of(&id), format!("/api/v1/conversations/{id}/messages"));
    let join = format!("{path}/join");
    let answer = practice
        .process
        .api(practice.colleague(TECHNICIAN, "POST", &join, None))
        .await;
    answer.expect(200);
    for (invitees, status) in [
        (
            json!({ "user_ids": [OTHER_TECHNICIAN], "contact_ids": [], "emails": [] }),
            404,
        ),
        (
            json!({ "user_ids": [TECHNICIAN], "contact_ids": [CONTACT], "emails": [] }),
            200,
        ),
    ] {
        practice
            .changed(&id, &json!({ "invitees": invitees }))
            .await;
        for path in [&path, &talk] {
            let user = practice.colleague(TECHNICIAN, "GET", path, None);
            assert_eq!(practice.process.api(user).await.status, status, "{path}");
            let contact = practice.contact("GET", path, None);
            assert_eq!(practice.process.api(contact).await.status, status, "{path}");
        }
        let list = practice.colleague(TECHNICIAN, "GET", "/api/v1/meetings", None);
        let list = practice.process.api(list).await.expect(200);
        let count = list["items"].as_array().unwrap().len();
        assert_eq!(count, usize::from(status == 200));
    }
    let shown = practice.shown(&id).await;
    let joined = shown["invitations"].to_string().contains("joined_at");
    assert!(!joined, "they have to join again: {shown}");
}

/// XC-5: changes stand on the version that was read.
#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let practice = practice().await;
    let id = practice.announced(&json!({})).await;
    let path = path_of(&id);
    let read = practice.session("GET", &id, "", None).await;
    let tag = read.header("etag").unwrap().to_owned();
    let patch = |title: &str| {
        let body = json!({ "title": title });
        practice
            .host("PATCH", &path, Some(&body))
            .header("if-match", &tag)
    };
    let changed = practice.process.api(patch("One")).await;
    assert_ne!(changed.header("etag"), Some(&*tag));
    changed.expect(200);
    let stale = practice.process.api(patch("Two")).await;
    assert_eq!(stale.problem(412), "version_mismatch");
    for command in ["cancel", "end"] {
        let event = practice.host("POST", &format!("{path}/{command}"), None);
        let stale = practice.process.api(event.header("if-match", &tag)).await;
        assert_eq!(stale.problem(412), "version_mismatch", "{command}");
    }
    assert_eq!(practice.shown(&id).await["title"], "One");
}

/// XC-4: the same key plans one session, cancels once and answers the same.
#[tokio::test]
async fn a_key_plans_once() {
    let practice = practice().await;
    let plan = |fields: &Value| {
        let body = Practice::session_plan(fields);
        let event = practice.host("POST", "/api/v1/meetings", Some(&body));
        event.header("idempotency-key", "the-key")
    };
    let first = practice.process.api(plan(&json!({}))).await;
    let again = practice.process.api(plan(&json!({}))).await;
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(first.expect(201), again.expect(201));
    let other = practice
        .process
        .api(plan(&json!({ "title": "Other" })))
        .await;
    assert_eq!(other.status, 422);
    practice.work().await;
    assert_eq!(practice.letters(0).len(), 5);
    let id = first.json()["meeting_id"].as_str().unwrap().to_owned();
    let cancel = practice.host("POST", &format!("{}/cancel", path_of(&id)), None);
    let cancel = cancel.header("idempotency-key", "another");
    let first = practice.process.api(cancel.clone()).await.expect(200);
    assert_eq!(practice.process.api(cancel).await.expect(200), first);
    practice.work().await;
    assert_eq!(practice.letters(5).len(), 5);
}
