//! The rules that Convoke's own client never breaks, and the control API.

#![allow(
    clippy::unwrap_used,
    reason = "what supports a test fails it the same way"
)]

use google_simulator::{GoogleSimulator, Options, demo};
use reqwest::{Client, Method};
use serde_json::{Value, json};

struct Peer {
    sim: GoogleSimulator,
    http: Client,
    token: String,
}

impl Peer {
    async fn start() -> Self {
        let options = Options {
            demo: true,
            ..Options::default()
        };
        let sim = GoogleSimulator::start(options).await.unwrap();
        let http = Client::builder().no_proxy().build().unwrap();
        let mut peer = Self {
            sim,
            http,
            token: String::new(),
        };
        let (status, answer) = peer.refresh(demo::REFRESH_TOKEN).await;
        assert_eq!(status, 200);
        let token = answer["access_token"].as_str().unwrap();
        peer.token = token.into();
        peer
    }

    async fn refresh(&self, token: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", demo::CLIENT_ID),
            ("client_secret", demo::CLIENT_SECRET),
            ("refresh_token", token),
        ];
        let url = format!("{}/token", self.sim.base_url());
        answer(self.http.post(url).form(&form)).await
    }

    /// A call to Ann's calendar; `path` follows `…/events`.
    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let base = self.sim.base_url();
        let url = format!("{base}/calendar/v3/calendars/primary/events{path}");
        let method: Method = method.parse().unwrap();
        let request = self.http.request(method, url).bearer_auth(&self.token);
        answer(request.json(body)).await
    }

    async fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/_simulator/{path}", self.sim.base_url());
        let method: Method = method.parse().unwrap();
        answer(self.http.request(method, url).json(body)).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn event() -> Value {
    json!({
        "iCalUID": "a@convoke.example", "summary": "Review", "sequence": 2,
        "start": {"dateTime": "2026-11-30T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-30T11:00:00+01:00"},
        "attendees": [{"email": "bob@partner.example"}],
    })
}

fn with(changes: Value) -> Value {
    let mut event = event();
    let (Value::Object(members), Value::Object(changes)) = (&mut event, changes) else {
        unreachable!("both are objects");
    };
    members.extend(changes);
    event
}

fn reason(answer: &(u16, Value)) -> (u16, &str) {
    let reason = answer.1["error"]["errors"][0]["reason"].as_str();
    (answer.0, reason.unwrap_or_default())
}

/// IV-6: an insert is judged before it is stored.
#[tokio::test]
async fn an_insert_has_to_be_an_event() {
    let peer = Peer::start().await;
    for (wrong, expected) in [
        (with(json!({"id": "abcde"})), "invalid"),
        (with(json!({"start": null})), "required"),
        (
            with(json!({"start": {"dateTime": "2026-11-30T10:00:00"}})),
            "required",
        ),
        (
            with(json!({"end": {"date": "2026-11-29"}})),
            "timeRangeEmpty",
        ),
        (with(json!({"sequence": -1})), "invalid"),
        (
            with(json!({"source": {"url": "javascript:alert(1)"}})),
            "invalid",
        ),
        (with(json!({"attendees": [{"email": "a b@c"}]})), "invalid"),
        (with(json!({"status": "gone"})), "invalid"),
        (json!([]), "parseError"),
    ] {
        let refused = peer.call("POST", "", &wrong).await;
        assert_eq!(reason(&refused), (400, expected), "{wrong}");
    }
    let refused = peer.call("POST", "?sendUpdates=some", &event()).await;
    assert_eq!(reason(&refused), (400, "invalidParameter"));
    assert_eq!(peer.sim.all_events(demo::ANN), []);
}

/// IV-6: Google shows the calendar's owner as organiser and writes only if told to.
#[tokio::test]
async fn mails_are_sent_only_if_asked_for() {
    let peer = Peer::start().await;
    let (status, made) = peer.call("POST", "", &event()).await;
    assert_eq!(status, 200);
    assert_eq!(made["organizer"]["email"], demo::ANN);
    assert!(peer.sim.mails().is_empty());
    let path = format!("/{}?sendUpdates=all", made["id"].as_str().unwrap());
    let (status, _) = peer.call("PATCH", &path, &json!({"summary": "x"})).await;
    assert_eq!(status, 200);
    let (_, mails) = peer.control("GET", "mails", &Value::Null).await;
    assert_eq!(mails["items"][0]["to"], "bob@partner.example");
}

/// IV-6: a PUT is the whole event, its sequence included; a PATCH is a part of it.
#[tokio::test]
async fn a_put_replaces_and_a_patch_merges() {
    let peer = Peer::start().await;
    let (_, made) = peer.call("POST", "", &event()).await;
    let path = format!("/{}", made["id"].as_str().unwrap());
    let mut whole = event();
    whole.as_object_mut().unwrap().remove("sequence");
    let refused = peer.call("PUT", &path, &whole).await;
    assert_eq!(reason(&refused), (400, "invalid"));
    let message = refused.1["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid sequence value."));
    let (_, patched) = peer
        .call("PATCH", &path, &json!({"location": "Room 4", "start": {"timeZone": "Europe/London"}, "end": {"dateTime": "2026-11-30T12:00:00+01:00"}}))
        .await;
    assert_eq!(patched["start"]["dateTime"], "2026-11-30T10:00:00");
    assert_eq!(patched["summary"], "Review");
    assert_eq!(patched["sequence"], 3, "the times changed");
    let replaced = peer.call("PUT", &path, &with(json!({"sequence": 3}))).await;
    assert_eq!(replaced.0, 200);
    assert_eq!(replaced.1["location"], Value::Null);
    let other = with(json!({"iCalUID": "b@convoke.example", "sequence": 9}));
    let refused = peer.call("PUT", &path, &other).await;
    assert_eq!(reason(&refused), (400, "invalid"));
    let refused = peer.call("PUT", "/neverseen", &event()).await;
    assert_eq!(reason(&refused), (404, "notFound"));
}

