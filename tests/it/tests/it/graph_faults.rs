//! A Graph that is down, slow, throttling or talking nonsense: only the one call
//! that needs it fails, and the calendar comes out right.

use futures_util::future::join_all;
use graph_simulator::{Fault, demo};
use it::api::Answer;
use it::office::Office;
use serde_json::{Value, json};

/// Planted in every faulty answer: nothing of it may reach a caller.
const CANARY: &str = "canary-7f3a-internal";

/// What can go wrong with a request, by name.
fn faults(method: &str, path: &str) -> Vec<(&'static str, Fault)> {
    let on = || Fault::on(method, path).always();
    let error = |status, code: &str| on().error(status, code, CANARY);
    vec![
        ("401", error(401, "InvalidAuthenticationToken")),
        ("403", error(403, "ErrorAccessDenied")),
        ("404", error(404, "ResourceNotFound")),
        ("409", error(409, "ErrorIrresolvableConflict")),
        ("429 for long", on().throttle("120")),
        ("500", error(500, "ErrorInternalServerError")),
        ("503", error(503, "serviceNotAvailable")),
        (
            "500 after the effect",
            error(500, "ErrorInternalServerError").after(),
        ),
        ("cut", on().cut()),
        ("cut after the effect", on().after().cut()),
        ("truncated", on().after().truncate()),
        ("a gateway's page", on().html(502)),
        ("a gateway's page as success", on().after().html(200)),
        ("malformed", on().after().malformed_json()),
        ("hang", on().hang()),
        ("hang after the effect", on().after().hang()),
    ]
}

/// A controlled refusal: 503 with a code, and nothing of what is inside.
fn assert_controlled(answer: &Answer, office: &Office, name: &str) {
    assert_eq!(
        answer.status,
        503,
        "{name}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    let code = answer.problem(503);
    assert!(code.starts_with("graph_"), "{name}: {code}");
    let text = String::from_utf8_lossy(&answer.body);
    for secret in [
        CANARY,
        demo::CLIENT_SECRET,
        office.graph.base_url(),
        demo::CLIENT_ID,
        "html",
    ] {
        assert!(!text.contains(secret), "{name}: {secret} in {text}");
    }
}

/// CM-10, XC-8: whatever becomes of the POST, that call alone fails, and there
/// is one event in the end.
#[tokio::test]
async fn a_failing_creation_leaves_no_orphan_and_no_second_event() {
    join_all(
        faults("POST", "/v1.0/users/*/events")
            .into_iter()
            .map(async |(name, fault)| {
                let office = Office::open().await;
                let id = office.create(&json!({})).await;
                let bystander = office.create(&json!({ "provider": "mock" })).await;
                office.graph.inject(fault);
                let failed = office.schedule(&id).await;
                assert_controlled(&failed, &office, name);
                if name.starts_with("429") {
                    assert_eq!(failed.header("retry-after"), Some("120"), "{name}");
                }
                office.schedule(&bystander).await.expect(200);
                office
                    .patch(&id, &json!({ "title": "Renamed meanwhile" }))
                    .await
                    .expect(200);
                office.graph.clear_faults();
                office.settle().await;
                office.assert_in_step(&id, name).await;
                office.schedule(&id).await.expect(200);
                office.settle().await;
                office.assert_in_step(&id, name).await;
                assert_eq!(office.on_calendar().len(), 1, "{name}");
            }),
    )
    .await;
}

/// CM-10, XC-8: the same for the PATCH of a meeting that is scheduled again.
#[tokio::test]
async fn a_failing_update_is_caught_up_with() {
    join_all(
        faults("PATCH", "/v1.0/users/**")
            .into_iter()
            .map(async |(name, fault)| {
                let office = Office::open().await;
                let id = office.scheduled(&json!({})).await;
                office.graph.inject(fault);
                let failed = office.schedule(&id).await;
                assert_controlled(&failed, &office, name);
                office
                    .patch(&id, &json!({ "title": "Renamed meanwhile" }))
                    .await
                    .expect(200);
                office.graph.clear_faults();
                office.settle().await;
                office.assert_in_step(&id, name).await;
                assert_eq!(office.on_calendar().len(), 1, "{name}");
            }),
    )
    .await;
}

/// CM-12: cancelling and deleting succeed with a warning where Graph fails, and
/// the event goes later.
#[tokio::test]
async fn cancelling_and_deleting_fail_soft_and_the_event_goes_later() {
    join_all(
        faults("DELETE", "/v1.0/users/**")
            .into_iter()
            .map(async |(name, fault)| {
                // Status and no body are all that a removal reads.
                let quiet =
                    ["truncated", "malformed", "a gateway's page as success"].contains(&name);
                for delete in [false, true] {
                    let office = Office::open().await;
                    let id = office.scheduled(&json!({})).await;
                    office.graph.inject(fault.clone());
                    let answer = if delete {
                        office.delete(&id).await
                    } else {
                        office.cancel(&id).await
                    };
                    if !quiet {
                        let answer = answer.expect(200);
                        let warning = &answer["warning"];
                        assert!(
                            warning["reason"]
                                .as_str()
                                .is_some_and(|reason| reason.starts_with("graph_")),
                            "{name}: {answer}"
                        );
                        assert!(!answer.to_string().contains(CANARY), "{name}");
                    }
                    office.graph.clear_faults();
                    office.settle().await;
                    assert!(office.on_calendar().is_empty(), "{name}");
                    assert_eq!(office.intents().await, Vec::<Value>::new(), "{name}");
                }
            }),
    )
    .await;
}

/// CM-10, CM-11: without a token nothing is done, and the caller hears why.
#[tokio::test]
async fn a_failing_token_endpoint_fails_scheduling_alone() {
    join_all(
        faults("POST", "**/token")
            .into_iter()
            .map(async |(name, fault)| {
                let office = Office::open().await;
                let id = office.create(&json!({})).await;
                office.graph.inject(fault);
                assert_controlled(&office.schedule(&id).await, &office, name);
                assert_eq!(office.requests("POST", "/events").len(), 0, "{name}");
                office.graph.clear_faults();
                office.settle().await;
                office.assert_in_step(&id, name).await;
                office.schedule(&id).await.expect(200);
                office.assert_in_step(&id, name).await;
            }),
    )
    .await;
}

/// CM-10: free/busy is never fatal.
#[tokio::test]
async fn failing_free_busy_never_fails_scheduling() {
    join_all(
        faults("POST", "**/getSchedule")
            .into_iter()
            .map(async |(name, fault)| {
                let office = Office::open().await;
                let id = office.create(&json!({})).await;
                office.graph.inject(fault);
                let answer = office.schedule(&id).await.expect(200);
                assert!(answer.get("availability").is_none(), "{name}: {answer}");
                office.assert_in_step(&id, name).await;
            }),
    )
    .await;
}

/// CM-10: a short `Retry-After` is waited out within the call.
#[tokio::test]
async fn a_short_throttle_is_waited_out() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    for path in ["**/token", "**/getSchedule", "/v1.0/users/*/events"] {
        office
            .graph
            .inject(Fault::on("POST", path).throttle("0.05"));
    }
    assert!(
        office
            .schedule(&id)
            .await
            .expect(200)
            .get("availability")
            .is_some()
    );
    assert_eq!(office.requests("POST", "/events").len(), 2);
    office.assert_in_step(&id, "a short throttle").await;
}

