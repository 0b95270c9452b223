//! Many organisations, and some of them broken.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use graph_simulator::{Fault, SeededOrganization};
use serde_json::{Value, json};

use crate::hook::{Hook, wanted_with};
use crate::peer::{Answer, Peer};

async fn token_of(peer: &Peer, organization: &SeededOrganization) -> Answer {
    let changes = [
        ("tenant", organization.tenant_id.as_str()),
        ("client_id", &organization.client_id),
        ("client_secret", &organization.client_secret),
    ];
    peer.ask_token(&changes).await
}

async fn call(peer: &Peer, token: &Answer, method: &str, path: &str, body: &Value) -> Answer {
    let url = format!("{}/v1.0{path}", peer.sim.base_url());
    let token = token.body["access_token"].as_str().unwrap();
    let request = peer.http.request(method.parse().unwrap(), url);
    Answer::of(request.bearer_auth(token).json(body)).await
}

#[tokio::test]
async fn a_thousand_subscriptions_are_made_and_renewed_quickly() {
    let (peer, hook) = (Peer::start().await, Hook::start().await);
    let organizations = peer.sim.seed_organizations(50, 10).unwrap();
    let mut work = Vec::new();
    for organization in &organizations {
        let token = token_of(&peer, organization).await;
        for organizer in &organization.organizers {
            for function in ["getAllRecordings", "getAllTranscripts"] {
                let resource = format!("users/{}/onlineMeetings/{function}", organizer.id);
                let body = wanted_with(&peer, &hook, json!({"resource": resource}));
                work.push((token.body.clone(), body));
            }
        }
    }
    let begun = Instant::now();
    let (peer, count) = (&peer, work.len());
    let made = stream::iter(work).map(|(token, body)| async move {
        let token = Answer {
            status: 200,
            headers: reqwest::header::HeaderMap::default(),
            body: token,
        };
        let id = call(peer, &token, "POST", "/subscriptions", &body)
            .await
            .id();
        let renewal = json!({"expirationDateTime": body["expirationDateTime"]});
        let path = format!("/subscriptions/{id}");
        assert_eq!(
            call(peer, &token, "PATCH", &path, &renewal).await.status,
            200
        );
    });
    made.buffer_unordered(16).collect::<Vec<()>>().await;
    let subscriptions = peer.sim.subscriptions();
    assert_eq!((count, subscriptions.len()), (1000, 1000));
    assert!(subscriptions.iter().all(|s| s.renewals == 1));
    // Five requests each, the handshakes included, in an unoptimised build.
    assert!(
        begun.elapsed() < Duration::from_mins(1),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn tenants_can_be_broken_each_in_its_way() {
    let peer = Peer::start().await;
    let organizations = peer.sim.seed_organizations(5, 1).unwrap();
    assert_eq!(
        organizations,
        peer.sim.seed_organizations(5, 1).unwrap(),
        "the same each time"
    );
    let ids: Vec<&str> = organizations.iter().map(|o| o.tenant_id.as_str()).collect();
    let early = token_of(&peer, &organizations[0]).await;
    let token = Fault::on("POST", "/*/oauth2/v2.0/token").always();
    peer.sim.inject(
        token
            .in_tenants(&ids[..2])
            .token_refused("invalid_client", 7_000_215),
    );
    let graph = |tenant: &str| Fault::on("*", "/v1.0/**").always().in_tenants([tenant]);
    peer.sim.inject(graph(ids[2]).error(403, "Forbidden", "no"));
    peer.sim
        .inject(graph(ids[3]).error(503, "serviceNotAvailable", "no"));
    for broken in &organizations[..2] {
        let answer = token_of(&peer, broken).await;
        assert_eq!(
            (answer.status, &answer.body["error"]),
            (401, &json!("invalid_client"))
        );
    }
    let list = async |token: &Answer| {
        call(&peer, token, "GET", "/subscriptions", &Value::Null)
            .await
            .status
    };
    assert_eq!(list(&early).await, 200, "its older token works");
    for (organization, status) in organizations[2..].iter().zip([403, 503, 200]) {
        assert_eq!(list(&token_of(&peer, organization).await).await, status);
    }
    peer.sim.inject(graph(ids[4]).hang());
    let last = token_of(&peer, &organizations[4]).await;
    let hanging = tokio::time::timeout(Duration::from_millis(200), list(&last)).await;
    assert!(hanging.is_err());
    assert_eq!(list(&early).await, 200);
}
