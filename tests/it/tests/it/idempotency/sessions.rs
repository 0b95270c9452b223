//! `Idempotency-Key` of meetings with invitees: whose a key is, and who may still have
//! the answer that it brings back (XC-4).

use it::api::{ALL_SCOPES, Answer};
use it::deployed::new_org;
use it::gateway::Event;
use it::practice::{CLIENT, CONTACT, GUEST, HOST, Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::{assert_replayed, who_calls};
use crate::routes::{self, Estate, cases};

const KEY: &str = "idempotency-key";

/// A practice with a meeting that was announced.
struct Met {
    practice: Practice,
    id: String,
}

impl Met {
    async fn open() -> Self {
        let practice = Practice::without_teams().await.with_host().await;
        let id = practice.announced(&json!({})).await;
        Self { practice, id }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/meetings/{}{rest}", self.id)
    }

    fn messages(&self) -> String {
        format!("/api/v1/conversations/{}/messages", self.id)
    }

    async fn send(&self, event: Event) -> Answer {
        self.practice.process.api(event).await
    }

    async fn invitation_of(&self, field: &str, value: &str) -> String {
        let read = self.practice.session("GET", &self.id, "", None).await;
        let read = read.expect(200);
        let mut invitations = read["invitations"].as_array().unwrap().iter();
        let found = invitations.find(|one| one[field] == value).unwrap();
        found["invitation_id"].as_str().unwrap().to_owned()
    }

    async fn invite_only_the_guest(&self) {
        let nobody =
            json!({ "invitees": { "contact_ids": [], "user_ids": [], "emails": [GUEST] } });
        let changed = self.practice.session("PATCH", &self.id, "", Some(&nobody));
        changed.await.expect(200);
    }
}

/// XC-4: another body under the same key is refused by every new POST that has one.
#[tokio::test]
async fn another_body_under_the_same_key_is_refused_by_each() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    let mut driven = vec![];
    for case in cases() {
        let other = match case.operation {
            "create_session" => json!({ "title": "Another", "instant": true, "duration_minutes": 5,
                "timezone": "UTC" }),
            "respond_to_invitation" => json!({ "response": "declined" }),
            "post_message" => json!({ "body": "Something else." }),
            _ => continue,
        };
        let caller = who_calls(&case, &estate);
        let event = case
            .event(&estate)
            .internal(&estate.org, caller, ALL_SCOPES);
        let event = event.header(KEY, "k1");
        let first = case.send(&process, event.clone()).await;
        assert_eq!(first.status, case.status, "{}", case.operation);
        let refused = case.send(&process, event.clone().json(&other)).await;
        assert_eq!(refused.problem(422), "invalid_input", "{}", case.operation);
        let code = &refused.json()["errors"][0]["code"];
        assert_eq!(code, "idempotency_key_reused", "{}", case.operation);
        assert_replayed(&first, &case.send(&process, event).await);
        driven.push(case.operation);
    }
    assert_eq!(driven.len(), 3);
}

/// XC-4: a key is its caller's: two members with the same key each say their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_its_callers() {
    let met = Box::pin(Met::open()).await;
    let said = json!({ "body": "Good morning." });
    for user in [HOST, TECHNICIAN] {
        let event = met
            .practice
            .colleague(user, "POST", &met.messages(), Some(&said));
        let first = met.send(event.clone().header(KEY, "k1")).await;
        assert_eq!(first.expect(201)["author"]["user_id"], user);
        assert_eq!(first.header("idempotency-replayed"), None);
        assert_replayed(&first, &met.send(event.header(KEY, "k1")).await);
    }
    let list = met.practice.host("GET", &met.messages(), None);
    let list = met.send(list).await.expect(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
}

