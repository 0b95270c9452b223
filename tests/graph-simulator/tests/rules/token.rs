//! The token endpoint (graph-protocol §1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use graph_simulator::demo;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer};

fn refused(answer: &Answer) -> (u16, &str, u64) {
    let body = &answer.body;
    assert!(
        body["error_description"]
            .as_str()
            .unwrap()
            .starts_with("AADSTS")
    );
    assert!(body["trace_id"].is_string() && body["correlation_id"].is_string());
    assert!(body["error_uri"].is_string() && body["timestamp"].is_string());
    let code = body["error_codes"][0].as_u64().unwrap();
    (answer.status, body["error"].as_str().unwrap(), code)
}

#[tokio::test]
async fn a_token_says_whose_it_is_and_which_roles_it_has() {
    let peer = Peer::start().await;
    let answer = peer.ask_token(&[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 3599);
    assert!(answer.body.get("refresh_token").is_none());
    let token = answer.body["access_token"].as_str().unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert_eq!(claims["tid"], demo::TENANT_ID);
    assert_eq!(claims["appid"], demo::CLIENT_ID);
    assert_eq!(claims["roles"], json!(demo::ROLES));
}

#[tokio::test]
async fn a_verified_domain_names_the_tenant_too() {
    let peer = Peer::start().await;
    let answer = peer.ask_token(&[("tenant", demo::TENANT_DOMAIN)]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_simulators_own_address_is_a_graph_root_too() {
    let peer = Peer::start().await;
    let port = peer.sim.addr().port();
    for host in ["127.0.0.1", "localhost"] {
        let scope = format!("http://{host}:{port}/.default");
        let answer = peer.ask_token(&[("scope", &scope)]).await;
        let token = answer.body["access_token"].as_str().unwrap();
        let url = format!("{}/v1.0/users/{}", peer.sim.base_url(), demo::ANN_ID);
        let answer = Answer::of(peer.http.get(url).bearer_auth(token)).await;
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_7000215() {
    let peer = Peer::start().await;
    for wrong in ["nope", demo::CLIENT_SECRET_ID] {
        let answer = peer.ask_token(&[("client_secret", wrong)]).await;
        assert_eq!(refused(&answer), (401, "invalid_client", 7_000_215));
    }
}

#[tokio::test]
async fn a_secret_that_was_not_form_encoded_is_a_wrong_secret() {
    let peer = Peer::start().await;
    let body = format!(
        "client_id={}&scope=https://graph.microsoft.com/.default&client_secret={}&grant_type=client_credentials",
        demo::CLIENT_ID,
        demo::CLIENT_SECRET
    );
    let url = format!(
        "{}/{}/oauth2/v2.0/token",
        peer.sim.base_url(),
        demo::TENANT_ID
    );
    let request = peer.http.post(url).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = Answer::of(request).await;
    assert_eq!(refused(&answer), (401, "invalid_client", 7_000_215));
}

#[tokio::test]
async fn an_expired_secret_is_7000222() {
    let peer = Peer::start().await;
    let tomorrow = peer.sim.now() + TimeDelta::days(1);
    let expire = |app: &mut graph_simulator::App| {
        app.secrets[0].expires_at = Some(tomorrow);
    };
    peer.sim.update_app(demo::CLIENT_ID, expire).unwrap();
    assert_eq!(peer.ask_token(&[]).await.status, 200);
    peer.sim.advance(TimeDelta::days(2));
    let answer = peer.ask_token(&[]).await;
    assert_eq!(refused(&answer), (401, "invalid_client", 7_000_222));
}

#[tokio::test]
async fn an_unknown_tenant_is_90002_under_either_name() {
    let peer = Peer::start().await;
    let unknown = [("tenant", "99999999-0000-4000-8000-000000000000")];
    let answer = peer.ask_token(&unknown).await;
    assert_eq!(refused(&answer), (400, "invalid_tenant", 90_002));
    peer.sim
        .configure(|b| b.unknown_tenant_error = "invalid_request".into());
    let answer = peer.ask_token(&unknown).await;
    assert_eq!(refused(&answer), (400, "invalid_request", 90_002));
}

#[tokio::test]
async fn common_is_not_usable() {
    let peer = Peer::start().await;
    assert_eq!(peer.ask_token(&[("tenant", "common")]).await.status, 400);
}

#[tokio::test]
async fn an_app_that_is_not_in_the_tenant_is_700016() {
    let peer = Peer::start().await;
    let unknown = [("client_id", "99999999-0000-4000-8000-000000000000")];
    let answer = peer.ask_token(&unknown).await;
    assert_eq!(refused(&answer), (400, "unauthorized_client", 700_016));
    peer.sim
        .update_app(demo::CLIENT_ID, |app| app.consents.clear())
        .unwrap();
    let answer = peer.ask_token(&[]).await;
    assert_eq!(refused(&answer), (400, "unauthorized_client", 700_016));
}

#[tokio::test]
async fn the_scope_must_be_a_graph_root_with_default() {
    let peer = Peer::start().await;
    for (scope, status, error, code) in [
        ("User.Read", 400, "invalid_scope", 70_011),
        (
            "https://graph.microsoft.com/.default offline_access",
            400,
            "invalid_scope",
            70_011,
        ),
        (
            "https://graph.microsoft.com/Calendars.ReadWrite",
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            "https://elsewhere.example/.default",
            400,
            "invalid_resource",
            500_011,
        ),
    ] {
        let answer = peer.ask_token(&[("scope", scope)]).await;
        assert_eq!(refused(&answer), (status, error, code), "{scope}");
    }
}

#[tokio::test]
async fn every_field_is_required_and_the_grant_is_client_credentials() {
    let peer = Peer::start().await;
    for field in ["client_id", "scope", "grant_type"] {
        let answer = peer.ask_token(&[(field, "")]).await;
        assert_eq!(
            refused(&answer),
            (400, "invalid_request", 900_144),
            "{field}"
        );
    }
    let answer = peer.ask_token(&[("client_secret", "")]).await;
    assert_eq!(refused(&answer), (401, "invalid_client", 7_000_218));
    let answer = peer.ask_token(&[("grant_type", "password")]).await;
    assert_eq!(refused(&answer), (400, "unsupported_grant_type", 70_003));
    let assertion = [("client_secret", ""), ("client_assertion", "eyJ.x.y")];
    let answer = peer.ask_token(&assertion).await;
    assert_eq!(refused(&answer), (401, "invalid_client", 700_027));
}

#[tokio::test]
async fn a_json_body_is_not_a_token_request() {
    let peer = Peer::start().await;
    let url = format!(
        "{}/{}/oauth2/v2.0/token",
        peer.sim.base_url(),
        demo::TENANT_ID
    );
    let request = peer
        .http
        .post(url)
        .json(&json!({"client_id": demo::CLIENT_ID}));
    let answer = Answer::of(request).await;
    assert_eq!(refused(&answer), (400, "invalid_request", 900_144));
}

#[tokio::test]
async fn a_new_role_shows_only_in_a_new_token() {
    let mut peer = Peer::start().await;
    let path = format!("/users/{}", demo::ANN_ID);
    peer.without_role("User.Read.All").await;
    let grant = |app: &mut graph_simulator::App| {
        let roles = app.consents.get_mut(demo::TENANT_ID).unwrap();
        roles.push("User.Read.All".into());
    };
    peer.sim.update_app(demo::CLIENT_ID, grant).unwrap();
    assert_eq!(peer.get(&path).await.status, 403);
    peer.renew_token().await;
    assert_eq!(peer.get(&path).await.status, 200);
}
