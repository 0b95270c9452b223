//! A technician's time is held once (AP-3).

use it::practice::{OTHER_TECHNICIAN, Practice};
use serde_json::{Value, json};

/// Asked for on 1 December in UTC at this time, for so many minutes.
async fn asked(practice: &Practice, time: &str, minutes: u32) -> String {
    let fields =
        json!({ "requested_time": time, "requested_duration": minutes, "timezone": "UTC" });
    practice.requested(&fields).await
}

/// What approving says: `200`, or the conflict's code.
async fn approving(practice: &Practice, id: &str, fields: &Value) -> String {
    let answer = practice.tell(id, "approve", fields).await;
    match answer.status {
        200 => "200".to_owned(),
        _ => answer.problem(409),
    }
}

const TAKEN: &str = "technician_unavailable";

/// AP-3: of many overlapping requests that are approved at once exactly one
/// holds the technician, every time.
#[tokio::test]
async fn of_overlapping_requests_approved_at_once_one_holds() {
    let practice = Practice::without_teams().await;
    for round in 1..=8 {
        let mut ids = vec![];
        for at in 0..6 {
            let fields = json!({ "requested_date": format!("2027-02-{round:02}"), "requested_time": format!("09:{:02}", at * 5),
                "requested_duration": 60, "timezone": "UTC" });
            ids.push(practice.requested(&fields).await);
        }
        let all = json!({});
        let answers =
            futures_util::future::join_all(ids.iter().map(|id| approving(&practice, id, &all)))
                .await;
        let won: Vec<_> = ids
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| *answer == "200")
            .collect();
        assert_eq!(won.len(), 1, "round {round}: {answers:?}");
        assert_eq!(
            answers.iter().filter(|answer| *answer == TAKEN).count(),
            5,
            "{answers:?}"
        );
        for (id, answer) in ids.iter().zip(&answers) {
            let status = practice.read(id).await["status"].clone();
            assert_eq!(
                status,
                if answer == "200" {
                    "approved"
                } else {
                    "pending"
                }
            );
        }
        let path = format!("?from=2027-02-{round:02}&to=2027-02-{:02}", round + 1);
        let held = practice.entries("GET", &path, None).await.expect(200);
        assert_eq!(held["items"].as_array().unwrap().len(), 1, "round {round}");
    }
}

/// AP-3: approvals, moves and a cancellation at once, over midnight: no two of
/// what is held afterwards overlap.
#[tokio::test]
async fn whatever_is_raced_no_two_holds_overlap() {
    let practice = Practice::without_teams().await;
    for round in 0..4 {
        let date = format!("2027-03-{:02}", 2 * round + 1);
        let fields = |time: &str| json!({ "requested_date": date, "requested_time": time, "requested_duration": 90, "timezone": "UTC" });
        let held = practice.booked(&fields("20:00")).await;
        let moving = practice.booked(&fields("22:00")).await;
        let (one, two) = (
            practice.requested(&fields("23:00")).await,
            practice.requested(&fields("23:30")).await,
        );
        let to = json!({ "start": format!("{date}T23:15:00Z") });
        let reschedule = json!({ "new_date": date, "new_time": "23:20" });
        let none = json!({});
        tokio::join!(
            practice.tell(&one, "approve", &none),
            practice.tell(&two, "approve", &none),
            practice.move_entry(&moving, &to),
            practice.tell(&held, "reschedule", &reschedule),
        );
        let mut spans = vec![];
        for id in [&held, &moving, &one, &two] {
            let request = practice.read(id).await;
            if request["status"] == "approved" {
                spans.push((
                    it::requests::instant(&request["start"]),
                    it::requests::instant(&request["end"]),
                ));
            }
        }
        spans.sort();
        assert!(spans.len() >= 2, "{spans:?}");
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "round {round}: {spans:?}");
        }
        assert!(
            spans
                .iter()
                .any(|span| span.1.to_rfc3339() > format!("{date}T23:59")),
            "somebody got the late time: {spans:?}"
        );
    }
}

/// AP-3: neighbours fit; whatever overlaps is refused, unless overlaps are
/// allowed or another technician holds it.
#[tokio::test]
async fn what_overlaps_is_refused_unless_told_to() {
    let practice = Practice::without_teams().await;
    let first = asked(&practice, "10:00", 60).await;
    assert_eq!(approving(&practice, &first, &json!({})).await, "200");
    for (time, minutes, expected) in [
        ("09:00", 60, "200"),
        ("11:00", 15, "200"),
        ("09:30", 31, TAKEN),
        ("10:59", 15, TAKEN),
        ("10:15", 15, TAKEN),
        ("08:00", 300, TAKEN),
        ("10:00", 60, TAKEN),
    ] {
        let id = asked(&practice, time, minutes).await;
        assert_eq!(
            approving(&practice, &id, &json!({})).await,
            expected,
            "{time}"
        );
        if expected == TAKEN {
            assert_eq!(practice.read(&id).await["status"], "pending");
            let elsewhere = json!({ "assigned_user_id": OTHER_TECHNICIAN, "allow_overlap": true });
            assert_eq!(approving(&practice, &id, &elsewhere).await, "200");
        }
    }
    let double = asked(&practice, "10:00", 60).await;
    assert_eq!(
        approving(&practice, &double, &json!({ "allow_overlap": true })).await,
        "200"
    );
    // Taking one of two away leaves the other's hold.
    practice
        .tell(&first, "cancel", &json!({}))
        .await
        .expect(200);
    let third = asked(&practice, "10:00", 60).await;
    assert_eq!(approving(&practice, &third, &json!({})).await, TAKEN);
}

