//! Subscriptions: made, shown, changed, removed (graph-protocol §6).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use graph_simulator::{
    GraphSimulator, NotificationKind, Options, SubscriptionTarget, demo, fabrikam,
};
use serde_json::{Value, json};

use crate::hook::{Hook, in_minutes, recordings, subscribe, transcripts};
use crate::peer::{Answer, Peer};
use crate::sealed::KeyOfApp;

async fn start() -> (Peer, Hook) {
    (Peer::start().await, Hook::start().await)
}

#[tokio::test]
async fn one_is_made_after_both_addresses_have_answered_the_handshake() {
    let (peer, hook) = start().await;
    let answer = subscribe(&peer, &hook, json!({})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.body["applicationId"], demo::CLIENT_ID);
    assert_eq!(answer.body["clientState"], "secret-state");
    assert_eq!(answer.body["resource"], recordings());
    let expires: DateTime<Utc> = answer.body["expirationDateTime"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((expires - peer.sim.now() - TimeDelta::days(2)).abs() < TimeDelta::minutes(1));
    let asked = hook.handshakes();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        (asked[0].path.as_str(), asked[1].path.as_str()),
        ("/hook", "/life")
    );
    for call in &asked {
        assert!(call.body.is_empty());
        assert_eq!(call.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(call.headers["content-length"], "0");
    }
    let sentence = "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+";
    assert!(
        asked[0].query.starts_with(&format!("tag=a&{sentence}")),
        "{}",
        asked[0].query
    );
    let id = asked[1].query.strip_prefix(sentence).unwrap();
    assert_eq!(id, answer.header("request-id"));
    let kinds = peer
        .sim
        .deliveries()
        .into_iter()
        .map(|d| (d.kind, d.status));
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [(NotificationKind::Handshake, Some(200)); 2]
    );
}

#[tokio::test]
async fn an_address_that_fails_the_handshake_is_told_how() {
    let (peer, hook) = start().await;
    peer.sim
        .configure(|b| b.subscriptions.handshake_timeout_ms = 300);
    let failed = "Subscription validation request failed. ";
    let ok = "Notification endpoint must respond with 200 OK to validation request.";
    let exactly = "Response must exactly match validationToken query parameter.";
    for (status, suffix, media_type, delay, message) in [
        (202, "", "text/plain", 0, format!("{failed}{ok}")),
        (302, "", "text/plain", 0, format!("{failed}{ok}")),
        (
            403,
            "",
            "text/plain",
            0,
            format!("{failed}HTTP status code is 'Forbidden'."),
        ),
        (
            500,
            "",
            "text/plain",
            0,
            format!("{failed}HTTP status code is 'InternalServerError'."),
        ),
        (200, "\n", "text/plain", 0, format!("{failed}{exactly}")),
        (200, "", "application/json", 0, format!("{failed}{exactly}")),
        (
            200,
            "",
            "text/plain",
            600,
            "Subscription validation request timed out.".into(),
        ),
    ] {
        hook.behave(|m| {
            (m.handshake, m.suffix, m.media_type) = (status, suffix, media_type);
            m.handshake_delay = Duration::from_millis(delay);
        });
        let answer = subscribe(&peer, &hook, json!({})).await;
        assert_eq!(answer.refusal(), (400, "ValidationError"), "{message}");
        assert_eq!(answer.message(), message);
    }
    hook.behave(|m| m.handshake_delay = Duration::ZERO);
    let nobody = json!({"notificationUrl": "http://127.0.0.1:1/hook"});
    let answer = subscribe(&peer, &hook, nobody).await;
    assert_eq!(answer.message(), format!("{failed}{ok}"));
    hook.behave(|m| m.handshake = 404);
    let second = json!({"lifecycleNotificationUrl": hook.url("/life")});
    let answer = subscribe(&peer, &hook, second).await;
    assert!(answer.message().contains("'NotFound'"));
    assert!(peer.sim.subscriptions().is_empty());
}

