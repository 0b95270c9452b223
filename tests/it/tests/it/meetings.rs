//! Control meetings, from creation to cancellation (CM-1, CM-2, CM-6, CM-12).

mod deployed;
mod occurrences;
mod providers;

use it::office::Office;
use it::requests::{id_of, instant, violations};
use serde_json::{Value, json};

/// The one violation there is.
fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

/// CM-1: without schedule, one cadence step from today at 09:00 in the zone.
#[tokio::test]
async fn without_a_schedule_the_first_occurrence_is_one_step_from_today_at_nine() {
    let office = Office::open().await;
    for (frequency, start) in [
        ("DAILY", "2026-11-22T08:00:00Z"),
        ("WEEKLY", "2026-11-28T08:00:00Z"),
        ("MONTHLY", "2026-12-21T08:00:00Z"),
        ("QUARTERLY", "2027-02-21T08:00:00Z"),
        ("ANNUAL", "2027-11-21T08:00:00Z"),
    ] {
        let made = office
            .plan("c", &json!({ "start": null, "frequency": frequency }))
            .await;
        assert_eq!(made["start"], start, "{frequency}");
        assert_eq!(made["next_occurrence"], start, "{frequency}");
        assert_eq!(
            (&made["provider"], &made["status"]),
            (&json!("mock"), &json!("planned"))
        );
        assert_eq!(
            (&made["last_occurrence"], &made["control_schedule_id"]),
            (&Value::Null, &Value::Null)
        );
    }
    // At 04:00 UTC it is still the day before in Los Angeles.
    let made = office
        .plan(
            "c",
            &json!({ "start": null, "frequency": "DAILY", "timezone": "America/Los_Angeles" }),
        )
        .await;
    assert_eq!(made["start"], "2026-11-21T17:00:00Z");
}

/// CM-1, CM-3: with a schedule, its `next_due` at 09:00 in the meeting's zone.
#[tokio::test]
async fn with_a_schedule_the_first_occurrence_is_on_its_next_due_day() {
    let office = Office::open().await;
    let schedule = office
        .put_schedule("c", "QUARTERLY", "2027-03-31")
        .await
        .expect(201);
    let made = office
        .plan(
            "c",
            &json!({ "start": null, "timezone": "America/New_York" }),
        )
        .await;
    assert_eq!(made["start"], "2027-03-31T13:00:00Z");
    assert_eq!(made["control_schedule_id"], schedule["control_schedule_id"]);
}

/// CM-1: what was sent is what is read, with `Location` and `ETag`.
#[tokio::test]
async fn a_meeting_reads_back_as_it_was_created() {
    let office = Office::open().await;
    let fields = json!({ "description": "1. Scope", "provider": "ics", "is_online": true, "location": "Room 1",
        "join_url": "https://example.org/join", "attendees": [{ "email": "x@example.org", "name": "X", "role": "optional" }] });
    let created = office.try_plan("pci-1", &fields).await;
    let made = created.expect(201);
    let id = id_of(&made, "meeting_id");
    assert_eq!(
        created.header("location"),
        Some(format!("/api/v1/orgs/{}/meetings/{id}", office.org).as_str())
    );
    let read = office.call("GET", &format!("/meetings/{id}"), None).await;
    assert_eq!(read.header("etag"), created.header("etag"));
    assert_eq!(read.expect(200), made);
    for name in [
        "description",
        "provider",
        "is_online",
        "location",
        "join_url",
        "attendees",
    ] {
        assert_eq!(made[name], fields[name], "{name}");
    }
    assert_eq!(
        (&made["control_id"], &made["version"]),
        (&json!("pci-1"), &json!(1))
    );
    assert_eq!(made["unreachable_attendees"], json!([]));
}

/// CM-1, XC-3: every broken rule is reported with its place.
#[tokio::test]
async fn every_broken_rule_of_a_creation_is_named() {
    let office = Office::open().await;
    let answer = office
        .try_plan("c", &json!({ "title": " ", "frequency": "HOURLY", "timezone": "Mars/Base", "duration_minutes": 0,
            "join_url": "javascript:alert(1)", "attendees": [{ "email": "nobody", "name": "N" }, { "name": "N" },
                { "user_id": "u", "role": "boss" }] }))
        .await;
    let found = violations(&answer);
    let pointers: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    for pointer in [
        "/title",
        "/frequency",
        "/timezone",
        "/duration_minutes",
        "/join_url",
        "/attendees/0/email",
        "/attendees/1",
        "/attendees/2/role",
    ] {
        assert!(
            pointers.contains(&pointer),
            "{pointer} is not among {pointers:?}"
        );
    }
    let unknown = office.try_plan("c", &json!({ "titel": "x" })).await;
    assert_eq!(violations(&unknown), one("/titel", "unknown_field"));
    assert!(unknown.json().to_string().contains("titel"));
}

