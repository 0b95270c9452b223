//! Diagnostics (TS-5): nothing passes untested, and what is found of recordings
//! shows in the capability (TS-4).

use std::time::{Duration, Instant};

use graph_simulator::{Fault, OnlineMeetingSupport, RbacGrant, demo};
use serde_json::{Value, json};

use super::{Cloud, Firm, fabrikam};

const STEPS: [&str; 12] = [
    "settings",
    "profile",
    "token",
    "roles",
    "mailbox",
    "mailbox_scoping",
    "teams_access_policy",
    "transcript_access",
    "organizer_object_id",
    "subscriptions",
    "webhook",
    "last_capture",
];
/// What cannot be tested.
const UNTESTABLE: [&str; 1] = ["mailbox_scoping"];
/// What comes by itself, which the tests of subscriptions test.
const ARRIVALS: [&str; 3] = ["subscriptions", "webhook", "last_capture"];

/// The steps' results by name; checks their order, and that each says why it is
/// not well.
async fn diagnosed(firm: &Firm<'_>) -> Value {
    let steps = firm.diagnose().await;
    let names: Vec<_> = steps.iter().map(|step| step["step"].clone()).collect();
    assert_eq!(names, STEPS);
    let mut results = json!({});
    for step in &steps {
        let name = step["step"].as_str().unwrap();
        let status = step["status"].as_str().unwrap();
        assert!(step["duration_ms"].is_u64(), "{step}");
        assert!(step["detail"].is_string(), "{step}");
        assert_eq!(
            step["remediation"].is_string(),
            status == "warn" || status == "fail",
            "{step}"
        );
        if UNTESTABLE.contains(&name) {
            assert_eq!(status, "skip", "{step}");
        } else if !ARRIVALS.contains(&name) {
            results[name] = json!(status);
        }
    }
    results
}

fn all_pass() -> Value {
    json!({ "settings": "pass", "profile": "pass", "token": "pass", "roles": "pass", "mailbox": "pass",
        "teams_access_policy": "pass", "transcript_access": "pass", "organizer_object_id": "pass" })
}

/// `all_pass` but for these steps.
fn but(changes: &Value) -> Value {
    super::merged(all_pass(), changes)
}

/// What fails from a step on: it, and everything after it skipped.
fn from(step: &str) -> Value {
    let mut results = all_pass();
    let at = STEPS.iter().position(|name| *name == step).unwrap();
    for name in &STEPS[at + 1..9] {
        if !UNTESTABLE.contains(name) {
            results[*name] = json!("skip");
        }
    }
    results[step] = json!("fail");
    results
}

/// TS-5: a whole setup passes what can be tested; the rest says that it was not.
#[tokio::test]
async fn a_whole_setup_passes_what_can_be_tested() {
    let cloud = Cloud::new().await;
    for setup in [super::contoso(), fabrikam()] {
        let firm = cloud.firm();
        firm.put(&setup).await.expect(200);
        assert_eq!(diagnosed(&firm).await, all_pass());
        assert_eq!(firm.read().await["version"], 1, "nothing was found");
    }
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    for step in firm.diagnose().await {
        if step["status"] == "skip" {
            let why = step["detail"].as_str().unwrap();
            assert!(why.starts_with("not tested"), "{step}");
        }
    }
    assert_eq!(cloud.graph.events(demo::ORGANIZER_UPN), [], "it only reads");
}

/// TS-5: what an earlier step lacks, later ones are not tested for.
#[tokio::test]
async fn what_is_missing_skips_what_depends_on_it() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    assert_eq!(diagnosed(&firm).await, from("settings"));
    firm.at_contoso(&json!({ "install_status": "disabled" }))
        .await;
    assert_eq!(diagnosed(&firm).await, from("settings"));
    let no_secret = json!({ "install_status": "active", "profile": { "client_secret": null } });
    firm.put(&no_secret).await.expect(200);
    assert_eq!(diagnosed(&firm).await, from("profile"));
    assert_eq!(
        cloud.graph.received(),
        [],
        "nobody is called without a profile"
    );
    let wrong = json!({ "profile": { "client_secret": "wrong" } });
    firm.put(&wrong).await.expect(200);
    assert_eq!(diagnosed(&firm).await, from("token"));
    let nobody = json!({ "profile": { "client_secret": demo::CLIENT_SECRET }, "default_meeting_organizer_upn": null });
    firm.put(&nobody).await.expect(200);
    assert_eq!(diagnosed(&firm).await, from("mailbox"));
}

/// TS-5: settings that are not in use yet can be examined.
#[tokio::test]
async fn pending_settings_are_examined_with_a_warning() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({ "install_status": "pending" }))
        .await;
    assert_eq!(diagnosed(&firm).await, but(&json!({ "settings": "warn" })));
}

