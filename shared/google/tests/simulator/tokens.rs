//! Refresh tokens, codes, and what ends them.

use std::time::Duration;

use convoke_google::{Effect, GoogleErrorClass, Secret};
use google_simulator::{Client, Code, Fault, Seed, User, demo};

use crate::peer::{Peer, ann, client_of};

const REDIRECT: &str = "https://app.example/calendar/connected";

/// IV-6: a refresh gives an access token that works, and tells how long.
#[tokio::test]
async fn a_refresh_token_gives_access() {
    let peer = Peer::start().await;
    let tokens = peer.client.refresh(&ann()).await.unwrap();
    assert_eq!(tokens.expires_in, Duration::from_secs(3599));
    assert!(tokens.scope.unwrap().ends_with("/calendar.events"));
    assert!(tokens.refresh_token.is_none());
    let found = peer
        .client
        .find_event(&tokens.access_token, demo::ANN, "x@convoke.example");
    assert_eq!(found.await.unwrap(), None);
}

/// IV-6: refresh tokens may rotate; the new one is handed over and the old one is dead.
#[tokio::test]
async fn a_rotating_refresh_token_is_handed_over() {
    let peer = Peer::start().await;
    let bob = User::new("bob@acme.example", "bob-1", demo::CLIENT_ID).rotating();
    peer.sim
        .seed(Seed {
            users: vec![bob],
            ..Seed::default()
        })
        .unwrap();
    let first = Secret::new("bob-1");
    let tokens = peer.client.refresh(&first).await.unwrap();
    let second = tokens.refresh_token.unwrap();
    let error = peer.client.refresh(&first).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::GrantRevoked);
    let tokens = peer.client.refresh(&second).await.unwrap();
    assert!(tokens.refresh_token.is_some());
}

/// IV-6: a lost answer to a refresh may have cost the old token, and says so.
#[tokio::test]
async fn a_lost_refresh_is_of_unknown_effect() {
    let peer = Peer::start().await;
    peer.sim.inject(Fault::on("POST", "/token").after().cut());
    let error = peer.client.refresh(&ann()).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Unavailable);
    assert_eq!(error.had_effect, Effect::Unknown);
    assert!(error.retryable());
}

/// IV-6: a revoked connection is told apart from everything else.
#[tokio::test]
async fn a_revoked_grant_is_told() {
    let peer = Peer::start().await;
    peer.sim.revoke(demo::ANN);
    let error = peer.client.refresh(&ann()).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::GrantRevoked);
    assert_eq!(error.code, "invalid_grant");
    assert_eq!(error.had_effect, Effect::No);
    assert!(!error.retryable());
    let found = peer.client.find_event(&peer.access, "primary", "x");
    let error = found.await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Unauthorized);
}

/// IV-6: a wrong client of ours is no user's fault.
#[tokio::test]
async fn a_refused_client_is_not_a_revoked_grant() {
    let peer = Peer::start().await;
    let other = Client {
        id: "other".into(),
        secret: "s".into(),
    };
    let clients = vec![other];
    peer.sim
        .seed(Seed {
            clients,
            ..Seed::default()
        })
        .unwrap();
    for (id, secret, code) in [
        ("nobody", "x", "invalid_client"),
        (demo::CLIENT_ID, "wrong", "invalid_client"),
        ("other", "s", "unauthorized_client"),
    ] {
        let client = client_of(&peer.sim, id, secret);
        let error = client.refresh(&ann()).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::ClientRefused, "{id}");
        assert_eq!(error.code, code);
    }
}

/// IV-6: a consent's code is exchanged once, with its redirect URI and verifier.
#[tokio::test]
async fn a_code_is_exchanged_once() {
    let peer = Peer::start().await;
    let issue = |code_challenge: Option<&str>| {
        let code = Code {
            email: demo::ANN.into(),
            client_id: demo::CLIENT_ID.into(),
            redirect_uri: REDIRECT.into(),
            code_challenge: code_challenge.map(String::from),
        };
        Secret::new(peer.sim.issue_code(code).unwrap())
    };
    let plain = issue(None);
    let tokens = peer.client.exchange(&plain, REDIRECT, None).await.unwrap();
    let refresh_token = tokens.refresh_token.unwrap();
    peer.client.refresh(&refresh_token).await.unwrap();
    let again = peer.client.exchange(&plain, REDIRECT, None).await;
    assert_eq!(again.unwrap_err().class, GoogleErrorClass::GrantRevoked);

    let elsewhere = issue(None);
    let elsewhere = peer
        .client
        .exchange(&elsewhere, "https://evil.example", None);
    let error = elsewhere.await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Refused);
    assert_eq!(error.code, "redirect_uri_mismatch");

    // RFC 7636, appendix B.
    let challenge = Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let code = issue(challenge);
    let without = peer.client.exchange(&code, REDIRECT, None).await;
    assert_eq!(without.unwrap_err().class, GoogleErrorClass::GrantRevoked);
    let with = peer.client.exchange(&code, REDIRECT, Some(&verifier));
    with.await.unwrap();
}

/// XC-9: no credential is part of an address.
#[tokio::test]
async fn credentials_travel_in_the_body() {
    let peer = Peer::start().await;
    peer.client.refresh(&ann()).await.unwrap();
    let asked = peer.sim.received().remove(0);
    assert!(asked.parameters.is_empty());
    assert!(!asked.headers.contains_key("authorization"));
    assert_eq!(asked.body.unwrap()["grant_type"], "refresh_token");
}