#[tokio::test]
async fn an_app_sees_only_its_own_and_never_the_client_state() {
    let (peer, hook) = start().await;
    let id = subscribe(&peer, &hook, json!({})).await.id();
    let path = format!("/subscriptions/{id}");
    let one = peer.get(&path).await;
    assert_eq!(
        (one.id(), &one.body["clientState"]),
        (id.clone(), &Value::Null)
    );
    assert_eq!(one.body["notificationUrl"], hook.url("/hook?tag=a"));
    let list = peer.get("/subscriptions").await;
    assert_eq!(list.values().len(), 1);
    assert!(!list.body.to_string().contains("secret-state"));
    // Another tenant's app, and another app of this tenant.
    peer.sim.seed(fabrikam::seed()).unwrap();
    let consent = |app: &mut graph_simulator::App| {
        let roles = demo::ROLES.map(String::from).to_vec();
        app.consents.insert(demo::TENANT_ID.into(), roles);
    };
    peer.sim.update_app(fabrikam::CLIENT_ID, consent).unwrap();
    for tenant in [fabrikam::TENANT_ID, demo::TENANT_ID] {
        let changes = [
            ("tenant", tenant),
            ("client_id", fabrikam::CLIENT_ID),
            ("client_secret", fabrikam::CLIENT_SECRET),
        ];
        let token = peer.ask_token(&changes).await.body["access_token"].clone();
        let token = token.as_str().unwrap();
        let url = format!("{}/v1.0", peer.sim.base_url());
        let one = format!("{url}{path}");
        let list = Answer::of(
            peer.http
                .get(format!("{url}/subscriptions"))
                .bearer_auth(token),
        )
        .await;
        assert!(list.values().is_empty());
        for request in [
            peer.http.get(&one),
            peer.http.delete(&one),
            peer.http.patch(&one).json(&json!({})),
        ] {
            let answer = Answer::of(request.bearer_auth(token)).await;
            assert_eq!(answer.refusal(), (404, "ResourceNotFound"));
        }
    }
    let stored = peer.sim.subscriptions().remove(0);
    assert_eq!(stored.client_state.as_deref(), Some("secret-state"));
    assert_eq!(
        stored.target,
        SubscriptionTarget::Organizer(demo::ORGANIZER_ID.into())
    );
    assert_eq!((stored.reads, stored.renewals), (1, 0));
}

