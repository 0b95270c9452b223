//! `/me`: what a user's token reaches, and what it does not.

use graph_simulator::{RbacGrant, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::delegated::refresh;
use crate::peer::{Answer, Peer, events, plain, with};

const MARKER: &str = "String {5f0cb1f5-9ed7-4f57-a2b3-6f5a3c1d8e42} Name Marker";

/// Ann's own access to Graph.
struct Ann {
    peer: Peer,
    token: String,
}

impl Ann {
    async fn start() -> Self {
        let peer = Peer::start().await;
        let answer = refresh(&peer, demo::CALENDAR_REFRESH_TOKEN).await;
        let token = answer.body["access_token"].as_str().unwrap().to_owned();
        peer.sim.clear_received();
        Self { peer, token }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/v1.0{path}", self.peer.sim.base_url());
        let mut request = self.peer.http.request(method, url).bearer_auth(&self.token);
        request = request.header("prefer", "IdType=\"ImmutableId\"");
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn create(&self, body: &Value) -> Answer {
        self.send(Method::POST, "/me/events", Some(body)).await
    }
}

#[tokio::test]
async fn an_event_lives_on_the_users_own_calendar() {
    let ann = Ann::start().await;
    let created = ann.create(&with(json!({"transactionId": "t-1"}))).await;
    assert_eq!(created.status, 201);
    let path = format!("/me/events/{}", created.id());
    assert_eq!(ann.get(&path).await.body["subject"], "Quarterly review");
    let stored = ann.peer.sim.events(demo::ANN_UPN);
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].id, created.id());
    assert_eq!(stored[0].organizer, demo::ANN_UPN);

    let change = json!({"subject": "Moved"});
    let changed = ann.send(Method::PATCH, &path, Some(&change)).await;
    assert_eq!(changed.body["subject"], "Moved");
    let view =
        "/me/calendarView?startDateTime=2026-11-02T00:00:00Z&endDateTime=2026-11-03T00:00:00Z";
    assert_eq!(ann.get(view).await.values().len(), 1);
    assert_eq!(ann.send(Method::DELETE, &path, None).await.status, 204);
    let gone = ann.send(Method::DELETE, &path, None).await;
    assert_eq!(gone.refusal(), (404, "ErrorItemNotFound"));
    assert!(ann.peer.sim.mails().is_empty());
    let app = ann.peer.sim.received().remove(0).app_id;
    assert_eq!(app.as_deref(), Some(demo::CALENDAR_CLIENT_ID));
}

#[tokio::test]
async fn the_users_id_and_name_reach_the_same_calendar() {
    let ann = Ann::start().await;
    let id = ann.create(&plain()).await.id();
    for user in [demo::ANN_ID, demo::ANN_UPN] {
        let answer = ann.get(&format!("/users/{user}/events/{id}")).await;
        assert_eq!(answer.status, 200, "{user}");
    }
}

#[tokio::test]
async fn a_repeated_transaction_id_is_refused_and_the_event_found_by_its_marker() {
    let ann = Ann::start().await;
    let marked = with(json!({
        "transactionId": "t-1",
        "singleValueExtendedProperties": [{"id": MARKER, "value": "t-1"}],
    }));
    let id = ann.create(&marked).await.id();
    let again = ann.create(&marked).await;
    assert_eq!(again.refusal(), (409, "ErrorDuplicateTransactionId"));
    let find = async |value: &str| {
        let filter = format!(
            "singleValueExtendedProperties/Any(ep: ep/id eq '{MARKER}' and ep/value eq '{value}')"
        );
        let path = format!("/me/events?$select=id,transactionId&$filter={filter}");
        ann.get(&path).await.values().clone()
    };
    let found = find("t-1").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["id"], &found[0]["transactionId"]),
        (&json!(id), &json!("t-1"))
    );
    assert!(find("t-2").await.is_empty());
}

#[tokio::test]
async fn a_users_token_does_not_reach_what_belongs_to_others_or_to_the_app() {
    let ann = Ann::start().await;
    let rbac = RbacGrant {
        tenant_id: demo::TENANT_ID.into(),
        role: "Calendars.ReadWrite".into(),
        mailboxes: None,
    };
    // An application's grant is not the user's.
    ann.peer
        .sim
        .update_app(demo::CALENDAR_CLIENT_ID, |app| app.rbac.push(rbac))
        .unwrap();
    let bob = format!("/users/{}/events", demo::BOB_ID);
    assert_eq!(ann.get(&bob).await.refusal(), (403, "ErrorAccessDenied"));
    for path in [
        format!("/users/{}", demo::ANN_ID),
        "/users".to_owned(),
        "/me".to_owned(),
        "/me/onlineMeetings?$filter=JoinWebUrl eq 'https://x'".to_owned(),
        format!(
            "/users/{0}/onlineMeetings/getAllRecordings(meetingOrganizerUserId='{0}')",
            demo::ANN_ID
        ),
    ] {
        assert_eq!(ann.get(&path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn the_apps_token_has_no_me_and_the_calendar_app_no_token_of_its_own() {
    let peer = Peer::start().await;
    let answer = peer.get("/me/events").await;
    assert_eq!(answer.refusal(), (400, "BadRequest"));
    assert!(answer.message().contains("delegated"));
    let calendar_app = [
        ("client_id", demo::CALENDAR_CLIENT_ID),
        ("client_secret", demo::CALENDAR_CLIENT_SECRET),
    ];
    let answer = peer.ask_token(&calendar_app).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["error"], "unauthorized_client");
    assert_eq!(peer.get(&events()).await.status, 200);
}

#[tokio::test]
async fn an_expired_token_is_401_and_a_revoked_grant_leaves_tokens_alone() {
    let ann = Ann::start().await;
    ann.peer.sim.revoke_grants(demo::ANN_ID).unwrap();
    assert_eq!(ann.get("/me/events").await.status, 200);
    ann.peer.sim.expire_tokens();
    let answer = ann.get("/me/events").await;
    assert_eq!(answer.refusal(), (401, "InvalidAuthenticationToken"));
}

#[tokio::test]
async fn a_user_without_a_mailbox_has_no_calendar() {
    let ann = Ann::start().await;
    ann.peer
        .sim
        .update_user(demo::ANN_ID, |user| user.mailbox.enabled = false)
        .unwrap();
    let answer = ann.create(&plain()).await;
    assert_eq!(answer.refusal(), (404, "MailboxNotEnabledForRESTAPI"));
}

#[tokio::test]
async fn the_own_mailbox_is_throttled_like_any() {
    let ann = Ann::start().await;
    ann.peer.sim.configure(|b| b.mailbox_rate = 1);
    assert_eq!(ann.get("/me/events").await.status, 200);
    assert_eq!(
        ann.get("/me/events").await.refusal(),
        (429, "TooManyRequests")
    );
    assert_eq!(ann.peer.get(&events()).await.status, 200, "another app");
}

#[tokio::test]
async fn me_is_understood_inside_a_batch() {
    let ann = Ann::start().await;
    let body = json!({"requests": [{"id": "1", "method": "GET", "url": "/me/events"}]});
    let answer = ann.send(Method::POST, "/$batch", Some(&body)).await;
    assert_eq!(answer.body["responses"][0]["status"], 200);
}
