//! Which occurrences a meeting has, and which is next (CM-4, CM-5).

use chrono::TimeDelta;
use convoke_platform::store::DueKind;
use it::office::Office;
use it::requests::{id_of, instant, violations};
use serde_json::{Value, json};

use super::one;

async fn preview(office: &Office, fields: &Value, count: usize) -> Vec<(String, String)> {
    let made = office.plan("c", fields).await;
    let path = format!(
        "/meetings/{}/occurrences?count={count}",
        id_of(&made, "meeting_id")
    );
    let list = office.call("GET", &path, None).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), count);
    assert_eq!(items[0]["start"], made["next_occurrence"]);
    for item in items {
        assert_eq!(
            instant(&item["end"]) - instant(&item["start"]),
            TimeDelta::hours(1)
        );
    }
    items
        .iter()
        .map(|item| (id_of(item, "original_date"), id_of(item, "start")))
        .collect()
}

fn dates(occurrences: &[(String, String)]) -> Vec<&str> {
    occurrences.iter().map(|(date, _)| date.as_str()).collect()
}

/// CM-5: a 31st falls on the last day of shorter months and returns to the
/// 31st; 09:00 stays 09:00 across DST.
#[tokio::test]
async fn month_ends_return_and_nine_stays_nine() {
    let office = Office::open().await;
    let monthly = preview(
        &office,
        &json!({ "frequency": "MONTHLY", "start": "2027-01-31T09:00" }),
        14,
    )
    .await;
    assert_eq!(
        dates(&monthly),
        [
            "2027-01-31",
            "2027-02-28",
            "2027-03-31",
            "2027-04-30",
            "2027-05-31",
            "2027-06-30",
            "2027-07-31",
            "2027-08-31",
            "2027-09-30",
            "2027-10-31",
            "2027-11-30",
            "2027-12-31",
            "2028-01-31",
            "2028-02-29"
        ]
    );
    for (date, start) in &monthly {
        // Berlin's summer of 2027: 28 March to 31 October.
        let summer = ("2027-03-28".."2027-10-31").contains(&date.as_str());
        assert_eq!(
            *start,
            format!("{date}T0{}:00:00Z", if summer { 7 } else { 8 })
        );
    }
    let quarterly = preview(&office, &json!({ "start": "2026-11-30T09:00" }), 6).await;
    assert_eq!(
        dates(&quarterly),
        [
            "2026-11-30",
            "2027-02-28",
            "2027-05-30",
            "2027-08-30",
            "2027-11-30",
            "2028-02-29"
        ]
    );
}

/// CM-5: from 29 February, the last of February in common years.
#[tokio::test]
async fn a_leap_day_recurs_on_the_last_of_february() {
    let office = Office::open().await;
    let annual = preview(
        &office,
        &json!({ "frequency": "ANNUAL", "start": "2028-02-29T09:00" }),
        5,
    )
    .await;
    assert_eq!(
        dates(&annual),
        [
            "2028-02-29",
            "2029-02-28",
            "2030-02-28",
            "2031-02-28",
            "2032-02-29"
        ]
    );
}

/// CM-5: a recurring time in a gap moves forward, in an overlap the first counts.
#[tokio::test]
async fn a_gap_moves_an_occurrence_forward_and_an_overlap_takes_the_first() {
    let office = Office::open().await;
    let spring = preview(
        &office,
        &json!({ "frequency": "WEEKLY", "start": "2027-03-21T02:30" }),
        3,
    )
    .await;
    let starts: Vec<_> = spring.iter().map(|(_, start)| start.as_str()).collect();
    assert_eq!(
        starts,
        [
            "2027-03-21T01:30:00Z",
            "2027-03-28T01:30:00Z",
            "2027-04-04T00:30:00Z"
        ]
    );
    let autumn = preview(
        &office,
        &json!({ "frequency": "WEEKLY", "start": "2027-10-24T02:30" }),
        3,
    )
    .await;
    let starts: Vec<_> = autumn.iter().map(|(_, start)| start.as_str()).collect();
    assert_eq!(
        starts,
        [
            "2027-10-24T00:30:00Z",
            "2027-10-31T00:30:00Z",
            "2027-11-07T01:30:00Z"
        ]
    );
}

