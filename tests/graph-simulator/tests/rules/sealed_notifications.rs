//! Encrypted objects, validation tokens and the keys behind them (graph-protocol §7).

use std::time::Duration;

use chrono::TimeDelta;
use graph_simulator::{Fault, NewArtifact, TokenVersion, demo, fabrikam};
use serde_json::{Value, json};

use crate::held::Held;
use crate::hook::{Hook, recordings, subscribe, transcripts};
use crate::peer::{Answer, Peer};
use crate::sealed::{KeyOfApp, claims, published};

const SOON: Duration = Duration::from_secs(20);
const CALLER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

async fn start() -> (Held, Hook, KeyOfApp) {
    (
        Held::start().await,
        Hook::start().await,
        KeyOfApp::generate(),
    )
}

async fn subscribe_sealed(held: &Held, hook: &Hook, key: &KeyOfApp, resource: String) -> String {
    let changes = json!({
        "resource": resource, "includeResourceData": true,
        "encryptionCertificate": key.certificate, "encryptionCertificateId": "cert-1",
    });
    subscribe(&held.peer, hook, changes).await.id()
}

#[tokio::test]
async fn the_object_is_encrypted_for_the_certificate_with_a_key_of_its_own() {
    let (held, hook, key) = start().await;
    for resource in [recordings(), transcripts()] {
        subscribe_sealed(&held, &hook, &key, resource).await;
    }
    let now = held.peer.sim.now();
    let times = (now + TimeDelta::minutes(1), now + TimeDelta::minutes(2));
    let recording = held.record(NewArtifact::default().made(times.0, times.1));
    let transcript = held.transcribe(NewArtifact::default().made(times.0, times.1));
    assert!(held.peer.sim.settled(SOON).await);
    let items = hook.items();
    assert_eq!(items.len(), 2);
    for (artifact, url, created) in [
        (recording, "recordingContentUrl", true),
        (transcript, "transcriptContentUrl", false),
    ] {
        let item = items
            .iter()
            .find(|i| i["resourceData"]["id"] == artifact.id)
            .unwrap();
        let content = &item["encryptedContent"];
        assert_eq!(content["encryptionCertificateId"], "cert-1");
        assert_eq!(
            content["encryptionCertificateThumbprint"]
                .as_str()
                .unwrap()
                .len(),
            40
        );
        let object = key.open(content);
        assert_eq!(
            (&object["id"], &object["meetingId"]),
            (&json!(artifact.id), &json!(held.meeting))
        );
        assert_eq!(object["meetingOrganizer"]["user"]["id"], demo::ORGANIZER_ID);
        assert_eq!(object["createdDateTime"].is_string(), created);
        let relative = object[url].as_str().unwrap();
        assert!(
            relative.starts_with("communications/onlineMeetings/"),
            "{relative}"
        );
    }
    assert_ne!(
        items[0]["encryptedContent"]["dataKey"],
        items[1]["encryptedContent"]["dataKey"]
    );
}

#[tokio::test]
async fn a_new_certificate_is_used_from_its_patch_on() {
    let (held, hook, key) = start().await;
    let id = subscribe_sealed(&held, &hook, &key, recordings()).await;
    let new = KeyOfApp::generate();
    let body =
        json!({"encryptionCertificate": new.certificate, "encryptionCertificateId": "cert-2"});
    assert_eq!(
        held.peer
            .patch(&format!("/subscriptions/{id}"), &body)
            .await
            .status,
        200
    );
    held.peer
        .sim
        .configure(|b| b.notifications.capital_encrypted_content = true);
    let recording = held.record(NewArtifact::default());
    assert!(held.peer.sim.settled(SOON).await);
    let content = &hook.items()[0]["EncryptedContent"];
    assert_eq!(content["encryptionCertificateId"], "cert-2");
    assert_eq!(new.open(content)["id"], recording.id);
}

