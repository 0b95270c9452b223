//! Free/busy.

use chrono::TimeDelta;
use convoke_graph::BusyStatus;
use serde_json::{Value, json};

use crate::fixtures::{ORGANIZER, at, client, profile, window};
use crate::server::{Server, answer, refusal};

fn item(hour: u32, status: &str, zone: &str) -> Value {
    json!({ "status": status, "isPrivate": false, "subject": "canary",
        "start": { "dateTime": format!("2026-11-02T{hour:02}:00:00.0000000"), "timeZone": zone },
        "end": { "dateTime": format!("2026-11-02T{:02}:00:00.0000000", hour + 1), "timeZone": zone } })
}

/// CM-10: `getSchedule` as documented, in UTC, with each mailbox's own outcome kept.
#[tokio::test]
async fn each_mailbox_has_its_own_answer() {
    let body = json!({ "value": [
        { "scheduleId": "ANN@example.com", "availabilityView": "0022",
          "scheduleItems": [item(9, "busy", "UTC"), item(11, "workingElsewhere", "UTC"), item(12, "new", "UTC")],
          "workingHours": { "daysOfWeek": ["monday"], "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
                            "timeZone": { "name": "W. Europe Standard Time" } } },
        { "scheduleId": "nobody@elsewhere.test",
          "error": { "message": "Unable to resolve nobody@elsewhere.test", "responseCode": "ErrorMailRecipientNotFound" } },
        { "scheduleId": "full@example.com", "availabilityView": "", "scheduleItems": [],
          "error": { "message": "too many", "responseCode": 5006 } },
        { "scheduleId": "zoned@example.com", "availabilityView": "2",
          "scheduleItems": [item(9, "busy", "Pacific Standard Time")] }
    ] });
    let server = Server::start([answer(200, &body.to_string())]).await;
    let who: Vec<String> = ["ann", "nobody", "full", "zoned", "silent"]
        .iter()
        .map(|name| {
            format!(
                "{name}@{}",
                if *name == "nobody" {
                    "elsewhere.test"
                } else {
                    "example.com"
                }
            )
        })
        .collect();
    let (client, profile) = (client(&server), profile());
    let schedules = client
        .session(&profile)
        .get_schedule(ORGANIZER, &who, window(), 30)
        .await
        .unwrap();

    let mailboxes: Vec<_> = schedules
        .iter()
        .map(|schedule| schedule.mailbox.clone())
        .collect();
    assert_eq!(mailboxes, who);
    let ann = &schedules[0];
    assert_eq!(
        (ann.availability_view.as_str(), ann.error.as_ref()),
        ("0022", None)
    );
    assert_eq!(
        (ann.items[0].start, ann.items[0].end),
        (at(9).and_utc(), at(10).and_utc())
    );
    let statuses: Vec<_> = ann.items.iter().map(|item| item.status).collect();
    assert_eq!(
        statuses,
        [
            BusyStatus::Busy,
            BusyStatus::WorkingElsewhere,
            BusyStatus::Unknown
        ]
    );
    let hours = ann.working_hours.as_ref().unwrap();
    assert_eq!(
        (hours.start.to_string().as_str(), hours.time_zone.as_str()),
        ("08:00:00", "W. Europe Standard Time")
    );
    let codes: Vec<_> = schedules[1..]
        .iter()
        .map(|schedule| schedule.error.as_ref().unwrap().code.clone())
        .collect();
    assert_eq!(
        codes,
        [
            "ErrorMailRecipientNotFound",
            "5006",
            "UnreadableTime",
            "MissingFromAnswer"
        ]
    );
    assert_eq!(
        schedules[1].error.as_ref().unwrap().message,
        "Unable to resolve [address]"
    );

    let request = &server.graph_requests()[0];
    assert_eq!(
        request.target,
        "/v1.0/users/organiser%40example.com/calendar/getSchedule"
    );
    assert!(request.all("prefer").contains(&"outlook.timezone=\"UTC\""));
    assert_eq!(
        request.json(),
        json!({ "schedules": who,
            "startTime": { "dateTime": "2026-11-02T08:00:00", "timeZone": "UTC" },
            "endTime": { "dateTime": "2026-11-02T18:00:00", "timeZone": "UTC" },
            "availabilityViewInterval": 30 })
    );
}

/// CM-10: never more than 20 mailboxes in one request.
#[tokio::test]
async fn many_mailboxes_are_asked_in_batches_of_twenty() {
    let server = Server::start((0..3).map(|_| answer(200, r#"{"value":[]}"#))).await;
    let who: Vec<String> = (0..45)
        .map(|number| format!("u{number}@example.com"))
        .collect();
    let (client, profile) = (client(&server), profile());
    let schedules = client
        .session(&profile)
        .get_schedule(ORGANIZER, &who, window(), 30)
        .await
        .unwrap();
    assert_eq!(schedules.len(), 45);
    let sizes: Vec<_> = server
        .graph_requests()
        .iter()
        .map(|request| request.json()["schedules"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [20, 20, 5]);
}

/// §4: what Graph would refuse is refused here.
#[tokio::test]
async fn windows_and_intervals_beyond_the_limits_are_refused_locally() {
    let server = Server::start([answer(200, r#"{"value":[]}"#)]).await;
    let (client, profile) = (client(&server), profile());
    let session = client.session(&profile);
    let (from, who) = (window().0, ["a@example.com".to_owned()]);
    for (to, interval, code) in [
        (from, 30, "ErrorInvalidTimeInterval"),
        (from - TimeDelta::hours(1), 30, "ErrorInvalidTimeInterval"),
        (
            from + TimeDelta::days(62) + TimeDelta::seconds(1),
            30,
            "ErrorTimeIntervalTooBig",
        ),
        (from + TimeDelta::hours(1), 4, "InvalidInterval"),
        (from + TimeDelta::hours(1), 1441, "InvalidInterval"),
    ] {
        let error = session
            .get_schedule(ORGANIZER, &who, (from, to), interval)
            .await
            .unwrap_err();
        assert_eq!(error.code, code);
    }
    assert!(server.received().is_empty());
    session
        .get_schedule(ORGANIZER, &who, (from, from + TimeDelta::days(62)), 1440)
        .await
        .unwrap();
    assert!(
        session
            .get_schedule(ORGANIZER, &[], window(), 30)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(server.graph_requests().len(), 1);
}

/// A POST that only asks never leaves an outcome open.
#[tokio::test]
async fn a_failed_schedule_leaves_nothing_open() {
    let server = Server::start((0..3).map(|_| refusal(500, "x", "y"))).await;
    let (client, profile) = (client(&server), profile());
    let who = ["a@example.com".to_owned()];
    let error = client
        .session(&profile)
        .get_schedule(ORGANIZER, &who, window(), 30)
        .await
        .unwrap_err();
    assert_eq!(
        (error.class.as_str(), error.outcome_unknown),
        ("transient", false)
    );
}
