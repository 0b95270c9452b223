//! Verifying an organiser (TS-3): the path of creation, and nothing left of it.

use chrono::TimeDelta;
use graph_simulator::{Fault, OnlineMeetingSupport, demo};
use serde_json::{Value, json};

use super::{Cloud, Firm};

const EVENTS: &str = "/v1.0/users/*/events";
const EVENT: &str = "/v1.0/users/*/events/*";

async fn verified(cloud: &Cloud) -> (Firm<'_>, Value) {
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    let found = firm.verify(&json!({})).await;
    (firm, found)
}

/// TS-3: a test event with a Teams meeting is made, resolved and removed; nobody
/// is invited, and nobody is disturbed within a day.
#[tokio::test]
async fn a_working_organiser_is_valid_and_nothing_stays() {
    let cloud = Cloud::new().await;
    let (firm, found) = verified(&cloud).await;
    assert_eq!(
        found,
        json!({ "valid": true, "display_name": "Contoso Meetings" })
    );
    let made = cloud.graph.events(demo::ORGANIZER_UPN);
    assert_eq!(made.len(), 1);
    assert!(made[0].removed.is_some() && made[0].online_meeting_id.is_some());
    assert_eq!(made[0].graph["attendees"], json!([]));
    assert!(made[0].start - cloud.process.ports.now() >= TimeDelta::days(1));
    assert_eq!(cloud.graph.mails(), []);
    assert_eq!(firm.waiting().await, 0, "nothing is left to be cleared up");
}

/// TS-3: somebody else than the organiser of the settings can be tested, pending
/// settings too.
#[tokio::test]
async fn anybody_can_be_verified_before_anything_is_switched_on() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let pending = json!({ "install_status": "pending", "default_meeting_organizer_upn": null });
    firm.at_contoso(&pending).await;
    assert_eq!(firm.verify(&json!({})).await["reason"], "no_organizer");
    for who in [demo::ORGANIZER_UPN, demo::ORGANIZER_ID] {
        let found = firm.verify(&json!({ "upn": who })).await;
        assert_eq!(found["valid"], true, "{found}");
    }
    assert_eq!(cloud.graph.events(demo::ORGANIZER_UPN).len(), 2);
    assert_eq!(
        firm.read().await["default_meeting_organizer_upn"],
        Value::Null
    );
}

/// TS-3: without settings nobody is called.
#[tokio::test]
async fn without_settings_there_is_nothing_to_verify() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    let whom = json!({ "upn": demo::ORGANIZER_UPN });
    assert_eq!(firm.verify(&whom).await["reason"], "not_configured");
    firm.at_contoso(&json!({ "install_status": "disabled" }))
        .await;
    assert_eq!(firm.verify(&whom).await["reason"], "not_configured");
    assert_eq!(cloud.graph.received(), []);
}

/// TS-3: each thing that Microsoft can be missing has its reason, and the test
/// event is removed whichever it is.
#[tokio::test]
async fn every_failure_has_its_reason_and_leaves_nothing() {
    type Break = fn(&Cloud);
    let breaks: [(&str, Break); 10] = [
        ("user_not_found", |cloud| {
            cloud
                .graph
                .inject(Fault::on("GET", "/v1.0/users/*").always().error(
                    404,
                    "Request_ResourceNotFound",
                    "Resource does not exist.",
                ));
        }),
        ("mailbox_not_found", |cloud| {
            let off = |user: &mut graph_simulator::User| user.mailbox.enabled = false;
            cloud.graph.update_user(demo::ORGANIZER_UPN, off).unwrap();
        }),
        ("invalid_credentials", |cloud| {
            let rotate = |app: &mut graph_simulator::App| app.secrets.clear();
            cloud.graph.update_app(demo::CLIENT_ID, rotate).unwrap();
            cloud.graph.expire_tokens();
        }),
        ("consent_missing", |cloud| {
            without_role(cloud, "Calendars.ReadWrite");
        }),
        ("consent_missing", |cloud| {
            without_role(cloud, "OnlineMeetings.ReadWrite.All");
        }),
        ("policy_missing", |cloud| {
            let revoke = |user: &mut graph_simulator::User| user.access_policy = None;
            cloud
                .graph
                .update_user(demo::ORGANIZER_UPN, revoke)
                .unwrap();
        }),
        ("no_teams_licence", |cloud| {
            let plain = |user: &mut graph_simulator::User| {
                user.mailbox.online_meetings = OnlineMeetingSupport::Unavailable;
            };
            cloud.graph.update_user(demo::ORGANIZER_UPN, plain).unwrap();
        }),
        ("online_meeting_unresolved", |cloud| {
            cloud
                .graph
                .configure(|behaviour| behaviour.resolution_lag_ms = 3_600_000);
        }),
        ("graph_error", |cloud| {
            let fault = Fault::on("POST", EVENTS).always();
            cloud
                .graph
                .inject(fault.error(500, "generalException", "An error"));
        }),
        ("graph_error", |cloud| {
            let fault = Fault::on("GET", "/v1.0/users/*/onlineMeetings").always();
            cloud
                .graph
                .inject(fault.error(500, "generalException", "An error"));
        }),
    ];
    for (reason, break_it) in breaks {
        let cloud = Cloud::new().await;
        let firm = cloud.firm();
        firm.at_contoso(&json!({})).await;
        break_it(&cloud);
        let found = firm.verify(&json!({})).await;
        assert_eq!(found["valid"], false, "{reason}");
        assert_eq!(found["reason"], reason, "{found}");
        assert!(found["message"].is_string(), "{reason}");
        assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN), [], "{reason}");
        cloud.graph.clear_faults();
        cloud.clock.advance(TimeDelta::minutes(5));
        firm.background().await;
        assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN), [], "{reason}");
        assert_eq!(firm.waiting().await, 0, "{reason}");
    }
}

