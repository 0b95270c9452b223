//! The calendar file of an appointment, as independent readers see it (AP-6 to AP-8).

use it::practice::{CLIENT, CONTACT_EMAIL, Practice, TECHNICIAN_EMAIL, read_file};
use it::ses::SENDER;
use serde_json::{Value, json};

fn path(id: &str) -> String {
    format!("/api/v1/appointment-requests/{id}/ics")
}

/// AP-8: without a meeting the file names time, zone and people, and no place.
#[tokio::test]
async fn the_file_of_an_appointment_without_meeting() {
    let practice = Practice::without_teams().await;
    let fields = json!({ "requested_date": "2027-07-15", "timezone": "America/New_York", "requested_time": "16:30" });
    let id = practice.booked(&fields).await;
    let file = practice.file(&id).await;
    assert_eq!(
        file.header("content-type"),
        Some("text/calendar; charset=utf-8")
    );
    assert!(
        file.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(file.header("etag"), Some("\"2\""));
    let read = read_file(&file);
    assert_eq!(read["method"], Value::Null);
    assert_eq!(read["zones"], json!(["America/New_York"]));
    let start = json!(["2027-07-15T20:30:00Z"]);
    assert_eq!(
        read["occurrences"],
        json!({ "by_name": start, "by_file": start })
    );
    let event = &read["events"][0];
    assert_eq!(event["uid"], format!("{id}@convoke.example"));
    assert_eq!(
        (&event["summary"], &event["status"]),
        (&json!("Quarterly review"), &json!("CONFIRMED"))
    );
    assert_eq!(event["description"], "Figures of the third quarter");
    assert_eq!(
        (&event["location"], &event["url"]),
        (&Value::Null, &Value::Null)
    );
    assert!(
        SENDER.contains(
            event["organizer"]["uri"]
                .as_str()
                .unwrap()
                .trim_start_matches("mailto:")
        )
    );
    let people: Vec<_> = event["attendees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["uri"].clone())
        .collect();
    assert_eq!(
        json!(people),
        json!([
            format!("mailto:{CONTACT_EMAIL}"),
            format!("mailto:{TECHNICIAN_EMAIL}")
        ])
    );
}

/// AP-8: only what is, or was, approved has a file; whoever may read the request may have it.
#[tokio::test]
async fn only_an_approved_appointment_has_a_file() {
    let practice = Practice::without_teams().await;
    let id = practice.requested(&json!({})).await;
    assert_eq!(
        practice.file(&id).await.problem(409),
        "request_not_approved"
    );
    let portal = || practice.portal("GET", &path(&id), None);
    assert_eq!(
        practice.process.ics(portal()).await.problem(409),
        "request_not_approved"
    );
    practice.tell(&id, "approve", &json!({})).await.expect(200);
    assert_eq!(
        practice.process.ics(portal()).await.body,
        practice.file(&id).await.body
    );
    let colleague = practice.visitor((CLIENT, "a-colleague"), "GET", &path(&id), None);
    assert_eq!(practice.process.ics(colleague).await.status, 200);
    let stranger = practice.visitor(("client-2", "contact-1"), "GET", &path(&id), None);
    assert_eq!(
        practice.process.ics(stranger).await.problem(404),
        "not_found"
    );
    for id in ["x", "00000000-0000-7000-8000-000000000000"] {
        assert_eq!(practice.file(id).await.problem(404), "not_found", "{id}");
    }
    practice
        .call("DELETE", &format!("/{id}"), None)
        .await
        .expect(200);
    assert_eq!(practice.file(&id).await.problem(404), "not_found");
}

/// AP-6, AP-7: the file follows: SEQUENCE rises, the end is CANCELLED under the same UID.
#[tokio::test]
async fn the_file_follows_the_appointment() {
    let practice = Practice::without_teams().await;
    let id = practice.booked(&json!({})).await;
    let read = async || {
        let read = read_file(&practice.file(&id).await);
        assert_eq!(read["events"][0]["uid"], format!("{id}@convoke.example"));
        json!([
            read["events"][0]["sequence"],
            read["events"][0]["status"],
            read["occurrences"]["by_file"][0],
            read["events"][0]["alarms"]
        ])
    };
    assert_eq!(
        read().await,
        json!([0, "CONFIRMED", "2026-12-01T08:00:00Z", 1])
    );
    practice
        .tell(
            &id,
            "reschedule",
            &json!({ "new_date": "2027-06-01", "new_time": "10:00" }),
        )
        .await
        .expect(200);
    assert_eq!(
        read().await,
        json!([1, "CONFIRMED", "2027-06-01T08:00:00Z", 1])
    );
    practice
        .move_entry(&id, &json!({ "start": "2027-06-02T08:00:00Z" }))
        .await
        .expect(200);
    assert_eq!(
        read().await,
        json!([2, "CONFIRMED", "2027-06-02T08:00:00Z", 1])
    );
    practice.tell(&id, "cancel", &json!({})).await.expect(200);
    assert_eq!(
        read().await,
        json!([3, "CANCELLED", "2027-06-02T08:00:00Z", 0])
    );
}

/// AP-4, AP-8: with a Teams meeting the file has place, URL, CONFERENCE and the
/// join line, once; and none of them once it is cancelled.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn the_file_of_a_teams_appointment_leads_to_the_meeting() {
    let practice = Practice::open().await;
    let id = practice.approved().await;
    let link = practice.read(&id).await["online_meeting_url"]
        .as_str()
        .unwrap()
        .to_owned();
    for file in [
        practice.file(&id).await,
        practice
            .process
            .ics(practice.portal("GET", &path(&id), None))
            .await,
    ] {
        let read = read_file(&file);
        assert_eq!(read["method"], Value::Null);
        let event = &read["events"][0];
        assert_eq!(event["location"], "Microsoft Teams Meeting");
        assert_eq!(event["url"], json!(link));
        let line = format!("Join Teams Meeting: {link}");
        let description = event["description"].as_str().unwrap();
        assert!(
            description.starts_with("Figures of the third quarter") && description.ends_with(&line),
            "{description}"
        );
        assert_eq!(description.matches("Join Teams Meeting").count(), 1);
        let conference = it::practice::unfolded(&file)
            .lines()
            .filter(|line| line.starts_with("CONFERENCE;"))
            .map(str::to_owned)
            .collect::<Vec<_>>();
        assert!(
            conference.len() == 1 && conference[0].ends_with(&link),
            "{conference:?}"
        );
    }
    practice.tell(&id, "cancel", &json!({})).await.expect(200);
    let file = practice.file(&id).await;
    let text = it::practice::unfolded(&file);
    assert!(
        !text.contains(&link) && !text.contains("CONFERENCE") && !text.contains("LOCATION"),
        "{text}"
    );
    assert_eq!(read_file(&file)["events"][0]["status"], "CANCELLED");
}