#[tokio::test]
async fn a_list_goes_over_pages() {
    let (peer, hook) = start().await;
    peer.sim.configure(|b| b.subscriptions.page_size = 2);
    let resources = [
        recordings(),
        transcripts(),
        "communications/onlineMeetings/getAllRecordings".into(),
        "/communications/onlineMeetings/getAllTranscripts".into(),
        format!("users('{}')/onlineMeetings/getAllRecordings", demo::ANN_ID),
    ];
    let mut made = Vec::new();
    for resource in resources {
        made.push(
            subscribe(&peer, &hook, json!({"resource": resource}))
                .await
                .id(),
        );
    }
    let (mut seen, mut page) = (Vec::new(), peer.get("/subscriptions").await);
    loop {
        assert!(page.values().len() <= 2);
        seen.extend(
            page.values()
                .iter()
                .map(|s| s["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page.body["@odata.nextLink"].as_str() else {
            break;
        };
        page = peer.follow(next).await;
    }
    made.sort();
    assert_eq!(seen, made);
}

#[tokio::test]
async fn one_is_renewed_and_counted_without_another_handshake() {
    let (peer, hook) = start().await;
    let id = subscribe(&peer, &hook, json!({})).await.id();
    let path = format!("/subscriptions/{id}");
    let later = in_minutes(&peer, 4310);
    let renewed = peer
        .patch(&path, &json!({"expirationDateTime": later}))
        .await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let (key, unchanged) = (KeyOfApp::generate(), hook.url("/life"));
    let rotated = json!({
        "encryptionCertificate": key.certificate, "encryptionCertificateId": "two",
        "lifecycleNotificationUrl": unchanged, "notificationUrl": hook.url("/hook?tag=a"),
    });
    assert_eq!(
        peer.patch(&path, &rotated).await.body["encryptionCertificateId"],
        "two"
    );
    assert_eq!(hook.handshakes().len(), 2, "only those of the POST");
    let stored = peer.sim.subscriptions().remove(0);
    assert_eq!(
        (stored.renewals, stored.encryption_certificate),
        (2, Some(key.certificate))
    );
    assert_eq!(
        stored.expires_at,
        DateTime::parse_from_rfc3339(&later).unwrap()
    );
    for (body, word) in [
        (
            json!({"expirationDateTime": in_minutes(&peer, 4330)}),
            "'3.00:00:00'",
        ),
        (
            json!({"expirationDateTime": in_minutes(&peer, -1)}),
            "future",
        ),
        (
            json!({"encryptionCertificate": "eA==", "encryptionCertificateId": "x"}),
            "X.509",
        ),
        (json!({"clientState": "new"}), "clientState"),
        (json!({"resource": recordings()}), "resource"),
        (json!({}), "nothing"),
    ] {
        let answer = peer.patch(&path, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.message().contains(word), "{answer:?}");
    }
}

#[tokio::test]
async fn a_changed_address_must_answer_the_handshake_again() {
    let (peer, hook) = start().await;
    let id = subscribe(&peer, &hook, json!({})).await.id();
    let path = format!("/subscriptions/{id}");
    let moved = json!({"notificationUrl": hook.url("/new"), "lifecycleNotificationUrl": hook.url("/newer")});
    hook.behave(|m| m.handshake = 500);
    assert_eq!(
        peer.patch(&path, &moved).await.refusal(),
        (400, "ValidationError")
    );
    assert_eq!(
        peer.sim.subscriptions()[0].notification_url,
        hook.url("/hook?tag=a")
    );
    hook.behave(|m| m.handshake = 200);
    let answer = peer.patch(&path, &moved).await;
    assert_eq!(
        answer.body["notificationUrl"],
        hook.url("/new"),
        "{answer:?}"
    );
    let asked: Vec<String> = hook.handshakes()[2..]
        .iter()
        .map(|c| c.path.clone())
        .collect();
    assert_eq!(asked, ["/new", "/new", "/newer"]);
}

#[tokio::test]
async fn an_address_for_lifecycle_events_cannot_be_added_later() {
    let (peer, hook) = start().await;
    let short =
        json!({"lifecycleNotificationUrl": null, "expirationDateTime": in_minutes(&peer, 59)});
    let id = subscribe(&peer, &hook, short).await.id();
    let path = format!("/subscriptions/{id}");
    let added = json!({"lifecycleNotificationUrl": hook.url("/life")});
    let answer = peer.patch(&path, &added).await;
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("cannot be added"));
}

#[tokio::test]
async fn removed_lost_and_expired_ones_are_gone() {
    let (peer, hook) = start().await;
    let id = subscribe(&peer, &hook, json!({})).await.id();
    let path = |id: &str| format!("/subscriptions/{id}");
    assert_eq!(peer.delete(&path(&id)).await.status, 204);
    assert_eq!(peer.delete(&path(&id)).await.status, 404);
    let id = subscribe(&peer, &hook, json!({})).await.id();
    assert!(peer.sim.lose_subscription(&id));
    assert!(!peer.sim.lose_subscription(&id));
    assert_eq!(
        peer.get(&path(&id)).await.refusal(),
        (404, "ResourceNotFound")
    );
    let id = subscribe(&peer, &hook, json!({})).await.id();
    peer.sim
        .configure(|b| b.token_lifetime_seconds = 86_400 * 9);
    let mut peer = peer;
    peer.renew_token().await;
    peer.sim.advance(TimeDelta::minutes(2879));
    assert_eq!(peer.get(&path(&id)).await.status, 200);
    peer.sim.advance(TimeDelta::minutes(2));
    let body = json!({"expirationDateTime": in_minutes(&peer, 60)});
    assert_eq!(peer.patch(&path(&id), &body).await.status, 404);
    assert!(peer.get("/subscriptions").await.values().is_empty());
    assert!(peer.sim.subscriptions().is_empty());
    assert_eq!(subscribe(&peer, &hook, json!({})).await.status, 201);
}

#[tokio::test]
async fn they_survive_a_restart() {
    let hook = Hook::start().await;
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        snapshot: Some(folder.path().join("graph.json")),
        ..Options::default()
    };
    let peer = Peer::with(options.clone()).await;
    let id = subscribe(&peer, &hook, json!({})).await.id();
    let before = peer.sim.subscriptions();
    peer.sim.stop().await.unwrap();
    let sim = GraphSimulator::start(options).await.unwrap();
    assert_eq!(sim.subscriptions(), before);
    sim.stop().await.unwrap();
    assert_eq!(before[0].id, id);
}