/// TS-5: a role that the token lacks is a warning; the probe decides, since
/// Exchange may have granted it.
#[tokio::test]
async fn a_missing_role_is_decided_by_a_probe() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    let without_calendars = |granted: bool| {
        let change = |app: &mut graph_simulator::App| {
            let roles = app.consents.get_mut(demo::TENANT_ID).unwrap();
            roles.retain(|role| role != "Calendars.ReadWrite");
            app.rbac = granted
                .then(|| RbacGrant {
                    tenant_id: demo::TENANT_ID.to_owned(),
                    role: "Calendars.ReadWrite".to_owned(),
                    mailboxes: None,
                })
                .into_iter()
                .collect();
        };
        cloud.graph.update_app(demo::CLIENT_ID, change).unwrap();
        cloud.graph.expire_tokens();
    };
    without_calendars(true);
    assert_eq!(diagnosed(&firm).await, but(&json!({ "roles": "warn" })));
    without_calendars(false);
    let both = json!({ "roles": "warn", "mailbox": "fail" });
    assert_eq!(diagnosed(&firm).await, but(&both));
}

/// TS-5, TS-4: what keeps recordings away is found, told by the capability, and
/// forgotten once it is cured.
#[tokio::test]
async fn what_is_found_of_recordings_shows_in_the_capability() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    let switch = |on: bool| {
        let change = |tenant: &mut graph_simulator::Tenant| tenant.graph_transcript_access = on;
        cloud.graph.update_tenant(demo::TENANT_ID, change).unwrap();
    };
    switch(false);
    assert_eq!(
        diagnosed(&firm).await,
        but(&json!({ "transcript_access": "fail" }))
    );
    assert_eq!(
        firm.capability().await,
        json!({ "available": true, "recordings_available": true, "recording_reason": "transcripts_disabled" })
    );
    switch(true);
    let policy = |apps: Vec<String>| {
        let change = |user: &mut graph_simulator::User| {
            user.access_policy = Some(graph_simulator::AccessPolicy {
                apps,
                effective_at: None,
            });
        };
        cloud
            .graph
            .update_user(demo::ORGANIZER_UPN, change)
            .unwrap();
    };
    policy(vec![]);
    let found = diagnosed(&firm).await;
    assert_eq!(found["teams_access_policy"], "fail", "{found}");
    assert_eq!(
        firm.capability().await,
        json!({ "available": true, "recordings_available": false, "recording_reason": "policy_missing" })
    );
    policy(vec![demo::CLIENT_ID.to_owned()]);
    // A bad moment finds nothing out, and so changes nothing.
    cloud.graph.inject(
        Fault::on("GET", "/v1.0/users/*/onlineMeetings/**")
            .always()
            .unavailable("60"),
    );
    assert_eq!(
        diagnosed(&firm).await,
        but(&json!({ "transcript_access": "fail" }))
    );
    assert_eq!(
        firm.capability().await["recording_reason"],
        "policy_missing"
    );
    cloud.graph.clear_faults();
    assert_eq!(diagnosed(&firm).await, all_pass());
    assert_eq!(
        firm.capability().await,
        json!({ "available": true, "recordings_available": true })
    );
}

/// TS-4: what was found of one organiser says nothing of the next.
#[tokio::test]
async fn another_organiser_starts_without_findings() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    let revoke = |user: &mut graph_simulator::User| user.access_policy = None;
    cloud
        .graph
        .update_user(demo::ORGANIZER_UPN, revoke)
        .unwrap();
    diagnosed(&firm).await;
    assert_eq!(firm.capability().await["recordings_available"], false);
    let ann = json!({ "default_meeting_organizer_upn": demo::ANN_UPN });
    firm.put(&ann).await.expect(200);
    assert_eq!(firm.capability().await["recordings_available"], true);
}

/// TS-5: mailbox, licence and object id are told apart.
#[tokio::test]
async fn the_organisers_own_troubles_are_told_apart() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let no_look_up = Fault::on("GET", "/v1.0/users/*").times(1);
    cloud
        .graph
        .inject(no_look_up.error(403, "Authorization_RequestDenied", "no"));
    firm.at_contoso(&json!({})).await;
    let found = diagnosed(&firm).await;
    assert_eq!(found, but(&json!({ "organizer_object_id": "fail" })));
    firm.put(&json!({})).await.expect(200);
    assert_eq!(diagnosed(&firm).await, all_pass());
    let plain = |user: &mut graph_simulator::User| {
        user.mailbox.online_meetings = OnlineMeetingSupport::Unavailable;
    };
    cloud.graph.update_user(demo::ORGANIZER_UPN, plain).unwrap();
    assert_eq!(diagnosed(&firm).await, but(&json!({ "mailbox": "fail" })));
}

/// TS-5: a Microsoft that never answers is given up in time, step by step.
#[tokio::test]
async fn a_silent_microsoft_does_not_outlast_the_function() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    cloud
        .graph
        .inject(Fault::on("*", "/v1.0/**").always().hang());
    let begun = Instant::now();
    let found = diagnosed(&firm).await;
    assert!(
        begun.elapsed() < Duration::from_secs(27),
        "{:?}",
        begun.elapsed()
    );
    for step in ["mailbox", "teams_access_policy", "transcript_access"] {
        assert_ne!(found[step], "pass", "{found}");
    }
    assert_eq!(
        firm.capability().await["recordings_available"],
        true,
        "nothing was found"
    );
}
