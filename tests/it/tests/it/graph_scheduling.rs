//! Meetings on Microsoft 365: what is sent, what comes back, what follows a change.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use graph_simulator::{MailKind, demo};
use it::gateway::Event;
use it::office::Office;
use serde_json::{Value, json};

/// A series: frequency, first occurrence, zone.
const SERIES: [(&str, &str, &str); 14] = [
    ("DAILY", "2027-01-10T09:00", "Europe/Madrid"),
    ("DAILY", "2027-09-20T01:30", "America/Vancouver"),
    ("WEEKLY", "2027-01-15T09:00", "America/Vancouver"),
    ("WEEKLY", "2027-01-04T23:30", "Africa/Casablanca"),
    ("MONTHLY", "2027-01-31T09:00", "Europe/Madrid"),
    ("MONTHLY", "2027-01-30T09:00", "Africa/Casablanca"),
    ("MONTHLY", "2027-01-29T00:15", "Asia/Kolkata"),
    ("QUARTERLY", "2027-01-31T09:00", "America/Vancouver"),
    ("QUARTERLY", "2026-11-30T09:00", "Europe/Madrid"),
    ("QUARTERLY", "2027-01-15T09:00", "Europe/Berlin"),
    ("ANNUAL", "2028-02-29T09:00", "Asia/Kolkata"),
    ("ANNUAL", "2028-02-29T23:30", "America/Vancouver"),
    ("ANNUAL", "2027-03-26T02:30", "Europe/Madrid"),
    ("ANNUAL", "2027-12-31T09:00", "Africa/Casablanca"),
];

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

/// CM-5, CM-10: what Graph's calendar shows is what our preview says, for five
/// years or a hundred occurrences.
#[tokio::test]
async fn every_series_on_the_calendar_is_the_one_we_preview() {
    let check = |(frequency, start, zone): (&'static str, &'static str, &'static str)| async move {
        let office = Office::open().await;
        let fields = json!({ "frequency": frequency, "start": start, "timezone": zone });
        let id = office.scheduled(&fields).await;
        let preview = office
            .call(
                "GET",
                &format!("/meetings/{id}/occurrences?count=100"),
                None,
            )
            .await
            .expect(200);
        let mut ours = instants(&preview, "start");
        let first = ours[0];
        ours.retain(|start| *start < first + TimeDelta::days(1820));
        let last = *ours.last().expect("occurrences");
        let theirs = office
            .calendar_view(first - TimeDelta::days(2), last + TimeDelta::minutes(1))
            .await;
        assert!(ours.len() >= 5, "{frequency} {start} {zone}");
        assert_eq!(ours, theirs, "{frequency} {start} {zone}");
        assert_eq!(office.on_calendar().len(), 1);
    };
    // Boxed: fourteen of them at once are more than a test thread's stack.
    join_all(SERIES.map(|series| Box::pin(check(series)))).await;
}

/// CM-10: one recurring event; quarterly is every third month, in the meeting's zone.
#[tokio::test]
async fn scheduling_creates_one_recurring_event() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    let answer = office.schedule(&id).await.expect(200);
    let [event] = office.on_calendar().try_into().expect("one event");
    assert_eq!(answer["external_event_id"], event.id.as_str());
    assert_eq!(answer["provider"], "graph");
    assert_eq!(answer["last_occurrence"], "2027-01-15T08:00:00Z");
    assert_eq!(answer["next_occurrence"], "2027-01-15T08:00:00Z");
    assert_eq!(answer["join_url"].as_str(), event.join_url.as_deref());
    let [post] = office
        .requests("POST", "/events")
        .try_into()
        .expect("one POST");
    let body = post.body.expect("a body");
    assert_eq!(
        body["recurrence"]["pattern"],
        json!({ "type": "absoluteMonthly", "interval": 3, "dayOfMonth": 15 })
    );
    assert_eq!(
        body["recurrence"]["range"],
        json!({ "type": "noEnd", "startDate": "2027-01-15" })
    );
    assert_eq!(body["start"]["dateTime"], "2027-01-15T09:00:00");
    assert_eq!(body["isOnlineMeeting"], true);
    assert!(post.headers["prefer"].contains("IdType=\"ImmutableId\""));
    let meeting = office.meeting(&id).await;
    assert_eq!(meeting["status"], "scheduled");
    assert_eq!(meeting["external_event_id"], event.id.as_str());
    assert_eq!(office.intents().await, Vec::<Value>::new());
}

