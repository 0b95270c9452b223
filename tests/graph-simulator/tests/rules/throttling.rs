//! Outlook's throttle (graph-protocol §8).

use std::time::Duration;

use chrono::TimeDelta;
use graph_simulator::{Fault, demo};
use reqwest::Method;

use crate::peer::{Answer, Peer, event, events, plain};

#[tokio::test]
async fn a_fifth_request_at_once_on_one_mailbox_is_429() {
    let peer = Peer::start().await;
    peer.sim.inject(Fault::any().always().delay_ms(400));
    let ask = |path: &str| tokio::spawn(Answer::of(peer.request(Method::GET, path)));
    let mut same: Vec<_> = (0..5).map(|_| ask(&events())).collect();
    let other = ask(&format!("/users/{}/events", demo::ANN_ID));
    let mut refused = 0;
    for answer in same.drain(..) {
        let answer = answer.await.unwrap();
        if answer.status == 429 {
            assert_eq!(answer.refusal(), (429, "ApplicationThrottled"));
            assert!(answer.message().contains("MailboxConcurrency"));
            assert_eq!(answer.header("retry-after"), "2.128");
            refused += 1;
        }
    }
    assert_eq!(refused, 1);
    assert_eq!(
        other.await.unwrap().status,
        200,
        "another mailbox is not affected"
    );
    peer.sim.clear_faults();
    assert_eq!(
        peer.get(&events()).await.status,
        200,
        "the slots are free again"
    );
}

#[tokio::test]
async fn directory_and_teams_calls_do_not_count_as_mailbox_traffic() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| b.mailbox_concurrency = 0);
    assert_eq!(peer.get(&events()).await.status, 429);
    assert_eq!(
        peer.get(&format!("/users/{}", demo::ORGANIZER_ID))
            .await
            .status,
        200
    );
    let path = format!(
        "/users/{}/onlineMeetings?$filter=JoinWebUrl%20eq%20'x'",
        demo::ORGANIZER_ID
    );
    assert_eq!(peer.get(&path).await.status, 200);
}

#[tokio::test]
async fn so_many_requests_in_a_while_are_429_and_waiting_ones_count() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| {
        b.mailbox_rate = 2;
        b.mailbox_rate_seconds = 60;
        b.retry_after = None;
    });
    for status in [200, 200, 429, 429] {
        let answer = peer.get(&events()).await;
        assert_eq!(answer.status, status);
        if status == 429 {
            assert_eq!(answer.refusal(), (429, "TooManyRequests"));
            assert_eq!(answer.header("retry-after"), "");
        }
    }
    peer.sim.advance(TimeDelta::seconds(61));
    assert_eq!(peer.get(&events()).await.status, 200);
}

#[tokio::test]
async fn a_refused_request_has_no_effect() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| b.mailbox_rate = 0);
    assert_eq!(peer.create(&plain()).await.status, 429);
    assert_eq!(peer.sim.events(demo::ORGANIZER_ID).len(), 0);
}

#[tokio::test]
async fn a_503_may_carry_a_fractional_retry_after() {
    let peer = Peer::start().await;
    peer.sim
        .inject(Fault::on("POST", "/v1.0/users/*/events").unavailable("0.25"));
    let answer = peer.create(&plain()).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "0.25");
    assert_eq!(peer.create(&plain()).await.status, 201, "once only");
}

#[tokio::test]
async fn a_client_that_gives_up_keeps_its_slot_until_graph_is_done() {
    let peer = Peer::start().await;
    peer.sim.configure(|b| b.mailbox_concurrency = 1);
    peer.sim
        .inject(Fault::on("POST", "**/events").delay_ms(500));
    let request = peer.request(Method::POST, &events()).json(&plain());
    let request = request.timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(peer.get(&event("x")).await.status, 429);
    // The event comes about although nobody waits for it.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while peer.sim.events(demo::ORGANIZER_ID).is_empty() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
