//! What Graph refuses when a subscription is made (graph-protocol §6, §7).

use chrono::TimeDelta;
use graph_simulator::{App, Secret, demo, fabrikam};
use serde_json::json;

use crate::hook::{Hook, in_minutes, recordings, subscribe, transcripts, wanted_with};
use crate::peer::{Answer, Peer};
use crate::sealed::KeyOfApp;

async fn start() -> (Peer, Hook) {
    (Peer::start().await, Hook::start().await)
}

#[tokio::test]
async fn words_that_are_wrong_are_refused_before_any_handshake() {
    let (peer, hook) = start().await;
    let key = KeyOfApp::generate();
    let short = in_minutes(&peer, 61);
    for (changes, word) in [
        (json!({"changeType": "updated"}), "changeType"),
        (json!({"changeType": null}), "changeType"),
        (json!({"notificationUrl": null}), "notificationUrl"),
        (
            json!({"notificationUrl": "http://hooks.example/x"}),
            "HTTPS",
        ),
        (
            json!({"lifecycleNotificationUrl": "http://hooks.example/x"}),
            "HTTPS",
        ),
        (json!({"notificationUrl": "not a url"}), "HTTPS"),
        (json!({"expirationDateTime": null}), "expirationDateTime"),
        (json!({"expirationDateTime": "soon"}), "expirationDateTime"),
        (
            json!({"expirationDateTime": in_minutes(&peer, -1)}),
            "future",
        ),
        (
            json!({"expirationDateTime": in_minutes(&peer, 4322)}),
            "beyond allowed max '3.00:00:00'",
        ),
        (
            json!({"lifecycleNotificationUrl": null, "expirationDateTime": short}),
            "exceeds 1 hour",
        ),
        (json!({"clientState": "x".repeat(129)}), "128"),
        (
            json!({"includeResourceData": true}),
            "encryptionCertificate",
        ),
        (
            json!({"includeResourceData": true, "encryptionCertificate": key.certificate}),
            "together",
        ),
        (
            json!({"encryptionCertificate": "bm8=", "encryptionCertificateId": "a"}),
            "X.509",
        ),
        (
            json!({"encryptionCertificate": key.certificate, "encryptionCertificateId": "x".repeat(129)}),
            "128",
        ),
        (json!({"latestSupportedTlsVersion": "v9"}), "Tls"),
        (json!({"expirationDatetime": short}), "expirationDatetime"),
        (
            json!({"resource": "users/x@y.example/onlineMeetings/getAllRecordings"}),
            "Resource",
        ),
        (
            json!({"resource": format!("v1.0/{}", recordings())}),
            "Resource",
        ),
        (
            json!({"resource": format!("https://graph.microsoft.com/v1.0/{}", recordings())}),
            "Resource",
        ),
        (json!({"resource": "users/x/events"}), "Resource"),
    ] {
        let answer = subscribe(&peer, &hook, changes.clone()).await;
        assert_eq!(answer.status, 400, "{changes} {answer:?}");
        assert!(answer.message().contains(word), "{changes} {answer:?}");
        assert_ne!(answer.refusal().1, "ValidationError");
    }
    assert!(hook.handshakes().is_empty());
    let most =
        json!({"clientState": "x".repeat(128), "expirationDateTime": in_minutes(&peer, 4319)});
    assert_eq!(subscribe(&peer, &hook, most).await.status, 201);
    let hour = json!({
        "lifecycleNotificationUrl": null, "resource": transcripts(),
        "expirationDateTime": in_minutes(&peer, 59),
    });
    assert_eq!(subscribe(&peer, &hook, hour).await.status, 201);
}

#[tokio::test]
async fn a_permission_is_needed_for_each_kind() {
    for (role, resource) in [
        ("OnlineMeetingRecording.Read.All", recordings()),
        ("OnlineMeetingTranscript.Read.All", transcripts()),
    ] {
        let (mut peer, hook) = start().await;
        peer.without_role(role).await;
        let answer = subscribe(&peer, &hook, json!({"resource": resource})).await;
        assert_eq!(answer.refusal(), (403, "ExtensionError"));
        assert!(
            answer.message().contains("Reason: Application is missing"),
            "{answer:?}"
        );
        let other = if resource == recordings() {
            transcripts()
        } else {
            recordings()
        };
        assert_eq!(
            subscribe(&peer, &hook, json!({"resource": other}))
                .await
                .status,
            201
        );
    }
}

#[tokio::test]
async fn the_access_policy_is_needed_if_it_is_said_so() {
    let (peer, hook) = start().await;
    peer.sim
        .update_user(demo::ORGANIZER_ID, |user| user.access_policy = None)
        .unwrap();
    peer.sim
        .configure(|b| b.subscriptions.need_access_policy = true);
    let answer = subscribe(&peer, &hook, json!({})).await;
    assert_eq!(answer.status, 403);
    assert!(answer.message().contains("application access policy"));
    peer.sim
        .configure(|b| b.subscriptions.need_access_policy = false);
    assert_eq!(subscribe(&peer, &hook, json!({})).await.status, 201);
}

