//! Control meetings on the deployed functions.

use http::Method;
use it::api::Api;
use it::deployed::new_org;
use it::requests::{id_of, meeting_body};
use serde_json::json;

/// CM-1, CM-6 to CM-8, CM-11, CM-12 on the deployed functions, through the gateway.
#[tokio::test]
async fn a_meetings_life_on_the_deployed_stack() {
    let api = Api::admin(&new_org());
    let made = api
        .post(
            &api.org_path("/controls/c/meetings"),
            &meeting_body(&json!({ "provider": "ics" })),
        )
        .await;
    let made = made.expect(201);
    let path = api.org_path(&format!("/meetings/{}", id_of(&made, "meeting_id")));
    let list = api
        .get(&api.org_path("/meetings?control_id=c"))
        .await
        .expect(200);
    assert_eq!(list["items"][0]["meeting_id"], made["meeting_id"]);
    let schedule = format!("{path}/schedule");
    let scheduled = api
        .call(Method::POST, &schedule, &[], None)
        .await
        .expect(200);
    assert!(id_of(&scheduled, "external_event_id").starts_with(&id_of(&made, "meeting_id")));
    assert_eq!(
        api.patch(&path, &json!({ "provider": "graph" }))
            .await
            .expect(200)["status"],
        "planned"
    );
    let refused = api.call(Method::POST, &schedule, &[], None).await;
    assert_eq!(refused.problem(503), "provider_not_configured");
    assert_eq!(
        refused.json()["missing_keys"].as_array().map(Vec::len),
        Some(4)
    );
    let stale = api
        .call(Method::DELETE, &path, &[("if-match", "\"1\"")], None)
        .await;
    assert_eq!(stale.problem(412), "version_mismatch");
    assert_eq!(
        api.call(Method::POST, &format!("{path}/cancel"), &[], None)
            .await
            .expect(200)["status"],
        "cancelled"
    );
    api.delete(&path).await.expect(200);
    assert_eq!(api.get(&path).await.problem(404), "not_found");
}
