//! Control schedules and the lock-step of their meetings (CM-3, CM-4).

mod many;

use chrono::{Days, NaiveDate};
use it::office::Office;
use it::requests::{id_of, violations};
use serde_json::{Value, json};

/// The nth day before the office's clock starts.
fn day(n: u64) -> String {
    (NaiveDate::from_ymd_opt(2026, 11, 20).unwrap() - Days::new(n)).to_string()
}

async fn schedule_of(office: &Office, control: &str) -> Value {
    office
        .call("GET", &format!("/controls/{control}/schedule"), None)
        .await
        .expect(200)
}

/// CM-3: a meeting links itself to the control's schedule when one exists, and
/// only to that.
#[tokio::test]
async fn a_meeting_links_itself_to_its_controls_schedule() {
    let office = Office::open().await;
    assert_eq!(
        office
            .call("GET", "/controls/c/schedule", None)
            .await
            .problem(404),
        "not_found"
    );
    assert_eq!(
        office.complete("c", &day(1)).await.problem(404),
        "not_found"
    );
    let before = office.plan("c", &json!({})).await;
    assert_eq!(before["control_schedule_id"], Value::Null);
    let schedule = office
        .put_schedule("c", "QUARTERLY", "2027-01-15")
        .await
        .expect(201);
    let after = office.plan("c", &json!({})).await;
    assert_eq!(
        after["control_schedule_id"],
        schedule["control_schedule_id"]
    );
    let named = office
        .plan(
            "c",
            &json!({ "control_schedule_id": schedule["control_schedule_id"] }),
        )
        .await;
    assert_eq!(
        named["control_schedule_id"],
        schedule["control_schedule_id"]
    );
    let other = office
        .put_schedule("d", "QUARTERLY", "2027-01-15")
        .await
        .expect(201);
    let foreign = office
        .try_plan(
            "c",
            &json!({ "control_schedule_id": other["control_schedule_id"] }),
        )
        .await;
    assert_eq!(
        violations(&foreign),
        [(
            "/control_schedule_id".into(),
            "not_the_controls_schedule".into()
        )]
    );
    // One that was there before is linked by a change.
    let link = json!({ "control_schedule_id": schedule["control_schedule_id"] });
    let linked = office
        .patch(&id_of(&before, "meeting_id"), &link)
        .await
        .expect(200);
    assert_eq!(
        linked["control_schedule_id"],
        schedule["control_schedule_id"]
    );
    let completed = office.complete("c", &day(1)).await.expect(200);
    assert_eq!(
        completed["advanced_meetings"].as_array().map(Vec::len),
        Some(3)
    );
}

/// CM-4: a completion advances schedule and meetings by exactly one step; the
/// same day again advances nothing.
#[tokio::test]
async fn a_day_is_completed_once() {
    let office = Office::open().await;
    office
        .put_schedule("c", "QUARTERLY", "2027-01-31")
        .await
        .expect(201);
    let id = id_of(
        &office.plan("c", &json!({ "start": null })).await,
        "meeting_id",
    );
    let first = office.complete("c", &day(2)).await.expect(200);
    assert_eq!(
        (
            &first["schedule"]["next_due"],
            &first["schedule"]["last_completed"]
        ),
        (&json!("2027-04-30"), &json!(day(2)))
    );
    assert_eq!(
        first["advanced_meetings"],
        json!([{ "meeting_id": id, "last_occurrence": "2027-01-31T08:00:00Z",
        "next_occurrence": "2027-04-30T07:00:00Z" }])
    );
    assert_eq!(first["pending_count"], 0);
    let again = office.complete("c", &day(2)).await.expect(200);
    assert_eq!(again["schedule"], first["schedule"]);
    assert_eq!(
        (&again["advanced_meetings"], &again["pending_count"]),
        (&json!([]), &json!(0))
    );
    let second = office.complete("c", &day(1)).await.expect(200);
    assert_eq!(
        second["schedule"]["next_due"], "2027-07-31",
        "a 31st returns to the 31st"
    );
    let read = office.meeting(&id).await;
    assert_eq!(
        (&read["last_occurrence"], &read["next_occurrence"]),
        (
            &json!("2027-04-30T07:00:00Z"),
            &json!("2027-07-31T07:00:00Z")
        )
    );
    // An older day, reported late, is a step of its own and leaves the latest day.
    let late = office.complete("c", &day(9)).await.expect(200);
    assert_eq!(
        (
            &late["schedule"]["next_due"],
            &late["schedule"]["last_completed"]
        ),
        (&json!("2027-10-31"), &json!(day(1)))
    );
}