/// XC-4: the caller is authorised again before a replay: who was taken off the list
/// gets no stored answer any more, and so no link; a meeting is no meeting for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_removed_invitee_gets_no_stored_answer() {
    let met = Box::pin(Met::open()).await;
    let own = met.invitation_of("user_id", TECHNICIAN).await;
    let contacts = met.invitation_of("contact_id", CONTACT).await;
    let answer = json!({ "response": "accepted" });
    let said = json!({ "body": "Good morning." });
    let respond = |id: &str| met.path(&format!("/invitations/{id}/respond"));
    let practice = &met.practice;
    let events = [
        practice.colleague(TECHNICIAN, "POST", &met.path("/join"), None),
        practice.colleague(TECHNICIAN, "POST", &respond(&own), Some(&answer)),
        practice.colleague(TECHNICIAN, "POST", &met.messages(), Some(&said)),
        practice.contact("POST", &met.path("/join"), None),
        practice.contact("POST", &respond(&contacts), Some(&answer)),
        practice.contact("POST", &met.messages(), Some(&said)),
    ];
    let events = events.map(|event| event.header(KEY, "k1"));
    for event in &events {
        let first = met.send(event.clone()).await;
        assert!(first.status < 300, "{first:?}");
        assert_replayed(&first, &met.send(event.clone()).await);
    }
    met.invite_only_the_guest().await;
    for event in events {
        let again = met.send(event).await;
        assert_eq!(again.problem(404), "not_found");
        assert_eq!(again.header("idempotency-replayed"), None);
    }
}

/// XC-4: neither gets an answer back who managed all meetings and does not any more,
/// nor a contact who has come to another client.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_needs_the_same_standing_still() {
    let met = Box::pin(Met::open()).await;
    let org = &met.practice.org;
    let join = Event::new("POST", &met.path("/join")).header(KEY, "k1");
    let of = |client: &str| join.clone().portal(org, "portal-1", "", client, CONTACT);
    met.send(of(CLIENT)).await.expect(200);
    assert_eq!(met.send(of("elsewhere")).await.problem(404), "not_found");
    let cancel = Event::new("POST", &met.path("/cancel")).header(KEY, "k1");
    let manager = |scope: &str| cancel.clone().internal(org, "u-manager", scope);
    let first = met.send(manager("meetings:admin")).await;
    first.expect(200);
    assert_eq!(
        met.send(manager("meetings:write")).await.problem(404),
        "not_found"
    );
    assert_replayed(&first, &met.send(manager("meetings:admin")).await);
    let invited = cancel.internal(org, TECHNICIAN, "meetings:admin");
    assert_eq!(
        met.send(invited.clone()).await.problem(409),
        "meeting_cancelled"
    );
    let without = invited.internal(org, TECHNICIAN, "");
    assert_eq!(met.send(without).await.problem(403), "not_the_host");
}

/// XC-4, IV-1: the same key plans one meeting and tells everybody once.
#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_is_planned_and_told_of_once() {
    let practice = Practice::without_teams().await.with_host().await;
    let body = Practice::session_plan(&json!({}));
    let event = practice.host("POST", "/api/v1/meetings", Some(&body));
    let event = event.header(KEY, "k1");
    let first = Box::pin(practice.process.api(event.clone())).await;
    first.expect(201);
    Box::pin(practice.work()).await;
    let told = practice.mails().len();
    assert_eq!(told, 5);
    let again = Box::pin(practice.process.api(event)).await;
    assert_replayed(&first, &again);
    Box::pin(practice.work()).await;
    assert_eq!(practice.mails().len(), told);
    let list = practice.host("GET", "/api/v1/meetings", None);
    let list: Value = practice.process.api(list).await.expect(200);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
}

/// XC-4: a link of a mail needs no key and knows none: it is used up by itself.
#[tokio::test]
async fn an_answer_link_keeps_no_answers() {
    let (process, _) = routes::process();
    let estate = Estate::of(&process, &new_org()).await;
    let mut posts = cases()
        .into_iter()
        .filter(|case| case.operation == "answer_by_link");
    let post = posts.next().expect("a route");
    let event = post.event(&estate).header(KEY, "k1");
    assert_eq!(post.send(&process, event.clone()).await.status, 200);
    let again = post.send(&process, event.clone()).await;
    assert_eq!(again.status, 200, "the button was pressed twice");
    assert_eq!(again.header("idempotency-replayed"), None);
    let other = event.text("response=declined");
    assert_eq!(post.send(&process, other).await.status, 409);
}