async fn tokens(held: &Held, hook: &Hook) -> Value {
    let before = hook.notified().len();
    held.record(NewArtifact::default());
    assert!(held.peer.sim.settled(SOON).await);
    let calls = hook.notified();
    assert_eq!(calls.len(), before + 1);
    calls[before].json()["validationTokens"].clone()
}

#[tokio::test]
async fn tokens_are_signed_by_a_published_key_in_both_versions() {
    let (held, hook, key) = start().await;
    subscribe_sealed(&held, &hook, &key, recordings()).await;
    for (version, path, issuer, caller) in [
        (
            TokenVersion::V2,
            "/common/discovery/v2.0/keys",
            format!("https://login.microsoftonline.com/{}/v2.0", demo::TENANT_ID),
            "azp",
        ),
        (
            TokenVersion::V1,
            "/common/discovery/keys",
            format!("https://sts.windows.net/{}/", demo::TENANT_ID),
            "appid",
        ),
    ] {
        held.peer
            .sim
            .configure(|b| b.notifications.token_version = version);
        let tokens = tokens(&held, &hook).await;
        let list = tokens.as_array().unwrap();
        assert_eq!(list.len(), 1, "one per app and tenant");
        let keys = published(&held.peer, path).await;
        let claims = claims(list[0].as_str().unwrap(), &keys, demo::CLIENT_ID).unwrap();
        assert_eq!(
            (&claims["iss"], &claims[caller]),
            (&json!(issuer), &json!(CALLER))
        );
        assert_eq!(
            (&claims["aud"], &claims["tid"]),
            (&json!(demo::CLIENT_ID), &json!(demo::TENANT_ID))
        );
        let other = if caller == "azp" { "appid" } else { "azp" };
        assert_eq!(claims.get(other), None);
        assert!(claims["exp"].as_i64() > claims["nbf"].as_i64());
    }
}

#[tokio::test]
async fn keys_can_be_rotated_with_and_without_keeping_the_old_ones() {
    let (held, hook, key) = start().await;
    subscribe_sealed(&held, &hook, &key, recordings()).await;
    let old = tokens(&held, &hook).await[0].as_str().unwrap().to_owned();
    let path = "/common/discovery/v2.0/keys";
    held.peer.sim.rotate_signing_key(true).unwrap();
    let new = tokens(&held, &hook).await[0].as_str().unwrap().to_owned();
    let keys = published(&held.peer, path).await;
    assert_eq!(keys.len(), 2);
    assert!(
        [&old, &new]
            .iter()
            .all(|token| claims(token, &keys, demo::CLIENT_ID).is_some())
    );
    held.peer.sim.rotate_signing_key(false).unwrap();
    let keys = published(&held.peer, path).await;
    assert_eq!(keys.len(), 1);
    assert!(
        [&old, &new]
            .iter()
            .all(|token| claims(token, &keys, demo::CLIENT_ID).is_none())
    );
    assert_eq!(
        held.peer
            .sim
            .received()
            .iter()
            .filter(|r| r.path == path)
            .count(),
        2,
        "logged"
    );
}

#[tokio::test]
async fn tokens_are_null_where_the_app_requires_assignment() {
    let (held, hook, key) = start().await;
    subscribe_sealed(&held, &hook, &key, recordings()).await;
    let requires =
        |app: &mut graph_simulator::App| app.role_assignment_required.push(demo::TENANT_ID.into());
    held.peer.sim.update_app(demo::CLIENT_ID, requires).unwrap();
    assert_eq!(tokens(&held, &hook).await, Value::Null);
    let not = |app: &mut graph_simulator::App| app.role_assignment_required.clear();
    held.peer.sim.update_app(demo::CLIENT_ID, not).unwrap();
    assert!(tokens(&held, &hook).await.is_array());
    held.peer
        .sim
        .configure(|b| b.notifications.null_tokens = true);
    assert_eq!(tokens(&held, &hook).await, Value::Null);
    let body = hook.notified().pop().unwrap().json();
    assert!(body.as_object().unwrap().contains_key("validationTokens"));
}