/// CM-4, XC-4: the same Idempotency-Key advances once, whatever the day.
#[tokio::test]
async fn a_replayed_completion_advances_once() {
    let office = Office::open().await;
    office
        .put_schedule("c", "MONTHLY", "2027-01-15")
        .await
        .expect(201);
    let id = id_of(
        &office.plan("c", &json!({ "frequency": "MONTHLY" })).await,
        "meeting_id",
    );
    let path = format!("/api/v1/orgs/{}/controls/c/schedule/complete", office.org);
    let complete = |body: Value| {
        office.process.api(
            office
                .event("POST", &path, Some(&body))
                .header("idempotency-key", "k-1"),
        )
    };
    let first = complete(json!({})).await;
    office.clock.advance(chrono::TimeDelta::hours(23));
    let replay = complete(json!({})).await;
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
    assert_eq!(replay.expect(200), first.expect(200));
    assert_eq!(
        first.json()["schedule"]["last_completed"],
        "2026-11-21",
        "today in the schedule's zone"
    );
    assert_eq!(
        violations(&complete(json!({ "completed_on": day(3) })).await)[0].1,
        "idempotency_key_reused"
    );
    assert_eq!(schedule_of(&office, "c").await["next_due"], "2027-02-15");
    assert_eq!(
        office.meeting(&id).await["next_occurrence"],
        "2027-02-15T08:00:00Z"
    );
}

/// CM-4: a completion after today, in the schedule's zone, is refused.
#[tokio::test]
async fn a_completion_in_the_future_is_refused() {
    let office = Office::open().await;
    // 04:00 UTC on the 21st is the 20th in Los Angeles.
    let body = json!({ "frequency": "DAILY", "next_due": "2026-11-22", "timezone": "America/Los_Angeles" });
    office
        .call("PUT", "/controls/c/schedule", Some(&body))
        .await
        .expect(201);
    let future = office.complete("c", "2026-11-21").await;
    assert_eq!(
        violations(&future),
        [("/completed_on".into(), "in_the_future".into())]
    );
    assert_eq!(
        schedule_of(&office, "c").await["last_completed"],
        Value::Null
    );
    office.complete("c", "2026-11-20").await.expect(200);
}

/// CM-4: another frequency is refused, on creation and on change; so is
/// changing the schedule's while meetings are linked.
#[tokio::test]
async fn linked_meetings_and_their_schedule_keep_one_frequency() {
    let office = Office::open().await;
    let schedule = office
        .put_schedule("c", "QUARTERLY", "2027-01-15")
        .await
        .expect(201);
    let mismatch = [(
        "/frequency".to_owned(),
        "not_the_schedules_frequency".to_owned(),
    )];
    assert_eq!(
        violations(
            &office
                .try_plan("c", &json!({ "frequency": "WEEKLY" }))
                .await
        ),
        mismatch
    );
    let mut ids = vec![];
    for _ in 0..3 {
        ids.push(id_of(&office.plan("c", &json!({})).await, "meeting_id"));
    }
    assert_eq!(
        violations(
            &office
                .patch(&ids[0], &json!({ "frequency": "WEEKLY" }))
                .await
        ),
        mismatch
    );
    for end in 0..3 {
        assert_eq!(
            office
                .put_schedule("c", "MONTHLY", "2027-01-15")
                .await
                .problem(409),
            "meetings_linked"
        );
        // A new day or zone is no other frequency.
        office
            .put_schedule("c", "QUARTERLY", "2027-02-15")
            .await
            .expect(200);
        match end {
            0 => office
                .patch(&ids[0], &json!({ "control_schedule_id": null }))
                .await
                .expect(200),
            1 => office.cancel(&ids[1]).await.expect(200),
            _ => office.delete(&ids[2]).await.expect(200),
        };
    }
    let changed = office
        .put_schedule("c", "MONTHLY", "2027-01-15")
        .await
        .expect(200);
    assert_eq!(
        (&changed["frequency"], &changed["control_schedule_id"]),
        (&json!("MONTHLY"), &schedule["control_schedule_id"])
    );
    // The unlinked one goes its own way from now on.
    assert_eq!(
        office
            .patch(&ids[0], &json!({ "frequency": "WEEKLY" }))
            .await
            .expect(200)["frequency"],
        "WEEKLY"
    );
    let completed = office.complete("c", &day(1)).await.expect(200);
    assert_eq!(completed["advanced_meetings"], json!([]));
}

/// CM-4: a meeting linked late starts at its own first occurrence, and each
/// keeps its own wall clock in lock-step.
#[tokio::test]
async fn meetings_of_different_times_advance_in_lock_step() {
    let office = Office::open().await;
    office
        .put_schedule("c", "MONTHLY", "2027-01-31")
        .await
        .expect(201);
    let early = id_of(
        &office
            .plan(
                "c",
                &json!({ "frequency": "MONTHLY", "start": "2027-01-31T09:00" }),
            )
            .await,
        "meeting_id",
    );
    office.complete("c", &day(5)).await.expect(200);
    office.complete("c", &day(4)).await.expect(200);
    let late = json!({ "frequency": "MONTHLY", "start": null, "timezone": "America/New_York" });
    let late = office.plan("c", &late).await;
    assert_eq!(late["next_occurrence"], "2027-03-31T13:00:00Z");
    office.complete("c", &day(3)).await.expect(200);
    assert_eq!(
        office.meeting(&early).await["next_occurrence"],
        "2027-04-30T07:00:00Z"
    );
    assert_eq!(
        office.meeting(&id_of(&late, "meeting_id")).await["next_occurrence"],
        "2027-04-30T13:00:00Z"
    );
}