/// IV-6: a change on condition is refused once somebody else was faster.
#[tokio::test]
async fn a_stale_etag_is_refused() {
    let peer = Peer::start().await;
    let (_, made) = peer.call("POST", "", &event()).await;
    let (id, etag) = (made["id"].as_str().unwrap(), made["etag"].as_str().unwrap());
    let base = peer.sim.base_url();
    let url = format!("{base}/calendar/v3/calendars/{}/events/{id}", demo::ANN);
    let change = |location: &str| {
        let request = peer.http.patch(&url).bearer_auth(&peer.token);
        let body = json!({ "location": location });
        answer(request.header("If-Match", etag).json(&body))
    };
    assert_eq!(change("Room 4").await.0, 200);
    assert_eq!(reason(&change("Room 5").await), (412, "conditionNotMet"));
    let stored = peer.sim.events(demo::ANN).remove(0);
    assert_eq!(stored.members["location"], "Room 4");
}

/// IV-6: deleted events stay as `cancelled`, keep their UID, and are listed on request.
#[tokio::test]
async fn deleted_events_are_cancelled() {
    let peer = Peer::start().await;
    let (_, made) = peer.call("POST", "", &event()).await;
    let path = format!("/{}", made["id"].as_str().unwrap());
    assert_eq!(peer.call("DELETE", &path, &Value::Null).await.0, 204);
    let again = peer.call("DELETE", &path, &Value::Null).await;
    assert_eq!(reason(&again), (410, "deleted"));
    let again = peer.call("POST", "", &event()).await;
    assert_eq!(reason(&again), (409, "duplicate"));
    let (_, shown) = peer.call("GET", &path, &Value::Null).await;
    assert_eq!(shown["status"], "cancelled");
    for (query, count) in [("", 0), ("?showDeleted=true", 1), ("?iCalUID=other", 0)] {
        let (_, list) = peer.call("GET", query, &Value::Null).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
    }
    let later = json!({"sequence": 9, "summary": "x"});
    let refused = peer.call("PATCH", &path, &later).await;
    assert_eq!(reason(&refused), (403, "forbidden"));
}

/// IV-6: a program in another process seeds, looks on, and makes things go wrong.
#[tokio::test]
async fn the_control_api_does_what_the_handle_does() {
    let peer = Peer::start().await;
    let seed = json!({"users": [{
        "email": "bob@acme.example", "refresh_token": "bob-1",
        "client_id": demo::CLIENT_ID, "rotates": true,
    }]});
    assert_eq!(peer.control("POST", "seed", &seed).await.0, 204);
    let orphan = json!({"users": [{"email": "x@y", "refresh_token": "x", "client_id": "z"}]});
    assert_eq!(peer.control("POST", "seed", &orphan).await.0, 422);
    let (_, tokens) = peer.refresh("bob-1").await;
    let (_, kept) = peer
        .control("GET", "users/bob@acme.example/refresh-tokens", &Value::Null)
        .await;
    assert_eq!(kept["items"], json!([tokens["refresh_token"]]));

    let fault = json!({"method": "POST", "action": {"respond": {"status": 503}}, "times": 1});
    assert_eq!(peer.control("POST", "faults", &fault).await.0, 204);
    assert_eq!(peer.call("POST", "", &event()).await.0, 503);
    let (_, made) = peer.call("POST", "", &event()).await;
    let path = format!("events/{}/{}", demo::ANN, made["id"].as_str().unwrap());
    let by_hand = json!({"status": "cancelled"});
    assert_eq!(peer.control("PATCH", &path, &by_hand).await.0, 204);
    let path = format!("events?calendar={}", demo::ANN);
    let (_, events) = peer.control("GET", &path, &Value::Null).await;
    assert_eq!(events["items"][0]["status"], "cancelled");

    let revoke = format!("users/{}/revoke", demo::ANN);
    assert_eq!(peer.control("POST", &revoke, &Value::Null).await.0, 204);
    let (status, refused) = peer.refresh(demo::REFRESH_TOKEN).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    let refused = peer.call("GET", "", &Value::Null).await;
    assert_eq!(reason(&refused), (401, "authError"));
    let (_, received) = peer.control("GET", "received", &Value::Null).await;
    let shown = received.to_string();
    assert!(!shown.contains(demo::REFRESH_TOKEN) && !shown.contains(&peer.token));
    assert_eq!(peer.control("POST", "reset", &Value::Null).await.0, 204);
    assert_eq!(peer.refresh(demo::REFRESH_TOKEN).await.0, 200);
    assert_eq!(peer.control("GET", "nothing", &Value::Null).await.0, 404);
}
