//! What every Graph call is checked for (graph-protocol §1, §8, §9).

use chrono::TimeDelta;
use graph_simulator::{RbacGrant, Seed, Tenant, User, demo};
use reqwest::Method;

use crate::peer::{Answer, Peer, event, events, plain};

#[tokio::test]
async fn a_missing_empty_or_forged_token_is_401() {
    let peer = Peer::start().await;
    let url = format!("{}/v1.0{}", peer.sim.base_url(), events());
    let bare = Answer::of(peer.http.get(&url)).await;
    assert_eq!(bare.refusal(), (401, "InvalidAuthenticationToken"));
    assert_eq!(bare.message(), "Access token is empty.");
    let empty = Answer::of(peer.http.get(&url).header("authorization", "Bearer ")).await;
    assert_eq!(empty.message(), "Access token is empty.");
    for forged in ["abc", "a.b.c", &format!("{}x", peer.token())] {
        let answer = Answer::of(peer.http.get(&url).bearer_auth(forged)).await;
        assert_eq!(answer.refusal(), (401, "InvalidAuthenticationToken"));
        assert!(!answer.header("www-authenticate").is_empty());
    }
}

#[tokio::test]
async fn a_token_expires_by_the_simulators_clock() {
    let mut peer = Peer::start().await;
    peer.sim.advance(TimeDelta::seconds(3590));
    assert_eq!(peer.get(&events()).await.status, 200);
    peer.sim.advance(TimeDelta::seconds(20));
    let answer = peer.get(&events()).await;
    assert_eq!(answer.refusal(), (401, "InvalidAuthenticationToken"));
    assert_eq!(
        answer.message(),
        "Lifetime validation failed, the token is expired."
    );
    peer.renew_token().await;
    assert_eq!(peer.get(&events()).await.status, 200);
    peer.sim.expire_tokens();
    assert_eq!(peer.get(&events()).await.status, 401);
}

#[tokio::test]
async fn a_token_for_another_service_or_cloud_is_401() {
    let peer = Peer::start().await;
    for root in ["https://management.azure.com", "https://graph.microsoft.us"] {
        let scope = format!("{root}/.default");
        let token = peer.ask_token(&[("scope", &scope)]).await;
        let token = token.body["access_token"].as_str().unwrap().to_owned();
        let url = format!("{}/v1.0{}", peer.sim.base_url(), events());
        let answer = Answer::of(peer.http.get(url).bearer_auth(token)).await;
        assert_eq!(answer.refusal(), (401, "InvalidAuthenticationToken"));
        assert!(answer.message().contains("audience"));
    }
}

#[tokio::test]
async fn a_missing_calendar_role_is_403_from_exchange() {
    let mut peer = Peer::start().await;
    peer.without_role("Calendars.ReadWrite").await;
    let answer = peer.create(&plain()).await;
    assert_eq!(answer.refusal(), (403, "ErrorAccessDenied"));
    assert_eq!(
        answer.message(),
        "Access is denied. Check credentials and try again."
    );
}

#[tokio::test]
async fn an_rbac_grant_counts_without_showing_in_the_token_and_only_in_its_scope() {
    let mut peer = Peer::start().await;
    peer.without_role("Calendars.ReadWrite").await;
    let grant = RbacGrant {
        tenant_id: demo::TENANT_ID.into(),
        role: "Calendars.ReadWrite".into(),
        mailboxes: Some(vec![demo::ORGANIZER_ID.into()]),
    };
    peer.sim
        .update_app(demo::CLIENT_ID, |app| app.rbac.push(grant))
        .unwrap();
    assert_eq!(peer.create(&plain()).await.status, 201);
    let other = peer
        .post(&format!("/users/{}/events", demo::ANN_UPN), &plain())
        .await;
    assert_eq!(other.refusal(), (403, "ErrorAccessDenied"));
}

#[tokio::test]
async fn exchanges_own_policy_denies_with_its_own_words() {
    let peer = Peer::start().await;
    let deny = |user: &mut User| user.mailbox.denied_apps.push(demo::CLIENT_ID.into());
    peer.sim.update_user(demo::ORGANIZER_UPN, deny).unwrap();
    let answer = peer.create(&plain()).await;
    assert_eq!(answer.refusal(), (403, "ErrorAccessDenied"));
    assert_eq!(answer.message(), "Access to OData is disabled.");
}