#[tokio::test]
async fn users_and_meetings_of_other_tenants_are_not_found() {
    let (peer, hook) = start().await;
    peer.sim.seed(fabrikam::seed()).unwrap();
    let start = peer.sim.now();
    let end = start + TimeDelta::hours(1);
    let theirs = peer
        .sim
        .add_online_meeting(fabrikam::ORGANIZER_ID, "x", start, end)
        .unwrap();
    let ours = peer
        .sim
        .add_online_meeting(demo::ORGANIZER_ID, "x", start, end)
        .unwrap();
    for resource in [
        format!(
            "users/{}/onlineMeetings/getAllRecordings",
            fabrikam::ORGANIZER_ID
        ),
        format!("communications/onlineMeetings/{}/recordings", theirs.id),
    ] {
        let answer = subscribe(&peer, &hook, json!({"resource": resource})).await;
        assert_eq!(answer.refusal(), (404, "ExtensionError"), "{resource}");
    }
    let resource = format!("communications/onlineMeetings('{}')/transcripts", ours.id);
    assert_eq!(
        subscribe(&peer, &hook, json!({"resource": resource}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_second_one_of_the_same_app_is_a_conflict_that_names_the_first() {
    let (peer, hook) = start().await;
    let first = subscribe(&peer, &hook, json!({})).await.id();
    let elsewhere =
        json!({"notificationUrl": hook.url("/other"), "resource": format!("/{}", recordings())});
    let answer = subscribe(&peer, &hook, elsewhere).await;
    assert_eq!(answer.refusal(), (409, "ObjectIdentifierInUse"));
    let message = format!("Subscription Id {first} already exists for the requested combination");
    assert_eq!(answer.message(), message);
    // Both pass the first look; one has lost by the time its handshake is over.
    let body = wanted_with(&peer, &hook, json!({"resource": transcripts()}));
    hook.behave(|m| m.handshake_delay = std::time::Duration::from_millis(100));
    let (one, two) = tokio::join!(
        peer.post("/subscriptions", &body),
        peer.post("/subscriptions", &body)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn quotas_are_per_user_over_all_apps_and_per_tenant() {
    let (peer, hook) = start().await;
    peer.sim
        .configure(|b| (b.subscriptions.per_user, b.subscriptions.per_tenant) = (2, 3));
    subscribe(&peer, &hook, json!({})).await.id();
    let roles = demo::ROLES.map(String::from).to_vec();
    let mut last = None;
    for number in 1..=2 {
        let client_id = format!("0000000{number}-0000-4000-8000-000000000000");
        let app = App {
            client_id: client_id.clone(),
            secrets: vec![Secret {
                value: "s".into(),
                ..Secret::default()
            }],
            consents: [(demo::TENANT_ID.to_owned(), roles.clone())].into(),
            ..App::default()
        };
        let seed = graph_simulator::Seed {
            apps: vec![app],
            ..Default::default()
        };
        peer.sim.seed(seed).unwrap();
        let token = peer
            .ask_token(&[("client_id", &client_id), ("client_secret", "s")])
            .await;
        let token = token.body["access_token"].as_str().unwrap().to_owned();
        let url = format!("{}/v1.0/subscriptions", peer.sim.base_url());
        let body = wanted_with(&peer, &hook, json!({}));
        last = Some(Answer::of(peer.http.post(url).bearer_auth(token).json(&body)).await);
        assert_eq!(
            last.as_ref().unwrap().status,
            if number == 1 { 201 } else { 403 }
        );
    }
    let full = "Operation: Create; Exception: [Status Code: Forbidden; Reason: Maximum number of subscriptions has been reached]";
    assert_eq!(last.unwrap().message(), full);
    let of_ann = format!("users/{}/onlineMeetings/getAllRecordings", demo::ANN_ID);
    let ann = subscribe(&peer, &hook, json!({"resource": of_ann}))
        .await
        .id();
    let all = json!({"resource": "communications/onlineMeetings/getAllRecordings"});
    let answer = subscribe(&peer, &hook, all.clone()).await;
    assert_eq!(
        (answer.refusal(), answer.message()),
        ((403, "ExtensionError"), full)
    );
    assert_eq!(
        subscribe(&peer, &hook, json!({"resource": transcripts()}))
            .await
            .status,
        201
    );
    assert_eq!(
        peer.delete(&format!("/subscriptions/{ann}")).await.status,
        204
    );
    assert_eq!(subscribe(&peer, &hook, all).await.status, 201);
}

#[tokio::test]
async fn they_are_not_made_in_a_batch_or_without_a_token() {
    let (peer, hook) = start().await;
    let step = json!({
        "id": "1", "method": "POST", "url": "/subscriptions",
        "headers": {"Content-Type": "application/json"}, "body": wanted_with(&peer, &hook, json!({})),
    });
    let answer = peer.post("/$batch", &json!({"requests": [step]})).await;
    assert_eq!(answer.body["responses"][0]["status"], 400);
    let url = format!("{}/v1.0/subscriptions", peer.sim.base_url());
    let body = wanted_with(&peer, &hook, json!({}));
    let answer = Answer::of(peer.http.post(&url).json(&body)).await;
    assert_eq!(answer.refusal(), (401, "InvalidAuthenticationToken"));
    let answer = Answer::of(peer.http.put(&url).bearer_auth(peer.token()).json(&body)).await;
    assert_eq!(answer.status, 405);
    assert!(hook.handshakes().is_empty());
}
