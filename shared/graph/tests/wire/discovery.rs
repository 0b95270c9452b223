//! Which tenant a domain is: one question to the login host, and its answers.

use std::time::Duration;

use convoke_graph::{GraphClient, GraphError, GraphErrorClass};
use serde_json::json;

use crate::fixtures::{client, client_with};
use crate::server::{Server, Step, answer, content_head, redirect};

const GUID: &str = "77aa0000-0000-4000-8000-00000000000f";

fn configuration(issuer: &str) -> Step {
    answer(
        200,
        &json!({ "issuer": issuer, "jwks_uri": "https://elsewhere.example/keys" }).to_string(),
    )
}

fn found() -> Step {
    configuration(&format!("https://login.microsoftonline.com/{GUID}/v2.0"))
}

async fn asked(client: &GraphClient, tenant: &str) -> Result<String, GraphError> {
    client.microsoft_tenant_guid(tenant).await
}

/// NT-3: a domain is asked about once, without credentials; clones share the answer.
#[tokio::test]
async fn a_domain_is_asked_about_once() {
    let server = Server::start([found(), found()]).await;
    let client = client(&server);
    for spelling in ["contoso.example", "Contoso.Example", " contoso.example "] {
        assert_eq!(asked(&client.clone(), spelling).await.unwrap(), GUID);
    }
    assert_eq!(asked(&client, "fabrikam.example").await.unwrap(), GUID);
    let requests = server.received();
    let targets: Vec<_> = requests.iter().map(|sent| sent.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/contoso.example/v2.0/.well-known/openid-configuration",
            "/fabrikam.example/v2.0/.well-known/openid-configuration"
        ]
    );
    for sent in &requests {
        assert_eq!(sent.method, "GET");
        assert!(sent.header("authorization").is_none());
        assert!(sent.header("client-request-id").is_some());
    }
}

/// NT-3: a GUID is its own answer.
#[tokio::test]
async fn a_guid_is_answered_without_a_call() {
    let server = Server::start([]).await;
    let client = client(&server);
    for spelling in [GUID.to_owned(), GUID.to_uppercase(), format!(" {GUID} ")] {
        assert_eq!(asked(&client, &spelling).await.unwrap(), GUID);
    }
    assert!(server.received().is_empty());
}

/// NT-3: a name stays one segment of the path, and what is none is not sent.
#[tokio::test]
async fn a_name_cannot_lead_elsewhere() {
    let server = Server::start([found(), found()]).await;
    let client = client(&server);
    asked(&client, "../common?x#y").await.unwrap();
    asked(&client, "bücher.example").await.unwrap();
    for none in ["", " ", ".", ".."] {
        let error = asked(&client, none).await.unwrap_err();
        assert_eq!(error.code, "InvalidId", "{none:?}");
    }
    let targets: Vec<_> = server
        .received()
        .into_iter()
        .map(|sent| sent.target)
        .collect();
    let end = "v2.0/.well-known/openid-configuration";
    assert_eq!(
        targets,
        [
            format!("/..%2Fcommon%3Fx%23y/{end}"),
            format!("/b%C3%BCcher.example/{end}")
        ]
    );
}

/// NT-3: a tenant that does not exist is told from a login host that is busy; a
/// failure is not remembered.
#[tokio::test]
async fn failures_are_told_apart_and_not_remembered() {
    let unknown = json!({ "error": "invalid_tenant", "error_description":
        "AADSTS90002: Tenant 'contoso.example' not found.", "error_codes": [90002] });
    let server = Server::start([
        answer(400, &unknown.to_string()),
        answer(503, "<html>busy</html>"),
        Step::Cut,
        found(),
    ])
    .await;
    let client = client(&server);
    let error = asked(&client, "contoso.example").await.unwrap_err();
    assert_eq!(error.class, GraphErrorClass::UnknownTenant);
    assert_eq!(server.received().len(), 1, "not repeated");
    assert_eq!(asked(&client, "contoso.example").await.unwrap(), GUID);
    assert_eq!(server.received().len(), 4);
}

/// NT-3: what names no tenant is no answer, and no redirect is followed.
#[tokio::test]
async fn an_answer_without_a_tenant_is_an_error() {
    let endless = {
        let mut bytes = content_head(200, &[], 200_000);
        bytes.extend(std::iter::repeat_n(b' ', 200_000));
        Step::Answer(bytes)
    };
    for (step, code) in [
        (
            configuration("https://login.microsoftonline.com/{tenantid}/v2.0"),
            "NoTenantId",
        ),
        (configuration("text"), "NoTenantId"),
        (answer(200, "{}"), "NoTenantId"),
        (answer(200, "<html>"), "NoTenantId"),
        (endless, "AnswerTooLarge"),
        (redirect(302, "https://elsewhere.example/"), "Http302"),
    ] {
        let server = Server::start([step.clone(), step.clone(), step]).await;
        let error = asked(&client(&server), "contoso.example")
            .await
            .unwrap_err();
        assert_eq!(error.code, code);
        assert!(!error.outcome_unknown);
    }
}

/// NT-3: a silent login host costs no more than the budget.
#[tokio::test]
async fn a_silent_login_host_ends_within_the_budget() {
    let server = Server::start((0..4).map(|_| Step::Hang(Vec::new()))).await;
    let client = client_with(&server, |config| {
        config.attempt_timeout = Duration::from_millis(200);
        config.budget = Duration::from_millis(700);
    });
    let begun = std::time::Instant::now();
    let error = asked(&client, "contoso.example").await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable()), ("TimedOut", true));
    assert!(begun.elapsed() < Duration::from_secs(3));
}
