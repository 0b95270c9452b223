//! The organiser, resolved as it is saved (TS-2), and what that makes available (TS-4).

use graph_simulator::{Fault, GraphSimulator, demo};
use serde_json::{Value, json};

use super::{Cloud, contoso, merged};

fn organizer(who: &str) -> Value {
    json!({ "default_meeting_organizer_upn": who })
}

fn look_ups(graph: &GraphSimulator) -> usize {
    let received = graph.received().into_iter();
    received
        .filter(|one| one.path.starts_with("/v1.0/users/") && one.method == "GET")
        .count()
}

/// TS-2: a UPN gets its object id, and an object id its UPN.
#[tokio::test]
async fn an_organiser_is_resolved_from_either_name() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let by_upn = firm.at_contoso(&json!({})).await;
    assert_eq!(by_upn["default_meeting_organizer_upn"], demo::ORGANIZER_UPN);
    assert_eq!(
        by_upn["default_meeting_organizer_object_id"],
        demo::ORGANIZER_ID
    );
    assert!(by_upn.get("warning").is_none());
    let by_id = firm.put(&organizer(&demo::ANN_ID.to_uppercase())).await;
    let by_id = by_id.expect(200);
    assert_eq!(by_id["default_meeting_organizer_upn"], demo::ANN_UPN);
    assert_eq!(by_id["default_meeting_organizer_object_id"], demo::ANN_ID);
    assert_eq!(firm.read().await, by_id);
}

/// TS-2: nobody is asked about an organiser who is known and stays.
#[tokio::test]
async fn a_known_organiser_is_not_looked_up_again() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    assert_eq!(look_ups(&cloud.graph), 1);
    let flags = json!({ "download_recordings": true, "default_meeting_organizer_upn": demo::ORGANIZER_UPN });
    firm.put(&flags).await.expect(200);
    assert_eq!(look_ups(&cloud.graph), 1);
    let secret = json!({ "profile": { "client_secret": demo::CLIENT_SECRET } });
    firm.put(&secret).await.expect(200);
    assert_eq!(look_ups(&cloud.graph), 2, "another secret is tried");
}

/// TS-2: whatever Microsoft says, the settings are saved; the answer says why
/// the object id is not known.
#[tokio::test]
async fn an_organiser_that_cannot_be_resolved_is_saved_with_a_warning() {
    let user = "/v1.0/users/*";
    for (name, fault, body, reason) in [
        (
            "unknown",
            None,
            organizer("nobody@contoso.example"),
            "user_not_found",
        ),
        (
            "no consent",
            Some(Fault::on("GET", user).always().error(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges",
            )),
            organizer(demo::ORGANIZER_UPN),
            "consent_missing",
        ),
        (
            "down",
            Some(Fault::on("GET", user).always().unavailable("60")),
            organizer(demo::ORGANIZER_UPN),
            "graph_error",
        ),
        (
            "nonsense",
            Some(Fault::on("GET", user).always().malformed_json()),
            organizer(demo::ORGANIZER_UPN),
            "graph_error",
        ),
        (
            "wrong secret",
            None,
            json!({ "profile": { "tenant_id": demo::TENANT_ID, "client_id": demo::CLIENT_ID, "client_secret": "wrong" } }),
            "invalid_credentials",
        ),
        (
            "no such tenant",
            None,
            json!({ "profile": { "tenant_id": "nobody.example", "client_id": demo::CLIENT_ID, "client_secret": "x" } }),
            "invalid_credentials",
        ),
        (
            "disabled",
            None,
            json!({ "install_status": "disabled" }),
            "not_configured",
        ),
        (
            "no profile",
            None,
            json!({ "profile": null }),
            "not_configured",
        ),
    ] {
        let cloud = Cloud::new().await;
        if let Some(fault) = fault {
            cloud.graph.inject(fault);
        }
        let firm = cloud.firm();
        let saved = firm.at_contoso(&body).await;
        assert_eq!(saved["warning"]["reason"], reason, "{name}: {saved}");
        assert!(saved["warning"]["message"].is_string(), "{name}");
        assert_eq!(
            saved["default_meeting_organizer_object_id"],
            Value::Null,
            "{name}"
        );
        assert!(saved["default_meeting_organizer_upn"].is_string(), "{name}");
        let read = firm.read().await;
        assert!(read.get("warning").is_none(), "{name}");
        assert_eq!(read["version"], 1, "{name}");
    }
}

