//! Answers that Google would not give.

use convoke_google::{Effect, GoogleErrorClass, Secret};
use google_simulator::{Fault, GoogleSimulator, Options, demo};
use serde_json::{Value, json};

use crate::peer::{EVENT, EVENTS, Peer, UID, ann, event};

/// XC-9: a redirect is not followed, so that neither token nor event travels to another host.
#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let peer = Peer::start().await;
    let evil = GoogleSimulator::start(Options::default()).await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let fault = || {
            let to = format!("{}/calendar/v3/calendars/primary/events", evil.base_url());
            Fault::any()
                .respond(status, Value::Null)
                .header("Location", &to)
        };
        peer.sim.inject(fault());
        let error = peer.try_insert(event(0)).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::Unavailable, "{status}");
        assert_eq!(error.code, format!("http{status}"));
        peer.sim.inject(fault());
        let error = peer.client.refresh(&ann()).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::Unavailable);
    }
    assert_eq!(evil.received(), []);
}

/// XC-9: an answer without end is not read to its end.
#[tokio::test]
async fn a_huge_answer_is_given_up() {
    let peer = Peer::start().await;
    let huge = json!({"id": "x".repeat(3 * 1024 * 1024)});
    peer.sim
        .inject(Fault::on("POST", EVENTS).after().respond(200, huge));
    let error = peer.try_insert(event(0)).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Unavailable);
    assert_eq!(error.code, "answerTooLarge");
    assert_eq!(error.had_effect, Effect::Unknown);
    assert!(peer.found().await.is_some());
    // A refusal is a refusal, however much is said about it.
    let mut talkative = json!({"error": {"errors": [{"reason": "forbidden"}]}});
    talkative["zzz"] = "x".repeat(3 * 1024 * 1024).into();
    peer.sim.inject(Fault::any().respond(403, talkative));
    let asked = peer.client.find_event(&peer.access, "primary", UID);
    // Its end was not read, so that nobody signed it: it passes.
    assert_eq!(
        asked.await.unwrap_err().class,
        GoogleErrorClass::Unavailable
    );
}

/// IV-6: a success that cannot be read may be one.
#[tokio::test]
async fn an_unreadable_success_is_of_unknown_effect() {
    let peer = Peer::start().await;
    for body in [
        json!("{\"id\":"),
        json!("<html>ok</html>"),
        json!({}),
        json!({"id": 7}),
        json!({"id": ""}),
        json!([]),
        Value::Null,
        Value::String("[".repeat(200_000)),
    ] {
        peer.sim
            .inject(Fault::on("POST", EVENTS).respond(200, body.clone()));
        let error = peer.try_insert(event(0)).await.unwrap_err();
        assert_eq!(error.code, "unreadableAnswer", "{body}");
        assert_eq!(error.had_effect, Effect::Unknown);
    }
}

/// IV-6: a token answer without a usable token is none.
#[tokio::test]
async fn an_unusable_token_is_no_token() {
    let peer = Peer::start().await;
    for body in [
        json!({"expires_in": 3599}),
        json!({"access_token": "", "expires_in": 3599}),
        json!({"access_token": "a\r\nx-evil: 1", "expires_in": 3599}),
        json!({"access_token": "a", "token_type": "mac", "expires_in": 3599}),
        json!({"access_token": "a", "expires_in": -1}),
        json!("not json"),
    ] {
        peer.sim
            .inject(Fault::on("POST", "/token").respond(200, body.clone()));
        let error = peer.client.refresh(&ann()).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::Unavailable, "{body}");
        assert_eq!(error.code, "unreadableAnswer");
    }
    let eternal = json!({"access_token": "a", "expires_in": u64::MAX, "refresh_token": ""});
    peer.sim
        .inject(Fault::on("POST", "/token").respond(200, eternal));
    let tokens = peer.client.refresh(&ann()).await.unwrap();
    assert_eq!(tokens.expires_in.as_secs(), 24 * 3600);
    assert!(tokens.refresh_token.is_none());
}

/// IV-6: a proxy's page ends no connection and forgets no event.
#[tokio::test]
async fn pages_of_proxies_are_not_googles_word() {
    let peer = Peer::start().await;
    let id = peer.insert(event(0)).await;
    let page = "<html><h1>Not here</h1></html>";
    for status in [400, 403, 404, 410] {
        peer.sim
            .inject(Fault::on("DELETE", EVENT).respond(status, json!(page)));
        let error = peer.delete(&id).await.unwrap_err();
        assert_eq!(error.class, GoogleErrorClass::Unavailable, "{status}");
    }
    assert_eq!(peer.sim.events(demo::ANN).len(), 1);
    peer.sim
        .inject(Fault::on("POST", "/token").respond(400, json!(page)));
    let error = peer.client.refresh(&ann()).await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Unavailable);
}

/// XC-9: a token that cannot be a header is not sent.
#[tokio::test]
async fn an_access_token_cannot_add_headers() {
    let peer = Peer::start().await;
    let broken = Secret::new("a\r\nx-evil: 1");
    let asked = peer.client.find_event(&broken, "primary", UID);
    let error = asked.await.unwrap_err();
    assert_eq!(error.class, GoogleErrorClass::Refused);
    assert_eq!(error.code, "unsendableRequest");
    assert_eq!(peer.sim.received(), []);
}
