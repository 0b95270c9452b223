//! PATCH on events and occurrences (graph-protocol §2).

use graph_simulator::{MailKind, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, invited, online, plain, with};

fn at(hour: u32) -> Value {
    json!({
        "start": {"dateTime": format!("2026-11-02T{hour:02}:00:00"), "timeZone": "UTC"},
        "end": {"dateTime": format!("2026-11-02T{hour:02}:30:00"), "timeZone": "UTC"},
    })
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_the_etag() {
    let peer = Peer::start().await;
    let created = peer.create(&with(json!({"transactionId": "t"}))).await;
    let changed = peer.patch(&event(&created.id()), &at(12)).await;
    assert_eq!(changed.status, 200);
    assert_eq!(
        changed.body["start"]["dateTime"],
        "2026-11-02T12:00:00.0000000"
    );
    assert_eq!(changed.body["subject"], "Quarterly review");
    assert_eq!(changed.body["transactionId"], "t");
    assert_eq!(changed.body["iCalUId"], created.body["iCalUId"]);
    assert_ne!(changed.body["@odata.etag"], created.body["@odata.etag"]);
    assert_eq!(peer.sim.events(demo::ORGANIZER_ID)[0].version, 2);
}

#[tokio::test]
async fn a_patch_of_times_keeps_the_teams_meeting() {
    let peer = Peer::start().await;
    let created = peer.create(&online()).await;
    let changed = peer.patch(&event(&created.id()), &at(12)).await;
    assert_eq!(changed.body["onlineMeeting"], created.body["onlineMeeting"]);
    let meeting = &peer.sim.online_meetings(demo::ORGANIZER_ID)[0];
    assert_eq!(meeting.start.to_rfc3339(), "2026-11-02T12:00:00+00:00");
}

#[tokio::test]
async fn a_patch_of_the_body_without_the_teams_part_removes_the_meeting() {
    let peer = Peer::start().await;
    let created = peer.create(&online()).await;
    let path = event(&created.id());
    let blob = created.body["body"]["content"].as_str().unwrap();
    let kept =
        json!({"body": {"contentType": "HTML", "content": format!("<p>New agenda</p>{blob}")}});
    let changed = peer.patch(&path, &kept).await;
    assert_eq!(changed.body["isOnlineMeeting"], true);
    let lost = json!({"body": {"contentType": "HTML", "content": "<p>New agenda</p>"}});
    let changed = peer.patch(&path, &lost).await;
    assert_eq!(changed.body["isOnlineMeeting"], false);
    assert_eq!(changed.body["onlineMeeting"], Value::Null);
    assert_eq!(peer.sim.events(demo::ORGANIZER_ID)[0].join_url, None);
}

#[tokio::test]
async fn an_online_event_cannot_be_switched_back_but_a_plain_one_can_go_online() {
    let peer = Peer::start().await;
    let created = peer.create(&online()).await;
    let back = json!({"isOnlineMeeting": false, "onlineMeetingProvider": "unknown"});
    let changed = peer.patch(&event(&created.id()), &back).await;
    assert_eq!(changed.body["onlineMeeting"], created.body["onlineMeeting"]);
    let other = peer.create(&plain()).await.id();
    let changed = peer
        .patch(&event(&other), &json!({"isOnlineMeeting": true}))
        .await;
    assert!(changed.body["onlineMeeting"]["joinUrl"].is_string());
}

#[tokio::test]
async fn a_stale_if_match_is_412() {
    let peer = Peer::start().await;
    let created = peer.create(&plain()).await;
    let path = event(&created.id());
    let stale = created.body["@odata.etag"].as_str().unwrap();
    assert_eq!(
        peer.patch(&path, &json!({"subject": "B"})).await.status,
        200
    );
    let write = |method, etag: &str| {
        let request = peer.request(method, &path).header("if-match", etag);
        Answer::of(request.json(&json!({"subject": "C"})))
    };
    let answer = write(Method::PATCH, stale).await;
    assert_eq!(answer.refusal(), (412, "ErrorIrresolvableConflict"));
    assert_eq!(write(Method::DELETE, stale).await.status, 412);
    let current = peer.get(&path).await.body["@odata.etag"].clone();
    assert_eq!(
        write(Method::PATCH, current.as_str().unwrap()).await.status,
        200
    );
    assert_eq!(write(Method::PATCH, "*").await.status, 200);
}

#[tokio::test]
async fn attendees_are_replaced_and_only_those_who_changed_are_mailed() {
    let peer = Peer::start().await;
    let body = with(json!({"attendees": [invited(demo::ANN_UPN), invited(demo::BOB_UPN)]}));
    let id = peer.create(&body).await.id();
    let change = json!({"attendees": [invited(demo::BOB_UPN), invited("guest@elsewhere.example")]});
    let changed = peer.patch(&event(&id), &change).await;
    assert_eq!(changed.body["attendees"].as_array().unwrap().len(), 2);
    let mails: Vec<_> = peer.sim.mails().split_off(1);
    let told: Vec<_> = mails.iter().map(|m| (m.kind, m.to.join(","))).collect();
    assert_eq!(
        told,
        [
            (MailKind::Cancellation, demo::ANN_UPN.to_owned()),
            (MailKind::Invitation, "guest@elsewhere.example".to_owned()),
        ]
    );
    // A change of time goes to everybody.
    peer.patch(&event(&id), &at(12)).await;
    let last = peer.sim.mails().pop().unwrap();
    assert_eq!((last.kind, last.to.len()), (MailKind::Update, 2));
}

#[tokio::test]
async fn a_whole_event_must_stay_valid() {
    let peer = Peer::start().await;
    let id = peer.create(&plain()).await.id();
    let end = json!({"end": {"dateTime": "2026-11-01T10:00:00", "timeZone": "UTC"}});
    let answer = peer.patch(&event(&id), &end).await;
    assert_eq!(answer.refusal(), (400, "ErrorPropertyValidationFailure"));
    let answer = peer.patch(&event(&id), &json!({"title": "x"})).await;
    assert_eq!(answer.refusal(), (400, "RequestBodyRead"));
    assert_eq!(
        peer.sim.events(demo::ORGANIZER_ID)[0].version,
        1,
        "nothing was stored"
    );
}

#[tokio::test]
async fn only_the_organiser_changes_a_meeting() {
    let peer = Peer::start().await;
    peer.create(&with(json!({"attendees": [invited(demo::ANN_UPN)]})))
        .await;
    let list = peer.get(&format!("/users/{}/events", demo::ANN_ID)).await;
    let copy = list.values()[0]["id"].as_str().unwrap();
    let path = format!("/users/{}/events/{copy}", demo::ANN_ID);
    assert_eq!(
        peer.patch(&path, &json!({"subject": "mine"})).await.status,
        400
    );
}

async fn weekly(peer: &Peer) -> (String, Vec<String>) {
    let body = with(json!({"recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "noEnd", "startDate": "2026-11-02"}}}));
    let id = peer.create(&body).await.id();
    let window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-11-20T00:00:00Z";
    let instances = peer
        .get(&format!("{}/instances?{window}", event(&id)))
        .await;
    let ids = instances
        .values()
        .iter()
        .map(|e| e["id"].as_str().unwrap().to_owned());
    (id, ids.collect())
}

fn on(date: &str) -> Value {
    json!({
        "start": {"dateTime": format!("{date}T09:00:00"), "timeZone": "Europe/Berlin"},
        "end": {"dateTime": format!("{date}T10:00:00"), "timeZone": "Europe/Berlin"},
    })
}

#[tokio::test]
async fn one_occurrence_is_moved_alone() {
    let peer = Peer::start().await;
    let (master, instances) = weekly(&peer).await;
    let moved = peer.patch(&event(&instances[1]), &on("2026-11-10")).await;
    assert_eq!(moved.body["type"], "exception");
    assert_eq!(moved.body["seriesMasterId"], master);
    let read = peer.get(&event(&instances[1])).await;
    assert_eq!(
        read.body["start"]["dateTime"],
        "2026-11-10T08:00:00.0000000"
    );
    let neighbour = peer.get(&event(&instances[2])).await;
    assert_eq!(neighbour.body["type"], "occurrence");
}

#[tokio::test]
async fn an_occurrence_does_not_cross_its_neighbour() {
    let peer = Peer::start().await;
    let (_, instances) = weekly(&peer).await;
    for date in ["2026-11-02", "2026-11-16", "2026-11-20"] {
        let answer = peer.patch(&event(&instances[1]), &on(date)).await;
        assert_eq!(
            answer.refusal(),
            (400, "ErrorOccurrenceCrossingBoundary"),
            "{date}"
        );
    }
}

#[tokio::test]
async fn a_series_becomes_a_single_event() {
    let peer = Peer::start().await;
    let (master, instances) = weekly(&peer).await;
    let changed = peer
        .patch(&event(&master), &json!({"recurrence": null}))
        .await;
    assert_eq!(changed.body["type"], "singleInstance");
    assert_eq!(peer.get(&event(&instances[1])).await.status, 404);
}
