//! The client secret: write-only, sealed, bound to its tenant (XC-10, XC-9).

use std::time::Duration;

#[cfg(feature = "enterprise")]
use aws_sdk_dynamodb::types::AttributeValue;
use convoke_local::TokenClaims;
use convoke_services::microsoft::CLIENT_SECRET;
use graph_simulator::demo;
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::deployed;
#[cfg(feature = "enterprise")]
use it::process::sdk_config;
use serde_json::{Value, json};

use super::{Cloud, Firm, contoso, merged};
use crate::routes::tenant;

fn without_organizer() -> Value {
    merged(contoso(), &json!({ "default_meeting_organizer_upn": null }))
}

async fn sealed(firm: &Firm<'_>) -> String {
    let item = firm.item().await;
    item["sealed_client_secret"].as_s().expect("text").clone()
}

/// XC-10: the table holds ciphertext, and no answer shows either.
#[tokio::test]
async fn the_secret_is_stored_sealed_and_never_returned() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let answer = firm.put(&without_organizer()).await.expect(200);
    let stored = sealed(&firm).await;
    let item = format!("{:?}", firm.item().await);
    for shown in [answer.to_string(), firm.read().await.to_string(), item] {
        assert!(!shown.contains(demo::CLIENT_SECRET), "{shown}");
    }
    assert!(!answer.to_string().contains(&stored));
    let vault = cloud.process.microsoft.vault();
    let owner = tenant(&firm.org);
    let opened = vault.open(&owner, CLIENT_SECRET, &stored).await.unwrap();
    assert_eq!(opened, demo::CLIENT_SECRET);
}

/// XC-10: a ciphertext opens for its own tenant and purpose only.
#[tokio::test]
async fn another_tenants_ciphertext_does_not_open() {
    let cloud = Cloud::new().await;
    let (ours, theirs) = (cloud.firm(), cloud.firm());
    theirs.put(&without_organizer()).await.expect(200);
    ours.put(&without_organizer()).await.expect(200);
    let stolen = sealed(&theirs).await;
    let vault = cloud.process.microsoft.vault();
    let (us, them) = (tenant(&ours.org), tenant(&theirs.org));
    // Opened by its owner first: what is kept in the process must not help either.
    vault.open(&them, CLIENT_SECRET, &stolen).await.unwrap();
    for (who, purpose) in [(&us, CLIENT_SECRET), (&them, "calendar_refresh_token")] {
        let error = vault.open(who, purpose, &stolen).await.unwrap_err();
        assert_eq!(error.code(), "internal_error");
        assert!(!format!("{error:?}").contains(demo::CLIENT_SECRET));
    }
    for broken in ["", "not base64!", "bm8gY2lwaGVydGV4dA=="] {
        let error = vault.open(&us, CLIENT_SECRET, broken).await.unwrap_err();
        assert_eq!(error.code(), "internal_error", "{broken}");
    }
}

/// XC-10, AP-10: a row with another tenant's ciphertext in it gives no account,
/// and nothing is sent to Microsoft with it.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn a_moved_ciphertext_gives_no_account() {
    let cloud = Cloud::new().await;
    let (ours, theirs) = (cloud.firm(), cloud.firm());
    theirs.at_contoso(&json!({})).await;
    ours.at_contoso(&json!({})).await;
    let mut item = ours.item().await;
    let stolen = AttributeValue::S(sealed(&theirs).await);
    item.insert("sealed_client_secret".to_owned(), stolen);
    let stack = deployed::resources();
    aws_sdk_dynamodb::Client::new(&sdk_config(&stack.aws_endpoint))
        .put_item()
        .table_name(&stack.outputs.table_name)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
    cloud.graph.clear_received();
    let account = cloud.process.microsoft.teams_account(&ours.store()).await;
    assert_eq!(account.unwrap_err().code(), "internal_error");
    let steps = ours.diagnose().await;
    assert_eq!(steps[1]["step"], "profile");
    assert_eq!(steps[1]["status"], "fail");
    assert_eq!(steps[2]["status"], "skip");
    assert_eq!(cloud.graph.received(), []);
}

/// XC-10: a stored secret does not go along to another tenant or application.
#[tokio::test]
async fn another_application_needs_a_secret_of_its_own() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.put(&without_organizer()).await.expect(200);
    let other = json!({ "profile": { "tenant_id": "fabrikam.example" } });
    let answer = firm.put(&other).await;
    assert_eq!(
        it::requests::violations(&answer),
        [(
            "/profile/tenant_id".to_owned(),
            "secret_required".to_owned()
        )]
    );
    let whole = json!({ "profile": { "tenant_id": "fabrikam.example", "client_secret": "another~secret" } });
    firm.put(&whole).await.expect(200);
}

/// XC-9: neither secrets nor addresses of the settings reach a log line of the
/// deployed function, whether they are taken, refused, or tried out.
#[tokio::test]
async fn nothing_secret_of_the_settings_is_logged() {
    let org = deployed::new_org();
    let claims = TokenClaims::internal(&org, "u-admin", ALL_SCOPES);
    let token = deployed::stack().issuer.token(&claims).expect("a token");
    let bearer = format!("Bearer {token}");
    let api = Api::anonymous(deployed::stack(), &org);
    let call = async |method: Method, path: &str, body: Value| {
        let path = format!("/api/v1/teams-integration{path}");
        let headers = [("authorization", bearer.as_str())];
        api.call(method, &path, &headers, Some(&body)).await
    };
    let secret = "planted~secret+value";
    let mut body = json!({ "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID,
            "client_secret": secret }, "install_status": "active" });
    call(Method::PUT, "", body.clone()).await.expect(200);
    body["default_meeting_organizer_upn"] = json!("planted-organiser@contoso.example");
    let put = call(Method::PUT, "", body).await;
    let expected = if cfg!(feature = "enterprise") {
        200
    } else {
        501
    };
    put.expect(expected);
    let refused = json!({ "profile": { "client_secret": "planted secret with spaces" } });
    call(Method::PUT, "", refused).await.problem(422);
    let cut = json!({ "profile": { "client_secret": ["planted~secret+value"] } });
    call(Method::PUT, "", cut).await.problem(422);
    let whom = json!({ "upn": "planted-other@contoso.example" });
    let verified = call(Method::POST, "/verify-organizer", whom)
        .await
        .expect(200);
    assert_eq!(verified["valid"], false);
    let diagnostics = "/api/v1/teams-integration/diagnostics";
    let headers = [("authorization", bearer.as_str())];
    let diagnosed = api.call(Method::GET, diagnostics, &headers, None).await;
    diagnosed.expect(200);
    let seen = async {
        let logged = |operation: &str| {
            let lines = deployed::logs().lines();
            lines
                .iter()
                .any(|line| line.text.contains(&org) && line.text.contains(operation))
        };
        while !(logged("put_teams_integration") && logged("get_teams_diagnostics")) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen)
        .await
        .expect("the function logs its work");
    for line in deployed::logs().lines() {
        assert!(!line.text.contains("planted"), "{}", line.text);
    }
}