/// AP-3: a hold over midnight UTC counts on both days, from either side.
#[tokio::test]
async fn a_hold_over_midnight_counts_on_both_days() {
    let practice = Practice::without_teams().await;
    let night = |date: &str, time: &str, minutes: u32| json!({ "requested_date": date, "requested_time": time, "requested_duration": minutes, "timezone": "UTC" });
    let over = practice.booked(&night("2027-01-10", "23:00", 120)).await;
    for (date, time, minutes, expected) in [
        ("2027-01-10", "22:00", 60, "200"),
        ("2027-01-10", "22:30", 60, TAKEN),
        ("2027-01-11", "00:30", 30, TAKEN),
        ("2027-01-11", "00:00", 15, TAKEN),
        ("2027-01-11", "01:00", 30, "200"),
        ("2027-01-10", "20:00", 480, TAKEN),
    ] {
        let id = practice.requested(&night(date, time, minutes)).await;
        assert_eq!(
            approving(&practice, &id, &json!({})).await,
            expected,
            "{date} {time}"
        );
    }
    // Its end is free again once it is over: up to midnight sharp is one day's.
    let body = json!({ "new_date": "2027-01-10", "new_time": "23:00", "new_duration": 60 });
    practice.tell(&over, "reschedule", &body).await.expect(200);
    let after = practice.requested(&night("2027-01-11", "00:00", 60)).await;
    assert_eq!(approving(&practice, &after, &json!({})).await, "200");
}

/// AP-3, AP-6: a move takes the new time and gives the old free; onto one's own
/// time is fine, onto another's is refused and moves nothing.
#[tokio::test]
async fn a_move_frees_the_old_time_and_takes_the_new() {
    let practice = Practice::without_teams().await;
    let moved = asked(&practice, "10:00", 60).await;
    let other = asked(&practice, "14:00", 60).await;
    for id in [&moved, &other] {
        assert_eq!(approving(&practice, id, &json!({})).await, "200");
    }
    let to = |time: &str| json!({ "new_date": "2026-12-01", "new_time": time });
    practice
        .tell(&moved, "reschedule", &to("10:30"))
        .await
        .expect(200);
    practice
        .tell(&moved, "reschedule", &to("10:30"))
        .await
        .expect(200);
    let before = practice.read(&moved).await;
    assert_eq!(
        practice
            .tell(&moved, "reschedule", &to("13:30"))
            .await
            .problem(409),
        TAKEN
    );
    let onto = json!({ "start": "2026-12-01T13:45:00Z" });
    assert_eq!(practice.move_entry(&moved, &onto).await.problem(409), TAKEN);
    assert_eq!(practice.read(&moved).await, before);
    let late = asked(&practice, "10:00", 30).await;
    assert_eq!(
        approving(&practice, &late, &json!({})).await,
        "200",
        "10:00 to 10:30 is free again"
    );
    let mut forced = to("13:30");
    forced["allow_overlap"] = json!(true);
    practice
        .tell(&moved, "reschedule", &forced)
        .await
        .expect(200);
    let mut back = onto;
    back["allow_overlap"] = json!(true);
    practice.move_entry(&moved, &back).await.expect(200);
    let again = asked(&practice, "10:30", 60).await;
    assert_eq!(approving(&practice, &again, &json!({})).await, "200");
}

/// AP-3, AP-7: whichever way an appointment ends, its time is free.
#[tokio::test]
async fn an_appointment_that_ends_gives_its_time_free() {
    let practice = Practice::without_teams().await;
    for end in ["decline", "cancel", "delete", "delete the entry"] {
        let id = asked(&practice, "23:30", 60).await;
        assert_eq!(approving(&practice, &id, &json!({})).await, "200", "{end}");
        match end {
            "decline" => practice.tell(&id, end, &json!({ "reason": "no" })).await,
            "cancel" => practice.tell(&id, end, &json!({})).await,
            "delete" => practice.call("DELETE", &format!("/{id}"), None).await,
            _ => practice.entries("DELETE", &format!("/{id}"), None).await,
        }
        .expect(200);
    }
    let id = asked(&practice, "23:30", 60).await;
    assert_eq!(approving(&practice, &id, &json!({})).await, "200");
}
