//! Answers that never come: what may have happened, and how it is found out.

use std::time::{Duration, Instant};

use convoke_google::{Effect, GoogleClient, GoogleConfig, GoogleErrorClass, Secret};
use google_simulator::{Fault, demo};
use tokio::net::TcpListener;

use crate::peer::{EVENT, EVENTS, Peer, event};

/// IV-6: an insert whose answer is lost happened once, and repeating it makes no second event.
#[tokio::test]
async fn a_lost_insert_is_found() {
    let peer = Peer::start().await;
    peer.sim.inject(Fault::on("POST", EVENTS).after().cut());
    let error = peer.try_insert(event(0)).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Unavailable);
    assert_eq!(error.code, "connectionLost");
    assert_eq!(error.had_effect, Effect::Unknown);
    assert_eq!(
        peer.try_insert(event(0)).await.unwrap_err().class,
        GoogleErrorClass::Duplicate
    );
    let id = peer.found().await.unwrap();
    assert_eq!(peer.sim.events(demo::ANN)[0].id, id);
    assert_eq!(peer.sim.events(demo::ANN).len(), 1);
}

/// IV-6: an insert that was cut before its effect is repeated.
#[tokio::test]
async fn an_insert_that_never_arrived_is_repeated() {
    let peer = Peer::start().await;
    peer.sim.inject(Fault::on("POST", EVENTS).cut());
    assert_eq!(
        peer.try_insert(event(0)).await.unwrap_err().had_effect,
        Effect::Unknown
    );
    assert_eq!(peer.found().await, None);
    peer.insert(event(0)).await;
}

/// IV-6: a lost update or delete is simply repeated.
#[tokio::test]
async fn lost_updates_and_deletes_are_repeated() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    peer.sim.inject(Fault::on("PATCH", EVENT).after().cut());
    assert_eq!(
        peer.try_update(&id, event(1)).await.unwrap_err().had_effect,
        Effect::Unknown
    );
    peer.update(&id, event(1)).await;
    peer.sim.inject(Fault::on("DELETE", EVENT).after().cut());
    assert_eq!(
        peer.delete(&id).await.unwrap_err().had_effect,
        Effect::Unknown
    );
    peer.delete(&id).await.unwrap();
    assert_eq!(peer.sim.events(demo::ANN), []);
}

/// IV-6: a slow Google is given up within the budget, all calls of an update together.
#[tokio::test]
async fn an_operation_ends_within_its_budget() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    let impatient = peer.client.clone().with_budget(Duration::from_millis(600));
    peer.sim.inject(Fault::any().always().delay_ms(400));
    let colour = serde_json::json!({"colorId": "7"});
    peer.sim.edit_by_hand(demo::ANN, &id, &colour).unwrap();
    let begun = Instant::now();
    let same = event(0);
    let updated = impatient.update_event(&peer.access, "primary", &id, &same);
    let error = updated.await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_millis(1200));
    assert_eq!(error.class, GoogleErrorClass::Unavailable);
    assert_eq!(error.code, "timedOut");
    // It was the question in between that took too long.
    assert_eq!(error.had_effect, Effect::No);
    peer.sim.clear_faults();
    peer.sim.inject(Fault::any().after().delay_ms(2_000));
    let deleted = impatient.delete_event(&peer.access, "primary", &id);
    let error = deleted.await.unwrap_err();
    assert_eq!(error.code, "timedOut");
    assert_eq!(error.had_effect, Effect::Unknown);
    assert_eq!(peer.sim.events(demo::ANN), []);
}

/// IV-6: a change between our look and our update is no lost update.
#[tokio::test]
async fn a_change_in_between_is_tried_again() {
    let peer = Peer::start().await;
    let id = peer.insert(event(1)).await;
    let moved = serde_json::json!({"location": "Garden"});
    peer.sim.edit_by_hand(demo::ANN, &id, &moved).unwrap();
    peer.sim.inject(Fault::on("PATCH", EVENT).nth(2).error(
        412,
        "conditionNotMet",
        "Precondition Failed",
    ));
    let error = peer.try_update(&id, event(1)).await.unwrap_err();
    assert_eq!(error.code, "conditionNotMet");
    assert!(error.retryable());
    assert_eq!(error.had_effect, Effect::No);
    let asked = peer.sim.received();
    let etag = &asked.last().unwrap().headers["if-match"];
    let version = peer.sim.events(demo::ANN)[0].version;
    assert_eq!(*etag, format!("\"{version}\""));
    peer.update(&id, event(1)).await;
}

/// IV-6: where nobody listens, nothing happened.
#[tokio::test]
async fn no_connection_is_no_effect() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let client = GoogleClient::new(GoogleConfig {
        client_id: "id".into(),
        client_secret: Secret::new("secret"),
        calendar_base_url: url.clone(),
        token_base_url: url,
    })
    .unwrap();
    let (token, event) = (Secret::new("x"), event(0));
    let inserted = client.insert_event(&token, "primary", &event);
    let error = inserted.await.unwrap_err();
    assert_eq!(error.code, "connectFailed");
    assert_eq!(error.had_effect, Effect::No);
    let error = client.refresh(&token).await.unwrap_err();
    assert_eq!(error.had_effect, Effect::No);
}
