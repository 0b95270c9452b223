//! `transactionId` (graph-protocol §0.10, §2).

use graph_simulator::demo;
use serde_json::json;

use crate::peer::{Answer, Peer, event, events, plain, with};
use reqwest::Method;

fn once() -> serde_json::Value {
    with(json!({"transactionId": "mtg-01HV6Z"}))
}

#[tokio::test]
async fn a_repeated_transaction_id_is_refused() {
    let peer = Peer::start().await;
    let first = peer.create(&once()).await;
    assert_eq!(first.body["transactionId"], "mtg-01HV6Z");
    let second = peer.create(&once()).await;
    assert_eq!(second.refusal(), (409, "ErrorDuplicateTransactionId"));
    assert!(
        second
            .message()
            .contains("already been used to create a different event")
    );
    assert!(second.body["error"].get("@event.existingEventId").is_none());
    assert_eq!(peer.sim.events(demo::ORGANIZER_UPN).len(), 1);
}

#[tokio::test]
async fn its_status_may_be_400_and_name_the_first_event() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| {
        b.duplicate_transaction_status = 400;
        b.duplicate_names_existing_event = true;
    });
    let first = peer.create(&once()).await.id();
    let second = peer.create(&once()).await;
    assert_eq!(second.refusal(), (400, "ErrorDuplicateTransactionId"));
    assert_eq!(second.body["error"]["@event.existingEventId"], first);
}

#[tokio::test]
async fn a_transaction_id_stays_used_after_the_event_is_deleted() {
    let peer = Peer::start().await;
    let id = peer.create(&once()).await.id();
    assert_eq!(peer.delete(&event(&id)).await.status, 204);
    assert_eq!(peer.create(&once()).await.status, 409);
    peer.sim
        .configure(|b| b.transaction_ids_outlive_deletion = false);
    assert_eq!(peer.create(&once()).await.status, 201);
}

#[tokio::test]
async fn transaction_ids_are_per_mailbox() {
    let peer = Peer::start().await;
    assert_eq!(peer.create(&once()).await.status, 201);
    let other = peer
        .post(&format!("/users/{}/events", demo::ANN_ID), &once())
        .await;
    assert_eq!(other.status, 201);
}

#[tokio::test]
async fn a_transaction_id_cannot_be_changed() {
    let peer = Peer::start().await;
    let id = peer.create(&once()).await.id();
    let answer = peer
        .patch(&event(&id), &json!({"transactionId": "other"}))
        .await;
    assert_eq!(answer.refusal(), (400, "ErrorInvalidPropertySet"));
}

#[tokio::test]
async fn the_event_is_found_again_by_its_transaction_id() {
    let peer = Peer::start().await;
    peer.create(&plain()).await;
    let id = peer.create(&once()).await.id();
    // The recovery recipe: a calendar view, compared by the client.
    let path = format!(
        "/users/{}/calendarView?startDateTime=2026-11-02T00:00:00Z&endDateTime=2026-11-03T00:00:00Z&$select=id,transactionId,iCalUId",
        demo::ORGANIZER_ID
    );
    let view = peer.get(&path).await;
    let mine = |e: &&serde_json::Value| e["transactionId"] == "mtg-01HV6Z";
    assert_eq!(view.values().iter().find(mine).unwrap()["id"], id);
    // And `$filter`, which is unverified and can be switched off.
    let request = || {
        let filter = [("$filter", "transactionId eq 'mtg-01HV6Z'")];
        peer.request(Method::GET, &events()).query(&filter)
    };
    assert_eq!(Answer::of(request()).await.values()[0]["id"], id);
    peer.sim.configure(|b| b.transaction_id_filterable = false);
    assert_eq!(Answer::of(request()).await.status, 400);
}

#[tokio::test]
async fn occurrences_do_not_repeat_it_unless_configured() {
    let peer = Peer::start().await;
    let series = with(json!({"transactionId": "t", "recurrence": {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2026-11-02", "numberOfOccurrences": 3}}}));
    let master = peer.create(&series).await.id();
    let path = format!(
        "/users/{}/calendarView?startDateTime=2026-11-03T00:00:00&endDateTime=2026-11-04T00:00:00",
        demo::ORGANIZER_ID
    );
    let view = peer.get(&path).await;
    assert!(view.values()[0].get("transactionId").is_none());
    assert_eq!(view.values()[0]["seriesMasterId"], master);
    peer.sim
        .configure(|b| b.transaction_id_on_occurrences = true);
    assert_eq!(peer.get(&path).await.values()[0]["transactionId"], "t");
}
