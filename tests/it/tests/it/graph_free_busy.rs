//! Who is free when, from Microsoft 365 (CM-10).

use chrono::{DateTime, TimeDelta, Utc};
use graph_simulator::{BusyTime, Fault, ShowAs, demo};
use it::office::Office;
use serde_json::{Value, json};

fn instants(list: &Value, field: &str) -> Vec<DateTime<Utc>> {
    let items = list["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| {
            item[field]
                .as_str()
                .expect("an instant")
                .parse()
                .expect("RFC 3339")
        })
        .collect()
}

/// CM-10: free, busy and unknown people are told apart.
#[tokio::test]
async fn availability_says_who_is_free() {
    let office = Office::open().await;
    office
        .graph
        .update_user(demo::ANN_UPN, |ann| {
            ann.mailbox
                .busy
                .push(busy("2027-01-15T08:30:00Z", "2027-01-15T08:45:00Z"));
        })
        .unwrap();
    let attendees = json!([{ "email": demo::ANN_UPN, "name": "Ann" }, { "email": demo::BOB_UPN, "name": "Bob" },
        { "email": "nobody@elsewhere.example", "name": "Nobody" }]);
    let id = office.create(&json!({ "attendees": attendees })).await;
    let answer = office.schedule(&id).await.expect(200);
    let status = |email: &str| {
        let list = answer["availability"].as_array().expect("availability");
        list.iter()
            .find(|one| one["email"] == email)
            .unwrap_or_else(|| panic!("{email}: {answer}"))
            .clone()
    };
    assert_eq!(status(demo::ANN_UPN)["status"], "busy");
    assert_eq!(status(demo::BOB_UPN)["status"], "free");
    assert_eq!(status(demo::ORGANIZER_UPN)["status"], "free");
    let unknown = status("nobody@elsewhere.example");
    assert_eq!(
        (&unknown["status"], &unknown["detail"]),
        (&json!("unknown"), &json!("ErrorMailRecipientNotFound"))
    );
}

fn busy(start: &str, end: &str) -> BusyTime {
    BusyTime {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        status: ShowAs::Busy,
        subject: String::new(),
        private: false,
    }
}

/// CM-10: slots are times at which the organiser and everybody required are free.
#[tokio::test]
async fn slots_avoid_the_required_and_name_the_optional() {
    let office = Office::open().await;
    for (person, start, end) in [
        (
            demo::ANN_UPN,
            "2027-01-18T09:00:00Z",
            "2027-01-18T12:00:00Z",
        ),
        (
            demo::ORGANIZER_UPN,
            "2027-01-18T13:00:00Z",
            "2027-01-18T14:00:00Z",
        ),
        (
            demo::BOB_UPN,
            "2027-01-18T12:00:00Z",
            "2027-01-18T13:00:00Z",
        ),
    ] {
        office
            .graph
            .update_user(person, |user| user.mailbox.busy.push(busy(start, end)))
            .unwrap();
    }
    let attendees = json!([{ "email": demo::ANN_UPN, "name": "Ann" },
        { "email": demo::BOB_UPN, "name": "Bob", "role": "optional" }]);
    let id = office.create(&json!({ "attendees": attendees })).await;
    let path = format!("/meetings/{id}/slots?from=2027-01-18T08:00:00Z&to=2027-01-18T16:00:00Z");
    let slots = office.call("GET", &path, None).await.expect(200);
    let starts = instants(&slots, "start");
    let ends = instants(&slots, "end");
    assert!(!starts.is_empty());
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    for (start, end) in starts.iter().zip(&ends) {
        assert_eq!(*end - *start, TimeDelta::hours(1));
        let free_of = |from: &str, to: &str| *end <= at(from) || *start >= at(to);
        assert!(
            free_of("2027-01-18T09:00:00Z", "2027-01-18T12:00:00Z"),
            "{start}"
        );
        assert!(
            free_of("2027-01-18T13:00:00Z", "2027-01-18T14:00:00Z"),
            "{start}"
        );
    }
    let items = slots["items"].as_array().unwrap();
    let noon = items
        .iter()
        .find(|slot| slot["start"] == "2027-01-18T12:00:00Z")
        .expect("Bob alone is no obstacle");
    assert_eq!(noon["conflicts"], json!([demo::BOB_UPN]));
    office
        .graph
        .inject(
            Fault::on("POST", "**/getSchedule")
                .always()
                .error(403, "ErrorAccessDenied", "no"),
        );
    assert_eq!(
        office.call("GET", &path, None).await.status,
        503,
        "slots are nothing without free/busy"
    );
}