/// CM-2, CM-10, XC-14: attendees keep their roles; who has no address is left out and named.
#[tokio::test]
async fn attendees_keep_their_roles_and_the_unreachable_are_left_out() {
    let office = Office::open().await;
    let bob =
        json!({ "email": demo::BOB_UPN, "name": "Bob Baker", "timezone": "UTC", "locale": "en" });
    let put = office
        .process
        .api(office.event("PUT", "/api/v1/users/u-bob", Some(&bob)))
        .await;
    assert!(matches!(put.status, 200 | 201), "{put:?}");
    let id = office
        .scheduled(&json!({ "attendees": [
            { "email": demo::ANN_UPN, "name": "Ann Archer" },
            { "user_id": "u-bob", "role": "optional" },
            { "email": demo::ROOM_UPN, "name": "Room 1", "role": "resource" },
            { "user_id": "u-nobody" } ] }))
        .await;
    let body = office.requests("POST", "/events")[0]
        .body
        .clone()
        .expect("a body");
    let sent: Vec<_> = body["attendees"]
        .as_array()
        .expect("attendees")
        .iter()
        .map(|one| {
            (
                one["emailAddress"]["address"].as_str().unwrap(),
                one["type"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        sent,
        [
            (demo::ANN_UPN, "required"),
            (demo::BOB_UPN, "optional"),
            (demo::ROOM_UPN, "resource")
        ]
    );
    let meeting = office.meeting(&id).await;
    assert_eq!(
        meeting["unreachable_attendees"],
        json!([{ "user_id": "u-nobody", "role": "required" }])
    );
    assert_eq!(meeting["attendees"].as_array().map(Vec::len), Some(4));
}

/// CM-10: an agenda is text, never markup, in the event's HTML body.
#[tokio::test]
async fn html_in_a_description_is_text() {
    let office = Office::open().await;
    let hostile = "<script>alert('x')</script>\n</p><img src=\"a\"> & more";
    office
        .scheduled(&json!({ "description": hostile, "is_online": false }))
        .await;
    let body = office.requests("POST", "/events")[0]
        .body
        .clone()
        .expect("a body");
    assert_eq!(
        body["body"]["content"],
        "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</p><p>&lt;/p&gt;&lt;img src=&quot;a&quot;&gt; &amp; more</p>"
    );
}

/// CM-9, CM-10: the Teams link comes back and is in the .ics.
#[tokio::test]
async fn the_teams_link_is_in_the_file() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    let link = office.on_calendar()[0]
        .join_url
        .clone()
        .expect("a Teams meeting");
    assert_eq!(office.meeting(&id).await["join_url"], link.as_str());
    let path = format!("/api/v1/orgs/{}/meetings/{id}/ics", office.org);
    let file = office.process.ics(office.event("GET", &path, None)).await;
    assert_eq!(file.status, 200);
    let text = String::from_utf8(file.body)
        .expect("UTF-8")
        .replace("\r\n ", "");
    assert!(
        text.contains(&format!("URL:{link}")) || text.contains(&format!("URI:{link}")),
        "{text}"
    );
}

/// CM-7: scheduling again updates the same event.
#[tokio::test]
async fn scheduling_again_updates_the_event() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    let first = office.on_calendar()[0].id.clone();
    let again = office.schedule(&id).await.expect(200);
    assert_eq!(again["external_event_id"], first.as_str());
    assert_eq!(office.requests("POST", "/events").len(), 1);
    assert_eq!(office.requests("PATCH", "").len(), 1);
    assert_eq!(office.on_calendar().len(), 1);
}

/// CM-12: a new title reaches the calendar in the background; the Teams meeting
/// and the occurrences that have passed stay.
#[tokio::test]
async fn a_new_title_keeps_the_teams_meeting_and_the_past() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({ "description": "Scope" })).await;
    let before = office.on_calendar()[0].clone();
    office
        .patch(
            &id,
            &json!({ "title": "Scope and segmentation", "description": "New agenda" }),
        )
        .await
        .expect(200);
    assert_eq!(
        office.on_calendar()[0].subject,
        "PCI Scope Review",
        "not within the request"
    );
    office.settle().await;
    let [after] = office.on_calendar().try_into().expect("one event");
    assert_eq!(after.subject, "Scope and segmentation");
    assert_eq!((after.id, &after.join_url), (before.id, &before.join_url));
    assert!(after.join_url.is_some());
    let body = after.graph["body"]["content"].as_str().expect("a body");
    assert!(
        body.contains("New agenda") && !body.contains("<p>Scope</p>"),
        "{body}"
    );
    let [patch] = office.requests("PATCH", "").try_into().expect("one PATCH");
    let sent = patch.body.expect("a body");
    assert!(
        sent.get("recurrence").is_none() && sent.get("start").is_none(),
        "{sent}"
    );
}

