//! What nobody well-meaning sends.

use it::requests::violations;
use serde_json::{Value, json};

use super::Cloud;

/// TS-1: what would become part of an address at Microsoft is held to what a
/// tenant id can be.
#[tokio::test]
async fn tenant_ids_cannot_lead_elsewhere() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    for tenant in [
        "common",
        "Organizations",
        "consumers",
        "../..",
        "..%2f..",
        "contoso.example/../other",
        "contoso.example?x=",
        "contoso.example#",
        "evil.example\\@contoso.example",
        "user:password@contoso.example",
        "http://169.254.169.254/",
        "169.254.169.254",
        "localhost",
        "contoso.example\r\nHost: evil",
        "contoso.example\u{0}",
        "",
        " ",
    ] {
        let body = json!({ "profile": { "tenant_id": tenant, "client_secret": "s3cret" } });
        let expected = (
            "/profile/tenant_id".to_owned(),
            "invalid_tenant_id".to_owned(),
        );
        assert_eq!(violations(&firm.put(&body).await), [expected], "{tenant:?}");
    }
    assert_eq!(cloud.graph.received(), []);
    assert_eq!(firm.read().await["version"], 0);
}

/// XC-3: secrets of any size and any octets are refused, not stored and not echoed.
#[tokio::test]
async fn secrets_are_capped_and_plain() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let huge = json!({ "profile": { "client_secret": "x".repeat(10 * 1024 * 1024) } });
    assert_eq!(firm.put(&huge).await.problem(413), "payload_too_large");
    for secret in [
        "x".repeat(513),
        "planted\u{0}secret".to_owned(),
        "planted\r\nX-Header: 1".to_owned(),
        "planted secret".to_owned(),
        "plänted".to_owned(),
        String::new(),
    ] {
        let answer = firm
            .put(&json!({ "profile": { "client_secret": secret } }))
            .await;
        assert_eq!(violations(&answer)[0].0, "/profile/client_secret");
        assert!(!String::from_utf8_lossy(&answer.body).contains("planted"));
    }
    for profile in [json!(7), json!("x"), json!({ "client_secret": 7 })] {
        let answer = firm.put(&json!({ "profile": profile })).await;
        assert_eq!(answer.problem(422), "invalid_input");
    }
    assert_eq!(firm.read().await["version"], 0);
}

/// TS-3: whom to verify is held to what an organiser can be.
#[tokio::test]
async fn only_somebody_can_be_verified() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let path = "/api/v1/teams-integration/verify-organizer";
    for upn in [
        "",
        "../me",
        "me",
        "a@b\r\n.example",
        "a/b@contoso.example?",
        "x y@contoso.example",
    ] {
        let answer = firm.send("POST", path, Some(&json!({ "upn": upn }))).await;
        let expected = ("/upn".to_owned(), "invalid_organizer".to_owned());
        assert_eq!(violations(&answer), [expected], "{upn:?}");
    }
    let answer = firm.send("POST", path, Some(&json!({ "who": 1 }))).await;
    assert_eq!(violations(&answer)[0].1, "unknown_field");
    let nobody: Option<&Value> = None;
    assert_eq!(
        firm.send("POST", path, nobody).await.expect(200)["valid"],
        false
    );
}
