//! Tokens: how they are asked for, kept, dropped, and where they never go.

use std::time::Duration;

use crate::fixtures::{
    ORGANIZER, client, client_with, event_json, new_event, page, profile, window,
};
use crate::server::{Server, Step, answer, answer_with, refusal};

fn expired() -> Step {
    refusal(
        401,
        "InvalidAuthenticationToken",
        "Lifetime validation failed, the token is expired.",
    )
}

/// CM-10: one token serves many calls, and callers at once ask for it once.
#[tokio::test]
async fn one_token_serves_all_calls() {
    let server = Server::start((0..4).map(|_| answer(200, &event_json("A")))).await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let (a, b) = tokio::join!(
        session.get_event(ORGANIZER, "A"),
        session.get_event(ORGANIZER, "A")
    );
    a.unwrap();
    b.unwrap();
    client
        .clone()
        .session(&profile)
        .get_event(ORGANIZER, "A")
        .await
        .unwrap();
    assert_eq!(server.token_requests().len(), 1);
}

/// §8: a refused token is dropped and the call made once more, with its own transaction id.
#[tokio::test]
async fn an_expired_token_is_replaced_once() {
    let server = Server::start([expired(), answer(201, &event_json("A"))]).await;
    client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap();
    let tokens: Vec<_> = server
        .graph_requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_ends_the_operation() {
    let server = Server::start([expired(), expired(), expired()]).await;
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.status),
        ("auth_expired", Some(401))
    );
    assert_eq!(server.graph_requests().len(), 2);
}

/// OM-9: the token goes to the configured host only: no redirect is followed.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start([answer(200, &event_json("A"))]).await;
    let server = Server::start([answer_with(
        302,
        &[("Location", &format!("{}/steal", elsewhere.url))],
        "",
    )])
    .await;
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(
        (error.status, error.class.as_str()),
        (Some(302), "permanent")
    );
    assert!(elsewhere.received().is_empty());
}

/// OM-9: a token request is not redirected either, and carries the secret to one host.
#[tokio::test]
async fn a_redirect_of_the_token_endpoint_is_not_followed() {
    let elsewhere = Server::start([]).await;
    let server = Server::start([]).await;
    server.tokens([answer_with(
        307,
        &[("Location", &format!("{}/steal", elsewhere.url))],
        "",
    )]);
    let error = client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap_err();
    assert_eq!(error.status, Some(307));
    assert!(elsewhere.received().is_empty());
}

/// OM-9: a page that continues on another host is refused.
#[tokio::test]
async fn a_next_page_on_another_host_is_refused() {
    let elsewhere = Server::start([answer(200, &page(&[], None))]).await;
    let link = format!("{}/v1.0/users/x/calendarView?$skip=1", elsewhere.url);
    let server = Server::start([answer(200, &page(&[], Some(&link)))]).await;
    let (client, profile) = (client(&server), profile());
    let found = client
        .session(&profile)
        .find_event_by_transaction(ORGANIZER, "mtg-1", window())
        .await;
    assert_eq!(found.unwrap_err().code, "ForeignNextLink");
    assert!(elsewhere.received().is_empty());
}

/// CM-11, TS-5: token errors are classified and not repeated; the AADSTS number is kept.
#[tokio::test]
async fn a_refused_secret_is_final() {
    let server = Server::start([]).await;
    server.tokens([answer(
        401,
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.",
            "error_codes":[7000215],"trace_id":"3c"}"#,
    )]);
    let error = client(&server)
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert_eq!(error.class.as_str(), "invalid_credentials");
    assert_eq!(
        (error.code.as_str(), error.inner_code.as_deref()),
        ("invalid_client", Some("7000215"))
    );
    assert_eq!(error.request_id.as_deref(), Some("3c"));
    assert!(!error.outcome_unknown);
    assert!(server.graph_requests().is_empty());
    assert_eq!(server.token_requests().len(), 1);
}

/// §1: 429 and 5xx of the token endpoint are repeated like Graph's.
#[tokio::test]
async fn a_busy_token_endpoint_is_asked_again() {
    let server = Server::start([answer(200, &event_json("A"))]).await;
    server.tokens([
        answer_with(429, &[("Retry-After", "0.01")], ""),
        answer(200, "<html>maintenance</html>"),
    ]);
    client(&server)
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap();
    assert_eq!(server.token_requests().len(), 3);
}

#[tokio::test]
async fn a_silent_token_endpoint_ends_within_the_budget_and_nothing_was_written() {
    let server = Server::start([]).await;
    server.tokens((0..9).map(|_| Step::Hang(Vec::new())));
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_millis(100);
        config.budget = Duration::from_millis(700);
    });
    let error = client
        .session(&profile())
        .create_event(ORGANIZER, &new_event())
        .await
        .unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.outcome_unknown),
        ("transient", false)
    );
    assert!(server.graph_requests().is_empty());
}

/// AP-10: each tenant's calls travel on that tenant's token.
#[tokio::test]
async fn tenants_do_not_share_tokens() {
    let server = Server::start((0..2).map(|_| answer(200, &event_json("A")))).await;
    let client = client(&server);
    let mut other = profile();
    other.tenant_id = "88bb".into();
    client
        .session(&profile())
        .get_event(ORGANIZER, "A")
        .await
        .unwrap();
    client
        .session(&other)
        .get_event(ORGANIZER, "A")
        .await
        .unwrap();
    let targets: Vec<_> = server
        .token_requests()
        .iter()
        .map(|request| request.target.clone())
        .collect();
    assert_eq!(
        targets,
        ["/77aa/oauth2/v2.0/token", "/88bb/oauth2/v2.0/token"]
    );
    assert_eq!(
        server.graph_requests()[1].header("authorization"),
        Some("Bearer token-2")
    );
}

/// TS-5: roles are read from a new token, since a cached one keeps the old ones.
#[tokio::test]
async fn roles_come_from_a_fresh_token() {
    let server = Server::start([]).await;
    let token = |claims: &str| {
        use base64::Engine;
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        answer(
            200,
            &format!(r#"{{"access_token":"h.{claims}.s","expires_in":3599}}"#),
        )
    };
    server.tokens([token("{}"), token(r#"{"roles":["Calendars.ReadWrite"]}"#)]);
    let roles = client(&server)
        .session(&profile())
        .token_roles()
        .await
        .unwrap();
    assert_eq!(roles, ["Calendars.ReadWrite"]);
    let opaque = client(&server)
        .session(&profile())
        .token_roles()
        .await
        .unwrap_err();
    assert_eq!(opaque.code, "UnreadableToken");
}