/// CM-10: 201 without Teams meeting is said, and is no failure.
#[tokio::test]
async fn an_event_without_teams_meeting_is_told_of() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    office
        .graph
        .inject(Fault::on("POST", "/v1.0/users/*/events").without_teams_meeting());
    let answer = office.schedule(&id).await.expect(200);
    assert!(answer.get("join_url").is_none(), "{answer}");
    assert!(
        answer["note"]
            .as_str()
            .is_some_and(|note| note.contains("no Teams meeting")),
        "{answer}"
    );
    office.assert_in_step(&id, "no Teams meeting").await;
}

/// CM-11: a permission that is missing is named; and once it is granted, it works.
#[tokio::test]
async fn a_missing_permission_is_named() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    office
        .graph
        .update_app(demo::CLIENT_ID, |app| app.consents.clear())
        .unwrap();
    office.graph.inject(
        Fault::on("POST", "/v1.0/users/**")
            .error(403, "Authorization_RequestDenied", CANARY)
            .always(),
    );
    let refused = office.schedule(&id).await;
    assert_controlled(&refused, &office, "no consent");
    assert_eq!(
        refused.json()["required_permissions"],
        json!(["Calendars.ReadWrite"])
    );
    office.assert_in_step(&id, "no consent").await;
}

/// CM-12: an event that somebody removed in Outlook is made anew.
#[tokio::test]
async fn an_event_removed_in_outlook_is_made_anew() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office
        .graph
        .inject(Fault::on("PATCH", "/v1.0/users/**").error(404, "ErrorItemNotFound", "gone"));
    office.schedule(&id).await.expect(200);
    assert_eq!(office.meeting(&id).await["status"], "scheduled");
    assert_eq!(office.requests("POST", "/events").len(), 2);
}