/// The app without one of its roles, in new tokens.
fn without_role(cloud: &Cloud, role: &str) {
    cloud
        .graph
        .update_app(demo::CLIENT_ID, |app| {
            let roles = app.consents.get_mut(demo::TENANT_ID).unwrap();
            roles.retain(|granted| granted != role);
        })
        .unwrap();
    cloud.graph.expire_tokens();
}

/// TS-3, XC-8: an event whose creation was never confirmed is found and removed.
#[tokio::test]
async fn an_event_of_a_lost_answer_is_removed() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    cloud
        .graph
        .inject(Fault::on("POST", EVENTS).always().after().cut());
    let found = firm.verify(&json!({})).await;
    assert_eq!(found["reason"], "graph_error");
    assert_eq!(cloud.graph.events(demo::ORGANIZER_UPN).len(), 1);
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN), []);
    assert_eq!(firm.waiting().await, 0);
}

/// TS-3, XC-8: an event that could not be removed is said so, and removed later.
#[tokio::test]
async fn an_event_that_stays_is_removed_in_the_background() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    cloud
        .graph
        .inject(Fault::on("DELETE", EVENT).always().unavailable("60"));
    let found = firm.verify(&json!({})).await;
    assert_eq!(found["reason"], "test_event_not_removed");
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN).len(), 1);
    // Still down: it is put back.
    cloud.clock.advance(TimeDelta::minutes(3));
    assert_eq!(firm.background().await, 1);
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN).len(), 1);
    assert_eq!(firm.background().await, 0, "the wait is an hour");
    cloud.graph.clear_faults();
    cloud.clock.advance(TimeDelta::minutes(61));
    assert_eq!(firm.background().await, 1);
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN), []);
    assert_eq!(firm.waiting().await, 0);
}

/// TS-3, XC-8: a function that dies during the test leaves nothing for long.
#[tokio::test]
async fn a_test_that_was_cut_off_is_cleared_up() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    cloud.graph.inject(Fault::on("POST", EVENTS).after().hang());
    let body = json!({});
    let dies = tokio::time::timeout(std::time::Duration::from_secs(3), firm.verify(&body));
    assert!(dies.await.is_err());
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN).len(), 1);
    cloud.graph.clear_faults();
    assert_eq!(firm.background().await, 0, "it may be at it still");
    cloud.clock.advance(TimeDelta::minutes(3));
    assert_eq!(firm.background().await, 1);
    assert_eq!(cloud.on_calendar(demo::ORGANIZER_UPN), []);
    assert_eq!(firm.waiting().await, 0);
}

/// TS-3: online meetings that lag behind their event are waited for.
#[tokio::test]
async fn a_short_lag_is_waited_for() {
    let cloud = Cloud::new().await;
    cloud
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = 900);
    let (_, found) = verified(&cloud).await;
    assert_eq!(found["valid"], true, "{found}");
}

/// TS-3: creation looks nobody up, so neither does its test have to, once the
/// object id is known.
#[tokio::test]
async fn a_known_object_id_does_without_the_directory() {
    let cloud = Cloud::new().await;
    let firm = cloud.firm();
    firm.at_contoso(&json!({})).await;
    without_role(&cloud, "User.Read.All");
    assert_eq!(firm.verify(&json!({})).await, json!({ "valid": true }));
    let other = json!({ "upn": demo::ANN_UPN });
    assert_eq!(firm.verify(&other).await["reason"], "consent_missing");
}