#[tokio::test]
async fn a_mailbox_of_another_tenant_is_not_found() {
    let peer = Peer::start().await;
    let tenant = "11111111-2222-4333-8444-555555555555";
    let user = "aaaaaaaa-2222-4333-8444-555555555555";
    let seed = Seed {
        tenants: vec![Tenant {
            id: tenant.into(),
            ..Tenant::default()
        }],
        users: vec![User::new(tenant, user, "eve@fabrikam.example", "Eve")],
        ..Seed::default()
    };
    peer.sim.seed(seed).unwrap();
    for key in [user, "eve@fabrikam.example", "nobody@contoso.example"] {
        let answer = peer.post(&format!("/users/{key}/events"), &plain()).await;
        assert_eq!(answer.refusal(), (404, "ResourceNotFound"), "{key}");
    }
}

#[tokio::test]
async fn a_user_without_a_mailbox_has_a_code_of_its_own() {
    let peer = Peer::start().await;
    peer.sim
        .update_user(demo::BOB_ID, |user| user.mailbox.enabled = false)
        .unwrap();
    let answer = peer
        .post(&format!("/users/{}/events", demo::BOB_UPN), &plain())
        .await;
    assert_eq!(answer.refusal(), (404, "MailboxNotEnabledForRESTAPI"));
}

#[tokio::test]
async fn the_user_in_a_calendar_path_is_an_object_id_or_a_upn() {
    let peer = Peer::start().await;
    for key in [
        demo::ORGANIZER_ID,
        demo::ORGANIZER_UPN,
        "MEETINGS@contoso.example",
    ] {
        let answer = peer.post(&format!("/users/{key}/events"), &plain()).await;
        assert_eq!(answer.status, 201, "{key}");
    }
}

#[tokio::test]
async fn request_ids_come_back() {
    let peer = Peer::start().await;
    let id = "6a0e4a3c-8e2b-4d39-9d3e-0d5a0e6a1f11";
    for path in [events(), event("AAMkwrong")] {
        let request = peer
            .request(Method::GET, &path)
            .header("client-request-id", id);
        let answer = Answer::of(request).await;
        assert_eq!(answer.header("client-request-id"), id);
        assert_eq!(answer.header("request-id").len(), 36);
        assert!(!answer.header("date").is_empty());
        assert!(!answer.header("x-ms-ags-diagnostic").is_empty());
    }
    let failed = peer.get(&event("AAMkwrong")).await;
    let inner = &failed.body["error"]["innerError"];
    assert_eq!(inner["request-id"], failed.header("request-id"));
    assert_eq!(
        inner["client-request-id"],
        failed.header("client-request-id")
    );
    assert_eq!(inner["date"].as_str().unwrap().len(), 19);
}

#[tokio::test]
async fn me_unknown_paths_and_methods_are_refused() {
    let peer = Peer::start().await;
    assert_eq!(peer.get("/me/events").await.refusal(), (400, "BadRequest"));
    assert_eq!(
        peer.get("/users/x/planner").await.refusal(),
        (400, "BadRequest")
    );
    let answer = Answer::of(peer.request(Method::PUT, &events())).await;
    assert_eq!(answer.status, 405);
    let url = format!("{}/v2.0/users", peer.sim.base_url());
    assert_eq!(peer.follow(&url).await.status, 404);
}

#[tokio::test]
async fn names_in_paths_have_no_case_and_beta_is_served_too() {
    let peer = Peer::start().await;
    let url = format!(
        "{}/beta/Users/{}/Calendar/Events",
        peer.sim.base_url(),
        demo::ORGANIZER_UPN
    );
    assert_eq!(peer.follow(&url).await.status, 200);
    let url = format!(
        "{}/v1.0/users('{}')/events",
        peer.sim.base_url(),
        demo::ORGANIZER_UPN
    );
    assert_eq!(peer.follow(&url).await.status, 200);
}