/// TS-2, TS-4: until the object id is known meetings can be made and recordings
/// cannot be had; the next save looks again.
#[tokio::test]
async fn recordings_wait_for_the_object_id() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    cloud
        .graph
        .inject(Fault::on("GET", "/v1.0/users/*").always().unavailable("60"));
    firm.at_contoso(&json!({})).await;
    assert_eq!(
        firm.capability().await,
        json!({ "available": true, "recordings_available": false,
            "recording_reason": "missing_organizer_object_id" })
    );
    cloud.graph.clear_faults();
    let again = firm.put(&json!({})).await.expect(200);
    assert_eq!(
        again["default_meeting_organizer_object_id"],
        demo::ORGANIZER_ID
    );
    assert!(again.get("warning").is_none());
    assert_eq!(
        firm.capability().await,
        json!({ "available": true, "recordings_available": true })
    );
}

/// TS-2: a new secret that does not work does not make a known organiser unknown.
#[tokio::test]
async fn a_secret_that_does_not_work_is_warned_of() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    let secret = json!({ "profile": { "client_secret": demo::CLIENT_SECRET_ID } });
    let saved = firm.put(&secret).await.expect(200);
    assert_eq!(saved["warning"]["reason"], "invalid_credentials");
    assert_eq!(
        saved["default_meeting_organizer_object_id"],
        demo::ORGANIZER_ID
    );
}

/// TS-2, XC-5: a slow answer of Microsoft holds nobody else up and loses nothing.
#[tokio::test]
async fn a_slow_look_up_loses_no_other_change() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let no_organizer = json!({ "default_meeting_organizer_upn": null });
    firm.put(&merged(contoso(), &no_organizer))
        .await
        .expect(200);
    cloud
        .graph
        .inject(Fault::on("GET", "/v1.0/users/*").delay_ms(1_500));
    let slow = async { firm.put(&organizer(demo::ORGANIZER_UPN)).await };
    let quick = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let on = json!({ "download_recordings": true });
        firm.put(&on).await.expect(200)
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert_eq!(quick["version"], 2);
    assert_eq!(quick["default_meeting_organizer_upn"], Value::Null);
    let slow = slow.expect(200);
    assert_eq!(slow["version"], 3);
    assert_eq!(slow["download_recordings"], true);
    assert_eq!(
        slow["default_meeting_organizer_object_id"],
        demo::ORGANIZER_ID
    );
    assert_eq!(look_ups(&cloud.graph), 1);
}

/// TS-4: each reason, in its order, without a call to Microsoft and for anybody
/// of the organisation.
#[tokio::test]
async fn capability_follows_the_settings_at_once() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let refused = |reason: &str| json!({ "available": false, "reason": reason, "recordings_available": false });
    assert_eq!(firm.capability().await, refused("not_configured"));
    firm.at_contoso(&json!({})).await;
    cloud.graph.clear_received();
    cloud.process.calls.take();
    assert_eq!(
        firm.capability().await,
        json!({ "available": true, "recordings_available": true })
    );
    let calls = cloud.process.calls.take();
    assert_eq!(
        calls.into_iter().collect::<Vec<_>>(),
        [("GetItem".to_owned(), 1)]
    );
    for (change, reason) in [
        (
            json!({ "default_meeting_organizer_upn": null }),
            "no_organizer",
        ),
        (json!({ "install_status": "pending" }), "not_configured"),
        (json!({ "install_status": "disabled" }), "not_configured"),
    ] {
        firm.put(&change).await.expect(200);
        assert_eq!(firm.capability().await, refused(reason), "{change}");
    }
    assert_eq!(cloud.graph.received(), []);
    let path = "/api/v1/teams-integration/capability";
    let anybody = it::gateway::Event::new("GET", path).internal(&firm.org, "u1", "");
    cloud.process.settings(anybody).await.expect(200);
}