/// CM-2: an update with `attendees` replaces the whole set, one without leaves it.
#[tokio::test]
async fn attendees_are_replaced_as_a_whole_or_stay() {
    let office = Office::open().await;
    let first = json!([{ "email": "a@example.org", "name": "A", "role": "required" },
        { "email": "b@example.org", "name": "B", "role": "optional" },
        { "email": "room@example.org", "name": "Room", "role": "resource" }]);
    let made = office.plan("c", &json!({ "attendees": first })).await;
    assert_eq!(made["attendees"], first);
    let id = id_of(&made, "meeting_id");
    assert_eq!(
        office
            .patch(&id, &json!({ "title": "New" }))
            .await
            .expect(200)["attendees"],
        first
    );
    let second = json!([{ "email": "c@example.org", "name": "C", "role": "required" }]);
    assert_eq!(
        office
            .patch(&id, &json!({ "attendees": second }))
            .await
            .expect(200)["attendees"],
        second
    );
    assert_eq!(
        office
            .patch(&id, &json!({ "attendees": [] }))
            .await
            .expect(200)["attendees"],
        json!([])
    );
    assert_eq!(office.meeting(&id).await["title"], "New");
}

/// CM-2: duplicates are refused by user, by address in any case, and where the
/// directory's address of a user is an external's.
#[tokio::test]
async fn duplicate_attendees_are_refused() {
    let office = Office::open().await;
    office
        .put_user("ann", &json!({ "email": "Ann@Example.org", "name": "Ann" }))
        .await
        .expect(201);
    let external = |email: &str| json!({ "email": email, "name": "Somebody" });
    let made = office
        .plan(
            "c",
            &json!({ "attendees": [{ "user_id": "ann" }, external("b@example.org")] }),
        )
        .await;
    let id = id_of(&made, "meeting_id");
    for list in [
        json!([{ "user_id": "x" }, { "user_id": "x", "role": "optional" }]),
        json!([external("b@example.org"), external("B@Example.ORG")]),
        json!([{ "user_id": "ann" }, external("aNN@example.org")]),
        json!([external("ann@EXAMPLE.org"), { "user_id": "ann" }]),
    ] {
        let fields = json!({ "attendees": list });
        assert_eq!(
            violations(&office.try_plan("c", &fields).await),
            one("/attendees/1", "duplicate"),
            "{list}"
        );
        assert_eq!(
            violations(&office.patch(&id, &fields).await),
            one("/attendees/1", "duplicate"),
            "{list}"
        );
    }
    assert_eq!(office.meeting(&id).await["attendees"], made["attendees"]);
}

/// CM-6: by next occurrence, filtered by control, provider and due date, to the end.
#[tokio::test]
async fn a_list_is_filtered_and_paged_to_its_end() {
    let office = Office::open().await;
    let mut all = vec![];
    for n in 0..12 {
        let fields = json!({ "start": format!("2027-{:02}-15T09:00", 12 - n), "title": format!("M{n}"),
            "provider": (["mock", "ics", "graph"][n % 3]), "frequency": "MONTHLY" });
        all.push(office.plan(["c-1", "c-2"][n / 6], &fields).await);
    }
    let cancelled = id_of(&all[0], "meeting_id");
    office.cancel(&cancelled).await.expect(200);
    let base = format!("/api/v1/orgs/{}/meetings?", office.org);
    for limit in [1, 5, 100] {
        for (query, expected) in [
            ("control_id=c-1", (0..6).collect::<Vec<usize>>()),
            ("control_id=c-2", (6..12).collect()),
            ("provider=ics", vec![1, 4, 7, 10]),
            ("control_id=c-2&provider=graph", vec![8, 11]),
            ("due_before=2027-07-01", vec![6, 7, 8, 9, 10, 11]),
            ("due_before=2027-12-31", (1..12).collect()),
            ("due_before=2027-06-15T07:00:00Z", (7..12).collect()),
            ("due_before=2027-06-15T07:00:01Z", (6..12).collect()),
            ("control_id=c-1&provider=ics&due_before=2027-09-01", vec![4]),
            ("control_id=unknown", vec![]),
        ] {
            let found = office.list_all(&format!("{base}{query}"), limit).await;
            let mut titles: Vec<_> = found.iter().map(|item| id_of(item, "title")).collect();
            titles.sort();
            let mut expected: Vec<_> = expected.iter().map(|n| format!("M{n}")).collect();
            expected.sort();
            assert_eq!(titles, expected, "{query} by {limit}");
        }
    }
    let found = office.list_all(&format!("{base}control_id="), 7).await;
    assert_eq!(found.len(), 12);
    let upcoming: Vec<_> = found
        .iter()
        .filter(|item| !item["next_occurrence"].is_null())
        .collect();
    assert!(upcoming.is_sorted_by_key(|item| instant(&item["next_occurrence"])));
    for name in [
        "control_id",
        "frequency",
        "provider",
        "next_occurrence",
        "attendees",
    ] {
        assert!(!upcoming[0][name].is_null(), "{name}");
    }
}