#[tokio::test]
async fn a_genuine_body_and_token_can_be_had_to_be_altered() {
    let (held, hook, key) = start().await;
    held.peer.sim.hold_notifications();
    let id = subscribe_sealed(&held, &hook, &key, recordings()).await;
    let recording = held.record(NewArtifact::default());
    let mut body = held.peer.sim.notification_body(&id, &recording.id).unwrap();
    assert_eq!(
        key.open(&body["value"][0]["encryptedContent"])["id"],
        recording.id
    );
    let mut forged = held
        .peer
        .sim
        .validation_claims(demo::TENANT_ID, demo::CLIENT_ID);
    forged["azp"] = "somebody-else".into();
    body["validationTokens"][0] = held.peer.sim.sign_validation_token(&forged).unwrap().into();
    held.peer
        .sim
        .send_crafted(&hook.url("/raw"), body.to_string());
    held.peer.sim.release_notifications();
    assert!(held.peer.sim.settled(SOON).await);
    let raw = hook
        .notified()
        .into_iter()
        .find(|call| call.path == "/raw")
        .unwrap();
    assert_eq!(raw.json(), body);
    let keys = published(&held.peer, "/common/discovery/v2.0/keys").await;
    let token = body["validationTokens"][0].as_str().unwrap();
    assert_eq!(
        claims(token, &keys, demo::CLIENT_ID).unwrap()["azp"],
        "somebody-else"
    );
    held.peer.sim.send_crafted(&hook.url("/raw"), "{not json");
    assert!(held.peer.sim.settled(SOON).await);
    assert_eq!(hook.notified().pop().unwrap().body, "{not json");
}

async fn document(peer: &Peer, path: &str) -> Answer {
    let url = format!(
        "{}{path}/.well-known/openid-configuration",
        peer.sim.base_url()
    );
    Answer::of(peer.http.get(url)).await
}

#[tokio::test]
async fn the_login_host_describes_itself_and_its_tenants() {
    let peer = Peer::start().await;
    peer.sim.seed(fabrikam::seed()).unwrap();
    let base = peer.sim.base_url().to_owned();
    let v2 = |id: &str| format!("https://login.microsoftonline.com/{id}/v2.0");
    for (path, issuer, keys) in [
        (
            "/common/v2.0",
            v2("{tenantid}"),
            "/common/discovery/v2.0/keys",
        ),
        (
            "/common",
            "https://sts.windows.net/{tenantid}/".into(),
            "/common/discovery/keys",
        ),
        (
            &format!("/{}/v2.0", demo::TENANT_ID),
            v2(demo::TENANT_ID),
            "/common/discovery/v2.0/keys",
        ),
        (
            &format!("/{}/v2.0", fabrikam::TENANT_DOMAIN),
            v2(fabrikam::TENANT_ID),
            "/common/discovery/v2.0/keys",
        ),
    ] {
        let answer = document(&peer, path).await;
        assert_eq!(answer.body["issuer"], issuer, "{path}");
        assert_eq!(answer.body["jwks_uri"], format!("{base}{keys}"));
        let jwks = published(&peer, keys).await;
        assert_eq!(
            (&jwks[0]["kty"], &jwks[0]["use"]),
            (&json!("RSA"), &json!("sig"))
        );
    }
    let unknown = document(&peer, "/nobody.example/v2.0").await;
    assert_eq!(
        (unknown.status, &unknown.body["error_codes"][0]),
        (400, &json!(90_002))
    );
    peer.sim
        .inject(Fault::on("GET", "/common/discovery/**").error(503, "x", "y"));
    let url = format!("{base}/common/discovery/v2.0/keys");
    assert_eq!(
        Answer::of(peer.http.get(url)).await.status,
        503,
        "faults reach it"
    );
}
