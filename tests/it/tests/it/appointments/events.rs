//! Published events of appointments, as other systems read them (XC-12).

use std::collections::{BTreeMap, BTreeSet};

use it::practice::Practice;
use it::schemas::assert_fits_schema;
use serde_json::{Value, json};

/// Every event fits its schema, is the practice's own, and says nothing that people wrote.
fn check(practice: &Practice, events: &[Value]) {
    let mut ids = BTreeSet::new();
    for event in events {
        let kind = event["detail_type"].as_str().unwrap();
        let detail = &event["detail"];
        assert_fits_schema(kind, detail);
        assert_eq!(detail["org_id"], json!(practice.org));
        assert!(
            ids.insert(detail["event_id"].as_str().unwrap().to_owned()),
            "{kind} has a used id"
        );
        for private in ["Quarterly", "Figures", "canary", "@", "Ada", "https:"] {
            assert!(!detail.to_string().contains(private), "{kind}: {detail}");
        }
    }
}

/// What happened to one thing, in the order of its versions, which order it.
fn story<'e>(events: &'e [Value], thing: &str, id: &str) -> Vec<&'e str> {
    let prefix = format!("{thing}.");
    let of_it = events.iter().filter(|event| {
        event["detail_type"].as_str().unwrap().starts_with(&prefix)
            && event["detail"].to_string().contains(id)
    });
    let versions: BTreeMap<u64, &str> = of_it
        .clone()
        .map(|event| {
            (
                event["detail"]["version"].as_u64().unwrap(),
                event["detail_type"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(versions.len(), of_it.count(), "a version of {thing} twice");
    versions
        .into_values()
        .map(|kind| &kind[prefix.len()..])
        .collect()
}

#[cfg(feature = "enterprise")]
fn kinds(events: &[Value]) -> BTreeSet<&str> {
    events
        .iter()
        .map(|event| event["detail_type"].as_str().unwrap())
        .collect()
}

/// XC-12: without Teams every command tells what it did, as its schema says.
#[tokio::test]
async fn every_command_tells_what_it_did() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    practice
        .tell(
            &id,
            "reschedule",
            &json!({ "new_date": "2026-12-03", "new_time": "09:00" }),
        )
        .await
        .expect(200);
    practice
        .move_entry(&id, &json!({ "start": "2026-12-04T09:00:00Z" }))
        .await
        .expect(200);
    practice
        .tell(&id, "decline", &json!({ "reason": "canary" }))
        .await
        .expect(200);
    let other = practice.requested(&json!({})).await;
    practice
        .tell(&other, "cancel", &json!({ "reason": "canary" }))
        .await
        .expect(200);
    let third = practice.requested(&json!({})).await;
    practice
        .call("DELETE", &format!("/{third}"), None)
        .await
        .expect(200);
    let nobody = json!({ "service_name": "x", "requested_date": "2026-12-05", "requested_time": "09:00",
        "requested_duration": 60, "timezone": "UTC", "requester": { "email": "canary@x.example" } });
    practice.ask(&nobody).await.expect(201);
    let events = practice.work().await;
    check(&practice, &events);
    let told = [
        "requested",
        "approved",
        "rescheduled",
        "rescheduled",
        "declined",
    ];
    assert_eq!(story(&events, "appointment", &id), told);
    assert_eq!(
        story(&events, "appointment", &other),
        ["requested", "cancelled"]
    );
    assert_eq!(
        story(&events, "appointment", &third),
        ["requested", "cancelled"]
    );
    let told = ["created", "updated", "updated", "deleted"];
    assert_eq!(story(&events, "schedule_entry", &id), told);
    let counted = |kind: &str| {
        events
            .iter()
            .filter(|event| event["detail_type"] == kind)
            .count()
    };
    for (kind, times) in [
        ("appointment.requested", 4),
        ("appointment.approved", 1),
        ("appointment.rescheduled", 2),
        ("appointment.declined", 1),
        ("appointment.cancelled", 2),
        ("schedule_entry.created", 1),
        ("schedule_entry.updated", 2),
        ("schedule_entry.deleted", 1),
    ] {
        assert_eq!(counted(kind), times, "{kind}");
    }
    assert_eq!(events.len(), 14);
}

/// XC-12, OM-5: with a Teams meeting entry, meeting and interaction are told of as well.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn a_teams_meeting_is_told_of_from_beginning_to_end() {
    let practice = Practice::open().await;
    let id = practice.requested(&json!({})).await;
    practice.approve(&id, &json!({})).await.expect(200);
    let mut events = practice.settle().await;
    practice
        .move_entry(&id, &json!({ "start": "2026-12-04T09:00:00Z" }))
        .await
        .expect(200);
    events.extend(practice.settle().await);
    practice
        .call("DELETE", &format!("/{id}"), None)
        .await
        .expect(200);
    events.extend(practice.settle().await);
    check(&practice, &events);
    let expected = [
        "appointment.approved",
        "appointment.cancelled",
        "appointment.online_meeting_attached",
        "appointment.requested",
        "appointment.rescheduled",
        "interaction.created",
        "interaction.logged",
        "online_meeting.cancelled",
        "online_meeting.rescheduled",
        "online_meeting.scheduled",
        "schedule_entry.created",
        "schedule_entry.deleted",
        "schedule_entry.updated",
    ];
    assert_eq!(kinds(&events), expected.into());
    assert_eq!(
        story(&events, "online_meeting", &id),
        ["scheduled", "rescheduled", "cancelled"]
    );
    assert_eq!(
        story(&events, "schedule_entry", &id),
        ["created", "updated", "updated", "deleted"]
    );
    let once = events
        .iter()
        .filter(|event| event["detail_type"] != "schedule_entry.updated");
    assert_eq!(once.count(), expected.len() - 1, "each once: {events:?}");
}

/// XC-12: what did not happen is not told: refused commands, empty changes, imports.
#[tokio::test]
async fn what_did_not_happen_is_not_told() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    practice.work().await;
    let told = practice.sent().len();
    practice.tell(&id, "approve", &json!({})).await.problem(409);
    practice
        .tell(
            &id,
            "reschedule",
            &json!({ "new_date": "2026-12-01", "new_time": "09:00" }),
        )
        .await
        .expect(200);
    practice.move_entry(&id, &json!({})).await.expect(200);
    practice
        .call("POST", &format!("/{id}/generate-meeting"), None)
        .await
        .expect(200);
    practice
        .imported(&json!({ "requested_date": "2025-01-15" }))
        .await;
    assert_eq!(practice.work().await, Vec::<Value>::new());
    assert_eq!(practice.sent().len(), told);
}