/// CM-12, XC-5: `null` clears, absent stays, unknown fields are named, a stale
/// `If-Match` is refused.
#[tokio::test]
async fn a_change_touches_only_what_it_names() {
    let office = Office::open().await;
    let made = office
        .plan("c", &json!({ "description": "Agenda", "location": "Room 1", "join_url": "https://example.org/j" }))
        .await;
    let id = id_of(&made, "meeting_id");
    let changed = office
        .patch(&id, &json!({ "location": null }))
        .await
        .expect(200);
    assert_eq!(changed["location"], Value::Null);
    assert_eq!(
        (&changed["description"], &changed["join_url"]),
        (&made["description"], &made["join_url"])
    );
    assert_eq!(changed["version"], 2);
    let changed = office
        .patch(&id, &json!({ "description": null, "join_url": null }))
        .await
        .expect(200);
    assert_eq!(
        (&changed["description"], &changed["join_url"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        violations(&office.patch(&id, &json!({ "colour": "red" })).await),
        one("/colour", "unknown_field")
    );
    let unchanged = office.patch(&id, &json!({})).await.expect(200);
    assert_eq!(unchanged["version"], 3, "a change of nothing is none");

    let path = format!("/api/v1/orgs/{}/meetings/{id}", office.org);
    let stale = |etag: &str| {
        let event = office
            .event("PATCH", &path, Some(&json!({ "title": "Mine" })))
            .header("if-match", etag);
        office.process.api(event)
    };
    assert_eq!(stale("\"1\"").await.problem(412), "version_mismatch");
    assert_eq!(office.meeting(&id).await["title"], "PCI Scope Review");
    assert_eq!(stale("\"3\"").await.expect(200)["title"], "Mine");
}

/// CM-12: cancelled is final; deleted is gone.
#[tokio::test]
async fn a_cancelled_meeting_stays_cancelled_and_a_deleted_one_is_gone() {
    let office = Office::open().await;
    let id = id_of(&office.plan("c", &json!({})).await, "meeting_id");
    office.schedule(&id).await.expect(200);
    let cancelled = office.cancel(&id).await.expect(200);
    assert_eq!(
        (&cancelled["status"], &cancelled["next_occurrence"]),
        (&json!("cancelled"), &Value::Null)
    );
    assert!(cancelled.get("warning").is_none());
    assert_eq!(office.cancel(&id).await.problem(409), "already_cancelled");
    assert_eq!(office.schedule(&id).await.problem(409), "meeting_cancelled");
    assert_eq!(
        office
            .patch(&id, &json!({ "title": "x" }))
            .await
            .problem(409),
        "meeting_cancelled"
    );
    let preview = office
        .call("GET", &format!("/meetings/{id}/occurrences"), None)
        .await
        .expect(200);
    assert_eq!(preview["items"], json!([]));
    office.delete(&id).await.expect(200);
    assert_eq!(
        office
            .call("GET", &format!("/meetings/{id}"), None)
            .await
            .problem(404),
        "not_found"
    );
    assert_eq!(office.delete(&id).await.problem(404), "not_found");
    let events = office.work().await;
    let types: Vec<_> = events
        .iter()
        .map(|event| id_of(event, "detail_type"))
        .collect();
    assert_eq!(
        types
            .iter()
            .filter(|kind| *kind == "meeting.scheduled")
            .count(),
        1
    );
    assert_eq!(
        types
            .iter()
            .filter(|kind| *kind == "meeting.cancelled")
            .count(),
        1
    );
}
