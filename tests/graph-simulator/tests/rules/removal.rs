//! DELETE and cancel (graph-protocol §2).

use graph_simulator::{MailKind, RemovalKind, demo};
use reqwest::Method;
use serde_json::json;

use crate::peer::{Answer, Peer, event, events, invited, plain, with};

fn meeting() -> serde_json::Value {
    with(json!({"attendees": [invited(demo::ANN_UPN)]}))
}

#[tokio::test]
async fn a_deleted_event_is_gone_and_attendees_get_a_cancellation() {
    let peer = Peer::start().await;
    let id = peer.create(&meeting()).await.id();
    assert_eq!(peer.delete(&event(&id)).await.status, 204);
    for answer in [
        peer.get(&event(&id)).await,
        peer.delete(&event(&id)).await,
        peer.patch(&event(&id), &json!({"subject": "x"})).await,
    ] {
        assert_eq!(answer.refusal(), (404, "ErrorItemNotFound"));
        assert_eq!(
            answer.message(),
            "The specified object was not found in the store."
        );
    }
    assert_eq!(peer.get(&events()).await.values().len(), 0);
    let mail = peer.sim.mails().pop().unwrap();
    assert_eq!(
        (mail.kind, mail.to),
        (MailKind::Cancellation, vec![demo::ANN_UPN.to_owned()])
    );
    let stored = &peer.sim.events(demo::ORGANIZER_UPN)[0];
    assert_eq!(stored.removed.as_ref().unwrap().kind, RemovalKind::Deleted);
}

#[tokio::test]
async fn cancelling_answers_202_and_carries_the_comment() {
    let peer = Peer::start().await;
    let id = peer.create(&meeting()).await.id();
    let path = format!("{}/cancel", event(&id));
    let answer = peer
        .post(&path, &json!({"comment": "Room is flooded"}))
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.body, serde_json::Value::Null);
    let mail = peer.sim.mails().pop().unwrap();
    assert_eq!(mail.comment.as_deref(), Some("Room is flooded"));
    let removed = peer.sim.events(demo::ORGANIZER_UPN)[0]
        .removed
        .clone()
        .unwrap();
    assert_eq!(removed.kind, RemovalKind::Cancelled);
    assert_eq!(
        peer.post(&path, &json!({})).await.refusal(),
        (404, "ErrorItemNotFound")
    );
}

#[tokio::test]
async fn cancel_takes_no_body_or_a_comment_only() {
    let peer = Peer::start().await;
    let id = peer.create(&meeting()).await.id();
    let path = format!("{}/cancel", event(&id));
    assert_eq!(peer.post(&path, &json!({"reason": "x"})).await.status, 400);
    let request = peer.request(Method::POST, &path);
    assert_eq!(Answer::of(request).await.status, 202);
}

#[tokio::test]
async fn only_the_organiser_cancels() {
    let peer = Peer::start().await;
    peer.create(&meeting()).await;
    let list = peer.get(&format!("/users/{}/events", demo::ANN_ID)).await;
    let copy = list.values()[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{}/events/{copy}", demo::ANN_ID);
    let answer = peer.post(&format!("{path}/cancel"), &json!({})).await;
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("need to be an organizer"));
    // What an attendee deletes is gone from their own calendar only.
    assert_eq!(peer.delete(&path).await.status, 204);
    assert_eq!(peer.get(&path).await.status, 404);
    assert_eq!(peer.get(&events()).await.values().len(), 1);
}

#[tokio::test]
async fn an_occurrence_is_cancelled_alone() {
    let peer = Peer::start().await;
    let body = with(json!({"recurrence": {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-11-02", "numberOfOccurrences": 3}}}));
    let master = peer.create(&body).await.id();
    let window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-11-20T00:00:00Z";
    let path = format!("{}/instances?{window}", event(&master));
    let second = peer.get(&path).await.values()[1]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let cancel = format!("{}/cancel", event(&second));
    assert_eq!(peer.post(&cancel, &json!({})).await.status, 202);
    assert_eq!(peer.get(&path).await.values().len(), 2);
    assert_eq!(peer.get(&event(&second)).await.status, 404);
    assert_eq!(peer.get(&event(&master)).await.status, 200);
    let stored = &peer.sim.events(demo::ORGANIZER_UPN)[0];
    assert_eq!(stored.removed_occurrences[0].to_string(), "2026-11-03");
}

#[tokio::test]
async fn a_get_by_immutable_id_may_still_answer_after_a_delete() {
    let peer = Peer::start().await;
    let default = peer.create(&plain()).await.id();
    let immutable = peer.sim.events(demo::ORGANIZER_ID)[0].id.clone();
    peer.sim
        .configure(|b| b.deleted_events_answer_by_immutable_id = true);
    peer.delete(&event(&default)).await;
    assert_eq!(peer.get(&event(&immutable)).await.status, 200);
    assert_eq!(peer.get(&event(&default)).await.status, 404);
    assert_eq!(peer.delete(&event(&immutable)).await.status, 404);
}

#[tokio::test]
async fn an_id_that_graph_never_gave_out_is_malformed() {
    let peer = Peer::start().await;
    for id in ["x", "AAkALgAAzzzz", "%C3%A9"] {
        let answer = peer.get(&event(id)).await;
        assert_eq!(answer.refusal(), (400, "ErrorInvalidIdMalformed"), "{id}");
    }
}