/// CM-5, CM-12: a new time moves the series.
#[tokio::test]
async fn a_new_time_moves_the_series() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office
        .patch(
            &id,
            &json!({ "start": "2027-02-28T14:00", "frequency": "MONTHLY" }),
        )
        .await
        .expect(200);
    office.settle().await;
    let preview = office
        .call("GET", &format!("/meetings/{id}/occurrences?count=30"), None)
        .await
        .expect(200);
    let ours = instants(&preview, "start");
    let theirs = office
        .calendar_view(
            ours[0] - TimeDelta::days(90),
            ours[29] + TimeDelta::minutes(1),
        )
        .await;
    assert_eq!(ours, theirs);
    assert_eq!(ours[0].to_rfc3339(), "2027-02-28T13:00:00+00:00");
}

/// CM-7: another provider takes the event off the calendar.
#[tokio::test]
async fn leaving_the_provider_removes_the_event() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office
        .patch(&id, &json!({ "provider": "ics" }))
        .await
        .expect(200);
    office.settle().await;
    assert!(office.on_calendar().is_empty());
    let meeting = office.meeting(&id).await;
    assert_eq!(
        (&meeting["status"], &meeting["external_event_id"]),
        (&json!("planned"), &Value::Null)
    );
    assert_eq!(office.schedule(&id).await.expect(200)["provider"], "ics");
}

/// CM-12: cancelling and deleting take the event off the calendar; attendees hear of it.
#[tokio::test]
async fn cancelling_and_deleting_remove_the_event() {
    let office = Office::open().await;
    let (cancelled, deleted) = (
        office.scheduled(&json!({})).await,
        office.scheduled(&json!({})).await,
    );
    assert_eq!(office.on_calendar().len(), 2);
    let answer = office.cancel(&cancelled).await.expect(200);
    assert_eq!(answer["status"], "cancelled");
    assert!(answer.get("warning").is_none(), "{answer}");
    let answer = office.delete(&deleted).await;
    assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    assert!(office.on_calendar().is_empty());
    let told = office
        .graph
        .mails()
        .into_iter()
        .filter(|mail| mail.kind == MailKind::Cancellation);
    assert_eq!(
        told.map(|mail| mail.to).collect::<Vec<_>>(),
        vec![vec![demo::ANN_UPN.to_owned()]; 2]
    );
    assert_eq!(office.intents().await, Vec::<Value>::new());
}

/// CM-12: the event is looked for in the mailbox that it was made in, whoever
/// organises new ones by then.
#[tokio::test]
async fn an_event_is_removed_from_the_mailbox_that_holds_it() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    let other = office.with_organizer(demo::BOB_UPN);
    let path = format!("/api/v1/orgs/{}/meetings/{id}", office.org);
    let again = other
        .api(office.event("POST", &format!("{path}/schedule"), None))
        .await;
    again.expect(200);
    assert_eq!(office.on_calendar().len(), 1);
    assert!(office.graph.events(demo::BOB_UPN).is_empty());
    let cancelled = other
        .api(office.event("POST", &format!("{path}/cancel"), None))
        .await
        .expect(200);
    assert!(cancelled.get("warning").is_none(), "{cancelled}");
    assert!(office.on_calendar().is_empty());
}

/// XC-3: another organisation finds nothing here, and its Graph is not this one.
#[tokio::test]
async fn graph_belongs_to_the_one_organisation_it_is_configured_for() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    let path = format!("/api/v1/orgs/{}/meetings/{id}/schedule", office.org);
    let stranger = Event::new("POST", &path).internal("stranger", "u-1", it::api::ALL_SCOPES);
    assert!(matches!(
        office.process.api(stranger).await.status,
        403 | 404
    ));
    let path = "/api/v1/orgs/stranger/meeting-providers";
    let providers = Event::new("GET", path).internal("stranger", "u-1", it::api::ALL_SCOPES);
    let matrix = office.process.api(providers).await.expect(200);
    let graph = matrix
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["provider"] == "graph")
        .unwrap()
        .clone();
    assert_eq!(graph["configured"], false);
    assert!(office.graph.received().is_empty());
}
