//! The functions do their work with the roles that the template gives them, and
//! nothing more is granted than what is tried here (architecture: one suite
//! under an evaluated policy).

use std::time::{Duration, Instant};

use convoke_local::{LogBook, Stack, StackOptions, TokenClaims};
use http::Method;
use it::api::{ALL_SCOPES, Api};
use serde_json::json;

/// XC-1, XC-7, XC-10: a meeting's whole life, its background work included,
/// under evaluated IAM policies.
#[tokio::test]
async fn a_meetings_whole_life_needs_only_the_roles_of_the_template() {
    let logs = LogBook::default();
    let stack = Stack::start(StackOptions {
        enforce_iam: true,
        logs: logs.sink(),
        ..StackOptions::temporary()
    })
    .expect("the local stack starts");
    let claims = TokenClaims::internal("acme", "u-admin", ALL_SCOPES);
    let api = Api::with_claims(&stack, &claims, "acme");

    let people =
        json!({ "users": [{ "user_id": "u-1", "email": "one@contoso.example", "name": "One" }] });
    api.post("/api/v1/directory/import", &people)
        .await
        .expect(200);
    // From here on the calendar is reached with the organisation's own secret.
    set_up_teams(&api).await;
    let due = json!({ "frequency": "MONTHLY", "next_due": "2027-01-31", "timezone": "UTC" });
    let control = api.org_path("/controls/c-1");
    api.put(&format!("{control}/schedule"), &due)
        .await
        .expect(201);
    // More than one completion takes along itself: the rest is background work.
    let meeting = json!({ "title": "Review", "frequency": "MONTHLY", "duration_minutes": 30,
        "timezone": "UTC", "attendees": [{ "user_id": "u-1" }] });
    let mut created = json!(null);
    for _ in 0..22 {
        created = api
            .post(&format!("{control}/meetings"), &meeting)
            .await
            .expect(201);
    }
    let path = api.org_path(&format!(
        "/meetings/{}",
        created["meeting_id"].as_str().unwrap()
    ));
    for provider in ["ics", PROVIDER] {
        api.patch(&path, &json!({ "provider": provider }))
            .await
            .expect(200);
        api.call(
            Method::POST,
            &format!("{path}/schedule"),
            &[("idempotency-key", provider)],
            None,
        )
        .await
        .expect(200);
    }
    let completed = api
        .post(&format!("{control}/schedule/complete"), &json!({}))
        .await
        .expect(200);
    assert_eq!(completed["pending_count"], 2);
    let listed = api
        .get(&api.org_path("/meetings?limit=5"))
        .await
        .expect(200);
    let next = api.org_path(&format!(
        "/meetings?limit=5&cursor={}",
        listed["next_cursor"].as_str().unwrap()
    ));
    api.get(&next).await.expect(200);
    assert_eq!(
        api.get(created["ics_url"].as_str().unwrap()).await.status,
        200
    );
    // The title is pushed to the calendar by delivery, from the FIFO queue.
    api.patch(&path, &json!({ "title": "Another" }))
        .await
        .expect(200);
    await_background(&logs);
    api.call(Method::POST, &format!("{path}/cancel"), &[], None)
        .await
        .expect(200);
    api.delete(&path).await.expect(200);

    let denied: Vec<_> = logs
        .lines()
        .into_iter()
        .filter(|line| line.text.contains("AccessDenied") || line.text.contains("not authorized"))
        .collect();
    assert!(denied.is_empty(), "{denied:?}");
}

/// Saves the organisation's settings, and tries them out where that is possible.
async fn set_up_teams(api: &Api) {
    use graph_simulator::demo;
    let settings = "/api/v1/teams-integration";
    let mut body = json!({ "install_status": "active", "profile": { "tenant_id": demo::TENANT_ID,
        "client_id": demo::CLIENT_ID, "client_secret": demo::CLIENT_SECRET } });
    if cfg!(feature = "enterprise") {
        body["default_meeting_organizer_upn"] = json!(demo::ORGANIZER_UPN);
    }
    let saved = api.put(settings, &body).await.expect(200);
    assert!(saved.get("warning").is_none(), "{saved}");
    let verify = format!("{settings}/verify-organizer");
    let verified = api.post(&verify, &json!({})).await.expect(200);
    assert_eq!(
        verified["valid"],
        cfg!(feature = "enterprise"),
        "{verified}"
    );
    api.get(&format!("{settings}/diagnostics"))
        .await
        .expect(200);
    api.get(&format!("{settings}/capability")).await.expect(200);
    let template = "/api/v1/mail-templates/appointment-assigned/en";
    let subject = json!({ "subject": "{{serviceName}}" });
    api.put(template, &subject).await.expect(200);
    api.get(template).await.expect(200);
}

#[cfg(feature = "enterprise")]
const PROVIDER: &str = "graph";
#[cfg(not(feature = "enterprise"))]
const PROVIDER: &str = "mock";

/// Waits until each kind of background work was done once.
fn await_background(logs: &LogBook) {
    let jobs: &[&str] = if cfg!(feature = "enterprise") {
        &[
            "publish_event",
            "advance_linked",
            "refresh_user",
            "settle_intent",
        ]
    } else {
        &["publish_event", "advance_linked", "refresh_user"]
    };
    let began = Instant::now();
    loop {
        let lines = logs.lines();
        let done = |job: &str| {
            lines.iter().any(|line| {
                line.text.contains(&format!("\"job\":\"{job}\""))
                    && line.text.contains("\"outcome\":\"done\"")
            })
        };
        let missing: Vec<_> = jobs.iter().filter(|job| !done(job)).collect();
        if missing.is_empty() {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "not done: {missing:?} {:?}",
            lines
                .iter()
                .filter(|line| line.function != "meeting-api")
                .collect::<Vec<_>>()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}