/// CM-1, CM-12: a start in a DST gap is refused; an instant means its local time.
#[tokio::test]
async fn a_start_is_a_local_time_that_exists_or_an_instant() {
    let office = Office::open().await;
    let gap = office
        .try_plan("c", &json!({ "start": "2027-03-28T02:30" }))
        .await;
    assert_eq!(violations(&gap), one("/start", "invalid_start"));
    for start in [
        "2027-07-15T09:00",
        "2027-07-15T09:00:00",
        "2027-07-15T07:00:00Z",
        "2027-07-15T03:00:00-04:00",
    ] {
        let made = office.plan("c", &json!({ "start": start })).await;
        assert_eq!(made["start"], "2027-07-15T07:00:00Z", "{start}");
        // Half a year on the wall clock, not on the instant.
        let path = format!(
            "/meetings/{}/occurrences?count=3",
            id_of(&made, "meeting_id")
        );
        let list = office.call("GET", &path, None).await.expect(200);
        assert_eq!(list["items"][2]["start"], "2028-01-15T08:00:00Z", "{start}");
    }
    for start in [
        "tomorrow",
        "2027-07-15",
        "2027-02-30T09:00",
        "9999-01-01T00:00",
    ] {
        let answer = office.try_plan("c", &json!({ "start": start })).await;
        assert_eq!(violations(&answer)[0].0, "/start", "{start}");
    }
    let made = office.plan("c", &json!({})).await;
    let gap = office
        .patch(
            &id_of(&made, "meeting_id"),
            &json!({ "start": "2027-03-28T02:30" }),
        )
        .await;
    assert_eq!(violations(&gap), one("/start", "invalid_start"));
}

/// CM-12: moving the start anchors the series anew; a new zone keeps the wall clock.
#[tokio::test]
async fn a_new_start_anchors_anew_and_a_new_zone_keeps_the_wall_clock() {
    let office = Office::open().await;
    let made = office.plan("c", &json!({ "frequency": "MONTHLY" })).await;
    let id = id_of(&made, "meeting_id");
    let moved = office
        .patch(&id, &json!({ "start": "2027-01-31T10:00" }))
        .await
        .expect(200);
    assert_eq!(moved["next_occurrence"], "2027-01-31T09:00:00Z");
    let zoned = office
        .patch(&id, &json!({ "timezone": "Asia/Tokyo" }))
        .await
        .expect(200);
    assert_eq!(zoned["next_occurrence"], "2027-01-31T01:00:00Z");
    let list = office
        .call("GET", &format!("/meetings/{id}/occurrences?count=3"), None)
        .await
        .expect(200);
    assert_eq!(list["items"][1]["original_date"], "2027-02-28");
    assert_eq!(list["items"][2]["original_date"], "2027-03-31");
}

async fn is_due(office: &Office) -> bool {
    let rows = office
        .process
        .store
        .sweeper()
        .due(DueKind::Occurrence, office.process.ports.now(), 5_000)
        .await
        .unwrap();
    rows.iter()
        .any(|row| row.tenant.id().as_str() == office.org)
}

/// CM-4: an unlinked meeting advances once its occurrence has passed, not before;
/// a linked one never by the clock.
#[tokio::test]
async fn only_an_unlinked_meeting_advances_with_the_clock() {
    let office = Office::open().await;
    let id = id_of(
        &office
            .plan("free", &json!({ "frequency": "MONTHLY" }))
            .await,
        "meeting_id",
    );
    let job = json!({ "job": "advance_passed", "meeting_id": id });
    office.clock.set("2027-01-15T08:59:59Z");
    assert!(!is_due(&office).await, "its occurrence still goes on");
    assert!(office.process.deliver(&office.org, &job, false).await);
    assert_eq!(
        office.meeting(&id).await["next_occurrence"],
        "2027-01-15T08:00:00Z"
    );

    office.clock.set("2027-01-15T09:00:01Z");
    assert!(is_due(&office).await, "the sweeper would wake it");
    for _ in 0..2 {
        assert!(office.process.deliver(&office.org, &job, false).await);
        let read = office.meeting(&id).await;
        assert_eq!(
            (&read["last_occurrence"], &read["next_occurrence"]),
            (
                &json!("2027-01-15T08:00:00Z"),
                &json!("2027-02-15T08:00:00Z")
            )
        );
        assert!(!is_due(&office).await);
    }
    let advanced = office.work().await;
    assert_eq!(advanced.len(), 1, "one event for one step: {advanced:?}");
    assert_eq!(advanced[0]["detail_type"], "meeting.occurrence_advanced");

    let other = Office::open().await;
    other
        .put_schedule("c", "MONTHLY", "2027-01-15")
        .await
        .expect(201);
    let id = id_of(
        &other.plan("c", &json!({ "frequency": "MONTHLY" })).await,
        "meeting_id",
    );
    other.clock.set("2027-06-01T00:00:00Z");
    assert!(!is_due(&other).await);
    let job = json!({ "job": "advance_passed", "meeting_id": id });
    assert!(other.process.deliver(&other.org, &job, false).await);
    assert_eq!(
        other.meeting(&id).await["next_occurrence"],
        "2027-01-15T08:00:00Z"
    );
}
