//! The community edition's settings (XC-11): kept, and nobody is called.

use graph_simulator::demo;
use serde_json::json;

use super::{Cloud, contoso, merged};

/// XC-11: everything but an organiser can be saved, and everything says why
/// there are no meetings.
#[tokio::test]
async fn the_community_edition_keeps_settings_and_says_what_it_lacks() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    assert_eq!(firm.put(&contoso()).await.problem(501), "ee_disabled");
    assert_eq!(firm.read().await["version"], 0);
    let no_organizer = json!({ "default_meeting_organizer_upn": null });
    let body = merged(contoso(), &json!({ "default_meeting_organizer_upn": null }));
    let saved = firm.put(&body).await.expect(200);
    assert_eq!(saved["profile"]["client_secret_set"], true);
    assert!(saved.get("warning").is_none());
    firm.put(&no_organizer).await.expect(200);
    assert_eq!(
        firm.capability().await,
        json!({ "available": false, "reason": "ee_disabled", "recordings_available": false })
    );
    let found = firm.verify(&json!({ "upn": demo::ORGANIZER_UPN })).await;
    assert_eq!(found["valid"], false);
    assert_eq!(found["reason"], "ee_disabled");
    let steps = firm.diagnose().await;
    assert_eq!(steps.len(), 12);
    assert_eq!(steps[0]["step"], "settings");
    assert_eq!(steps[0]["status"], "fail");
    assert!(steps[0]["detail"].as_str().unwrap().contains("ee_disabled"));
    assert!(steps[1..].iter().all(|step| step["status"] == "skip"));
    assert_eq!(cloud.graph.received(), []);
}
