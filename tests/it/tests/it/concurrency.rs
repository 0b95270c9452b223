//! Concurrent writers lose nothing (XC-5, CM-4, CM-7).

use std::collections::BTreeSet;
use std::future::Future;

use chrono::{Days, NaiveDate};
use futures_util::future::join_all;
use it::api::Answer;
use it::office::Office;
use it::requests::id_of;
use serde_json::{Value, json};

const AT_ONCE: u64 = 50;

/// Repeats what was told to come back later (429), as callers do.
async fn until_taken<F: Future<Output = Answer>>(mut call: impl FnMut() -> F) -> Answer {
    for _ in 0..20 {
        let answer = call().await;
        if answer.status != 429 {
            return answer;
        }
        assert!(answer.header("retry-after").is_some());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("still busy after 20 attempts")
}

/// CM-4: 50 concurrent completions of distinct days are 50 steps, of the
/// schedule and of its meetings.
#[tokio::test]
async fn fifty_completions_at_once_are_fifty_steps() {
    let office = Office::open().await;
    office
        .put_schedule("c", "DAILY", "2027-01-01")
        .await
        .expect(201);
    let mut ids = vec![];
    for _ in 0..3 {
        let made = office
            .plan(
                "c",
                &json!({ "frequency": "DAILY", "start": "2027-01-01T09:00" }),
            )
            .await;
        ids.push(id_of(&made, "meeting_id"));
    }
    let last = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    join_all((0..AT_ONCE).map(|n| {
        let (office, day) = (&office, (last - Days::new(n)).to_string());
        async move { until_taken(|| office.complete("c", &day)).await.expect(200) }
    }))
    .await;
    let schedule = office
        .call("GET", "/controls/c/schedule", None)
        .await
        .expect(200);
    assert_eq!(
        (&schedule["next_due"], &schedule["last_completed"]),
        (&json!("2027-02-20"), &json!("2026-11-20"))
    );
    assert_eq!(schedule["version"], 1 + AT_ONCE);
    for id in ids {
        let read = office.meeting(&id).await;
        assert_eq!(read["next_occurrence"], "2027-02-20T08:00:00Z");
        assert_eq!(read["version"], 1 + AT_ONCE);
    }
}

/// CM-4: 50 concurrent completions of one day are one step.
#[tokio::test]
async fn fifty_completions_of_one_day_are_one_step() {
    let office = Office::open().await;
    office
        .put_schedule("c", "DAILY", "2027-01-01")
        .await
        .expect(201);
    let id = id_of(
        &office
            .plan(
                "c",
                &json!({ "frequency": "DAILY", "start": "2027-01-01T09:00" }),
            )
            .await,
        "meeting_id",
    );
    let answers =
        join_all((0..AT_ONCE).map(|_| until_taken(|| office.complete("c", "2026-11-20")))).await;
    let advanced: usize = answers
        .iter()
        .map(|answer| {
            answer.expect(200)["advanced_meetings"]
                .as_array()
                .unwrap()
                .len()
        })
        .sum();
    assert_eq!(advanced, 1);
    assert_eq!(
        office.meeting(&id).await["next_occurrence"],
        "2027-01-02T08:00:00Z"
    );
}

/// XC-5: 50 concurrent updates of different fields all stay.
#[tokio::test]
async fn fifty_updates_at_once_are_fifty_versions() {
    let office = Office::open().await;
    let id = id_of(&office.plan("c", &json!({})).await, "meeting_id");
    let answers = join_all((0..AT_ONCE).map(|n| {
        let (office, id) = (&office, id.as_str());
        // Half of them touch the title, half the place: neither loses the other's.
        let fields = if n % 2 == 0 {
            json!({ "title": format!("T{n}") })
        } else {
            json!({ "location": format!("L{n}") })
        };
        async move { until_taken(|| office.patch(id, &fields)).await.expect(200) }
    }))
    .await;
    let versions: BTreeSet<_> = answers
        .iter()
        .map(|answer| answer["version"].as_u64().unwrap())
        .collect();
    assert_eq!(
        versions,
        (2..=1 + AT_ONCE).collect(),
        "every write is a version of its own"
    );
    let read = office.meeting(&id).await;
    assert_eq!(read["version"], 1 + AT_ONCE);
    for (field, parity) in [("title", 0), ("location", 1)] {
        let latest = answers.iter().enumerate().filter(|(n, _)| n % 2 == parity);
        let latest = latest
            .max_by_key(|(_, answer)| answer["version"].as_u64())
            .unwrap()
            .1;
        assert_eq!(
            read[field], latest[field],
            "the last writer's {field} stays"
        );
    }
}

/// CM-2, XC-5: of 50 concurrent replacements the attendees are one's whole set.
#[tokio::test]
async fn fifty_attendee_replacements_at_once_never_mix() {
    let office = Office::open().await;
    let id = id_of(&office.plan("c", &json!({})).await, "meeting_id");
    let list = |n: u64| -> Value {
        (0..3).map(|k| json!({ "email": format!("p{n}-{k}@example.org"), "name": format!("P{n}"), "role": "required" })).collect()
    };
    let answers = join_all((0..AT_ONCE).map(|n| {
        let (office, id, fields) = (&office, id.as_str(), json!({ "attendees": list(n) }));
        async move { until_taken(|| office.patch(id, &fields)).await.expect(200) }
    }))
    .await;
    for (n, answer) in (0..).zip(&answers) {
        assert_eq!(answer["attendees"], list(n));
    }
    let latest = answers
        .iter()
        .max_by_key(|answer| answer["version"].as_u64())
        .unwrap();
    let read = office.meeting(&id).await;
    assert_eq!(
        (&read["attendees"], &read["version"]),
        (&latest["attendees"], &json!(1 + AT_ONCE))
    );
}

/// XC-5: of 50 writers with the same `If-Match` one wins.
#[tokio::test]
async fn of_fifty_writers_from_one_version_one_wins() {
    let office = Office::open().await;
    let id = id_of(&office.plan("c", &json!({})).await, "meeting_id");
    let path = format!("/api/v1/orgs/{}/meetings/{id}", office.org);
    let answers = join_all((0..AT_ONCE).map(|n| {
        let event = office
            .event("PATCH", &path, Some(&json!({ "title": format!("T{n}") })))
            .header("if-match", "\"1\"");
        office.process.api(event)
    }))
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(
        statuses[1..].iter().all(|status| *status == 412),
        "{statuses:?}"
    );
    assert_eq!(office.meeting(&id).await["version"], 2);
}

/// CM-7: 50 concurrent "schedule now" of a mock meeting mint one id.
#[tokio::test]
async fn fifty_schedulings_at_once_keep_one_id() {
    let office = Office::open().await;
    let id = id_of(&office.plan("c", &json!({})).await, "meeting_id");
    let answers = join_all((0..AT_ONCE).map(|_| until_taken(|| office.schedule(&id)))).await;
    let ids: BTreeSet<_> = answers
        .iter()
        .map(|answer| id_of(&answer.expect(200), "external_event_id"))
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(
        office.meeting(&id).await["external_event_id"],
        json!(ids.first())
    );
}

/// CM-3: meetings that are created while the schedule comes to exist are linked
/// or were there before it; none is linked by halves.
#[tokio::test]
async fn creations_while_a_schedule_is_set_are_linked_or_not_at_all() {
    let office = Office::open().await;
    let create = |delay: u64| {
        let office = &office;
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
            let fields = json!({});
            until_taken(|| office.try_plan("c", &fields))
                .await
                .expect(201)
        }
    };
    let put = async {
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        join_all(
            (0..4).map(|_| until_taken(|| office.put_schedule("c", "QUARTERLY", "2027-01-15"))),
        )
        .await
    };
    let (made, puts) = tokio::join!(join_all((0..AT_ONCE).map(|n| create(n * 4))), put);
    assert_eq!(
        puts.iter().filter(|answer| answer.status == 201).count(),
        1,
        "one creates it, the others find it"
    );
    let schedules: BTreeSet<_> = puts
        .iter()
        .map(|answer| id_of(&answer.json(), "control_schedule_id"))
        .collect();
    assert_eq!(schedules.len(), 1);
    let linked: BTreeSet<_> = made
        .iter()
        .filter(|meeting| !meeting["control_schedule_id"].is_null())
        .inspect(|meeting| assert!(schedules.contains(&id_of(meeting, "control_schedule_id"))))
        .map(|meeting| id_of(meeting, "meeting_id"))
        .collect();
    assert!(!linked.is_empty());
    office.complete("c", "2026-11-20").await.expect(200);
    office.work().await;
    for meeting in &made {
        let id = id_of(meeting, "meeting_id");
        let next = &office.meeting(&id).await["next_occurrence"];
        let expected = if linked.contains(&id) {
            "2027-04-15T07:00:00Z"
        } else {
            "2027-01-15T08:00:00Z"
        };
        assert_eq!(*next, expected, "{meeting}");
    }
    // The count of links is right: the frequency is free exactly when the last link goes.
    for id in &linked {
        assert_eq!(
            office
                .put_schedule("c", "MONTHLY", "2027-01-15")
                .await
                .problem(409),
            "meetings_linked"
        );
        office.delete(id).await.expect(200);
    }
    office
        .put_schedule("c", "MONTHLY", "2027-01-15")
        .await
        .expect(200);
}
