//! Injected faults, before and after the effect.

use std::time::Duration;

use graph_simulator::{Fault, Outcome, demo};
use reqwest::Method;
use serde_json::json;

use crate::peer::{Peer, event, events, online, plain, with};

const CREATE: &str = "/v1.0/users/*/events";

async fn send(peer: &Peer) -> Result<reqwest::Response, reqwest::Error> {
    let request = peer.request(Method::POST, &events()).json(&plain());
    request.timeout(Duration::from_secs(5)).send().await
}

fn count(peer: &Peer) -> usize {
    peer.sim.events(demo::ORGANIZER_UPN).len()
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_effect() {
    let peer = Peer::start().await;
    peer.sim.inject(Fault::on("POST", CREATE).cut());
    let error = send(&peer).await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    assert_eq!(count(&peer), 0);
    peer.sim.inject(Fault::on("POST", CREATE).after().cut());
    let error = send(&peer).await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    assert_eq!(
        count(&peer),
        1,
        "the event exists although the client never heard"
    );
    assert!(
        peer.sim
            .received()
            .iter()
            .all(|r| r.outcome == Outcome::Cut && r.status.is_none())
    );
    assert_eq!(send(&peer).await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_body_breaks_off_in_the_middle() {
    let peer = Peer::start().await;
    peer.sim
        .inject(Fault::on("POST", CREATE).after().truncate());
    let response = send(&peer).await.unwrap();
    assert_eq!(response.status(), 201);
    assert!(response.bytes().await.is_err());
    assert_eq!(count(&peer), 1);
}

#[tokio::test]
async fn a_request_hangs_until_faults_are_cleared() {
    let peer = Peer::start().await;
    peer.sim.inject(Fault::on("POST", CREATE).after().hang());
    let request = peer.request(Method::POST, &events()).json(&plain());
    let error = request
        .timeout(Duration::from_millis(150))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(count(&peer), 1);
    assert_eq!(peer.sim.received()[0].outcome, Outcome::Hanging);
    peer.sim.inject(Fault::on("POST", CREATE).hang());
    let waiting = tokio::spawn(peer.request(Method::POST, &events()).json(&plain()).send());
    while peer.sim.received().len() < 2 || peer.sim.received()[1].outcome != Outcome::Hanging {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    peer.sim.clear_faults();
    assert!(waiting.await.unwrap().is_err());
    assert_eq!(count(&peer), 1);
}

#[tokio::test]
async fn answers_can_be_spoiled() {
    let peer = Peer::start().await;
    peer.sim
        .inject(Fault::on("POST", CREATE).after().malformed_json());
    let response = send(&peer).await.unwrap();
    assert_eq!(response.status(), 201);
    let text = response.text().await.unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    peer.sim.inject(Fault::on("POST", CREATE).html(502));
    let response = send(&peer).await.unwrap();
    assert_eq!(response.status(), 502);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert_eq!(count(&peer), 1);
}

#[tokio::test]
async fn only_the_nth_matching_request_is_hit() {
    let peer = Peer::start().await;
    let id = peer.sim.inject(
        Fault::on("POST", CREATE)
            .nth(2)
            .error(504, "GatewayTimeout", "slow"),
    );
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(send(&peer).await.unwrap().status().as_u16());
        assert_eq!(
            peer.get(&events()).await.status,
            200,
            "other requests do not count"
        );
    }
    assert_eq!(statuses, [201, 504, 201]);
    let hit: Vec<_> = peer
        .sim
        .received()
        .into_iter()
        .filter(|r| r.fault == Some(id))
        .collect();
    assert_eq!(hit.len(), 1);
    assert_eq!(hit[0].status, Some(504));
    assert_eq!(peer.sim.faults()[0].hits, 1);
}

#[tokio::test]
async fn a_fault_picks_by_method_path_and_body() {
    let peer = Peer::start().await;
    peer.sim.inject(
        Fault::on("PATCH", "/v1.0/users/")
            .always()
            .error(500, "x", "y"),
    );
    peer.sim.inject(
        Fault::on("POST", CREATE)
            .with_body("Special")
            .always()
            .error(418, "x", "y"),
    );
    let id = peer.create(&plain()).await.id();
    assert_eq!(
        peer.create(&with(json!({"subject": "Special"})))
            .await
            .status,
        418
    );
    assert_eq!(
        peer.patch(&event(&id), &json!({"subject": "x"}))
            .await
            .status,
        500
    );
    assert_eq!(peer.get(&event(&id)).await.status, 200);
}

#[tokio::test]
async fn the_token_endpoint_fails_too() {
    let peer = Peer::start().await;
    peer.sim
        .inject(Fault::on("POST", "/*/oauth2/v2.0/token").throttle("0.1"));
    let answer = peer.ask_token(&[]).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), "0.1");
    assert_eq!(peer.ask_token(&[]).await.status, 200);
}

#[tokio::test]
async fn an_event_comes_about_without_its_teams_meeting() {
    let peer = Peer::start().await;
    peer.sim
        .inject(Fault::on("POST", CREATE).without_teams_meeting());
    let created = peer.create(&online()).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.body["isOnlineMeeting"], false);
    assert_eq!(peer.create(&online()).await.body["isOnlineMeeting"], true);
}

#[tokio::test]
async fn an_answer_is_replaced_after_the_effect() {
    let peer = Peer::start().await;
    peer.sim.inject(
        Fault::on("POST", CREATE)
            .after()
            .error(503, "serviceNotAvailable", "later"),
    );
    let answer = peer.create(&with(json!({"transactionId": "t"}))).await;
    assert_eq!(answer.refusal(), (503, "serviceNotAvailable"));
    let again = peer.create(&with(json!({"transactionId": "t"}))).await;
    assert_eq!(again.refusal(), (409, "ErrorDuplicateTransactionId"));
}
