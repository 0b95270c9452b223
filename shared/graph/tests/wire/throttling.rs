//! Waiting as Graph asks, within the caller's budget.

use std::time::{Duration, Instant};

use crate::fixtures::{ORGANIZER, client, client_with, event_json, new_event, profile};
use crate::server::{Server, Step, answer, answer_with, refusal};

fn throttled(retry_after: &str) -> Step {
    let body = r#"{"error":{"code":"TooManyRequests","message":"Please retry again later.",
        "innerError":{"code":"429","message":"Please retry after","status":"429"}}}"#;
    answer_with(
        429,
        &[("Retry-After", retry_after), ("request-id", "94fb")],
        body,
    )
}

/// AP-5: a short throttle is waited for, fractions of seconds included.
#[tokio::test]
async fn a_fractional_retry_after_is_waited_for() {
    let server = Server::start([throttled("0.15"), answer(201, &event_json("A"))]).await;
    let begun = Instant::now();
    let created = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert!(!created.adopted);
    let requests = server.graph_requests();
    assert_eq!(requests[0].body, requests[1].body);
    assert_ne!(
        requests[0].header("client-request-id"),
        requests[1].header("client-request-id")
    );
}

/// AP-5: a wait that does not fit the budget is reported at once, with its length.
#[tokio::test]
async fn a_wait_beyond_the_budget_is_reported_at_once() {
    let server = Server::start([throttled("30.5")]).await;
    let begun = Instant::now();
    let error = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(error.class.as_str(), "throttled");
    assert_eq!(error.retry_after, Some(Duration::from_millis(30_500)));
    assert_eq!(error.inner_code.as_deref(), Some("429"));
    assert_eq!(error.request_id.as_deref(), Some("94fb"));
    assert!(error.retryable() && !error.outcome_unknown);
    assert_eq!(server.graph_requests().len(), 1);
}

#[tokio::test]
async fn a_retry_after_date_is_measured_against_the_answers_own_date() {
    let headers = [
        ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Retry-After", "Sun, 06 Nov 1994 09:49:37 GMT"),
    ];
    let server = Server::start([answer_with(429, &headers, "")]).await;
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_hours(1)));
}

/// §8: without the header the client backs off by itself, as often as it may.
#[tokio::test]
async fn attempts_are_bounded() {
    let busy = || refusal(503, "serviceNotAvailable", "busy");
    let server = Server::start([busy(), busy(), busy(), busy()]).await;
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.status, error.class.as_str()),
        (Some(503), "transient")
    );
    assert!(!error.outcome_unknown, "a read changes nothing");
    assert_eq!(server.graph_requests().len(), 3);
}

/// XC-8: the budget of one session bounds its operations, whatever the configuration allows.
#[tokio::test]
async fn a_session_can_have_a_smaller_budget() {
    let server = Server::start([Step::Hang(Vec::new()), Step::Hang(Vec::new())]).await;
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_secs(30);
    });
    let profile = profile();
    let begun = Instant::now();
    let session = client
        .session(&profile)
        .with_budget(Duration::from_millis(300));
    let error = session.get_event(ORGANIZER, "A").await.unwrap_err();
    assert_eq!(error.code, "TimedOut");
    assert!(begun.elapsed() < Duration::from_secs(3));
}

/// A refusal is not repeated.
#[tokio::test]
async fn a_refusal_is_final() {
    let server = Server::start([refusal(
        403,
        "ErrorAccessDenied",
        "Access is denied. Check credentials and try again.",
    )])
    .await;
    let error = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert_eq!(error.class.as_str(), "consent_missing");
    assert!(!error.retryable() && !error.outcome_unknown);
    assert_eq!(server.graph_requests().len(), 1);
}
