//! The control API's routes for subscriptions, notifications and delta lists.

use std::time::Duration;

use graph_simulator::{NewArtifact, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::held::Held;
use crate::hook::{Hook, subscribe};
use crate::peer::{Answer, Peer};

async fn control(peer: &Peer, method: Method, path: &str, body: Value) -> Answer {
    let url = format!("{}/_simulator{path}", peer.sim.base_url());
    let mut request = peer.http.request(method, url);
    if !body.is_null() {
        request = request.json(&body);
    }
    Answer::of(request).await
}

#[tokio::test]
async fn everything_can_be_done_from_another_process() {
    let (held, hook) = (Held::start().await, Hook::start().await);
    let peer = &held.peer;
    let id = subscribe(peer, &hook, json!({})).await.id();
    let list = control(peer, Method::GET, "/subscriptions", Value::Null).await;
    assert_eq!(
        (&list.body["count"], &list.body["items"][0]["client_state"]),
        (&json!(1), &json!("secret-state"))
    );
    let one = format!("/subscriptions/{id}");
    let patched = control(peer, Method::PATCH, &one, json!({"client_state": "other"})).await;
    assert_eq!(patched.body["client_state"], "other");
    assert_eq!(
        control(peer, Method::PATCH, &one, json!({"id": "x"}))
            .await
            .status,
        422
    );
    assert_eq!(
        control(peer, Method::PUT, "/notifications", json!({"held": true}))
            .await
            .status,
        204
    );
    let rule = json!({"kind": "recording", "times": 1, "effect": {"duplicate": 1}});
    assert_eq!(
        control(peer, Method::POST, "/disturbances", rule)
            .await
            .body["id"],
        1
    );
    let event = json!({"event": "reauthorizationRequired"});
    assert_eq!(
        control(peer, Method::POST, &format!("{one}/lifecycle"), event)
            .await
            .status,
        204
    );
    let crafted = json!({"url": hook.url("/raw"), "body": {"value": []}});
    assert_eq!(
        control(peer, Method::POST, "/notifications/crafted", crafted)
            .await
            .status,
        204
    );
    let recording = held.record(NewArtifact::default());
    let genuine = format!(
        "{one}/notification?artifact={}",
        crate::held::encoded(&recording.id)
    );
    let genuine = control(peer, Method::GET, &genuine, Value::Null).await;
    assert_eq!(genuine.body["value"][0]["clientState"], "other");
    let waiting = control(peer, Method::GET, "/notifications", Value::Null).await;
    assert_eq!(waiting.body["settled"], false);
    control(peer, Method::PUT, "/notifications", json!({"held": false})).await;
    assert!(peer.sim.settled(Duration::from_secs(10)).await);
    let mut paths: Vec<String> = hook.notified().into_iter().map(|call| call.path).collect();
    paths.sort();
    assert_eq!(paths, ["/hook", "/life", "/raw"]);
    let sent = control(peer, Method::GET, "/deliveries", Value::Null).await;
    assert_eq!(sent.body["count"], 5, "two handshakes and three POSTs");
    assert_eq!(
        control(peer, Method::DELETE, "/deliveries", Value::Null)
            .await
            .status,
        204
    );
    let rules = control(peer, Method::GET, "/disturbances", Value::Null).await;
    assert_eq!(rules.body[0]["hits"], 1);
    assert_eq!(
        control(peer, Method::DELETE, "/disturbances", Value::Null)
            .await
            .status,
        204
    );
    let state = format!("/endpoint?url={}", hook.url("/hook"));
    assert_eq!(
        control(peer, Method::GET, &state, Value::Null).await.body["state"],
        "healthy"
    );
    assert_eq!(
        control(peer, Method::DELETE, &one, Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(
        control(peer, Method::DELETE, &one, Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn keys_tokens_delta_and_load_too() {
    let peer = Peer::start().await;
    let before = crate::sealed::published(&peer, "/common/discovery/keys").await;
    let rotation = json!({"keeps_old": false});
    assert_eq!(
        control(&peer, Method::POST, "/signing-keys", rotation)
            .await
            .status,
        204
    );
    let after = crate::sealed::published(&peer, "/common/discovery/keys").await;
    assert_ne!(before[0]["kid"], after[0]["kid"]);
    let names = format!(
        "/signing-keys/claims?tenant={}&app={}",
        demo::TENANT_ID,
        demo::CLIENT_ID
    );
    let claims = control(&peer, Method::GET, &names, Value::Null).await.body;
    let token = control(&peer, Method::POST, "/signing-keys/token", claims.clone())
        .await
        .body;
    let token = token["token"].as_str().unwrap();
    let read = crate::sealed::claims(token, &after, demo::CLIENT_ID).unwrap();
    assert_eq!(read, claims);
    assert_eq!(
        control(&peer, Method::POST, "/delta/expire", Value::Null)
            .await
            .status,
        204
    );
    let load = json!({"count": 2, "organizers_each": 3});
    let seeded = control(&peer, Method::POST, "/seed/organizations", load).await;
    assert_eq!(
        seeded.body["items"][1]["organizers"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}
