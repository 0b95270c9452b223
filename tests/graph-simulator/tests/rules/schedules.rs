//! getSchedule (graph-protocol §4).

use chrono::{DateTime, Utc};
use graph_simulator::{BusyTime, ScheduleError, ShowAs, User, demo};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, invited, plain, with};

fn path() -> String {
    format!("/users/{}/calendar/getSchedule", demo::ORGANIZER_ID)
}

fn at(time: &str) -> Value {
    json!({"dateTime": time, "timeZone": "UTC"})
}

/// Eight to twelve UTC on 2 November 2026, in half hours.
fn ask(schedules: &[&str]) -> Value {
    json!({"schedules": schedules, "startTime": at("2026-11-02T08:00:00"), "endTime": at("2026-11-02T12:00:00")})
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn busy(peer: &Peer, user: &str, start: &str, end: &str, status: ShowAs) {
    let block = BusyTime {
        start: instant(start),
        end: instant(end),
        status,
        subject: "Dentist".into(),
        private: false,
    };
    peer.sim
        .update_user(user, |user| user.mailbox.busy.push(block))
        .unwrap();
}

#[tokio::test]
async fn free_busy_comes_from_own_events_invitations_and_seeded_times() {
    let peer = Peer::start().await;
    let body = with(json!({"attendees": [invited(demo::ANN_UPN), invited(demo::ROOM_UPN)]}));
    peer.create(&body).await;
    busy(
        &peer,
        demo::ANN_UPN,
        "2026-11-02T10:45:00Z",
        "2026-11-02T11:10:00Z",
        ShowAs::Oof,
    );
    let answer = peer
        .post(
            &path(),
            &ask(&[
                demo::ORGANIZER_UPN,
                demo::ANN_UPN,
                demo::ROOM_UPN,
                demo::BOB_UPN,
            ]),
        )
        .await;
    let views: Vec<&Value> = answer
        .values()
        .iter()
        .map(|s| &s["availabilityView"])
        .collect();
    // The organiser is busy, those invited tentative, rooms accept at once.
    assert_eq!(views, ["22000000", "11000330", "22000000", "00000000"]);
    let ann = &answer.values()[1];
    assert_eq!(ann["scheduleId"], demo::ANN_UPN);
    assert_eq!(ann["scheduleItems"][1]["status"], "oof");
    assert_eq!(ann["scheduleItems"][1]["subject"], "Dentist");
    let start = json!({"dateTime": "2026-11-02T10:45:00.0000000", "timeZone": "UTC"});
    assert_eq!(ann["scheduleItems"][1]["start"], start);
    assert_eq!(ann["workingHours"]["startTime"], "08:00:00.0000000");
    assert_eq!(
        ann["workingHours"]["timeZone"]["name"],
        "W. Europe Standard Time"
    );
}

#[tokio::test]
async fn the_busiest_entry_wins_a_slot_and_the_interval_is_honoured() {
    let peer = Peer::start().await;
    busy(
        &peer,
        demo::BOB_ID,
        "2026-11-02T08:00:00Z",
        "2026-11-02T10:00:00Z",
        ShowAs::Tentative,
    );
    busy(
        &peer,
        demo::BOB_ID,
        "2026-11-02T09:00:00Z",
        "2026-11-02T09:30:00Z",
        ShowAs::Busy,
    );
    busy(
        &peer,
        demo::BOB_ID,
        "2026-11-02T11:00:00Z",
        "2026-11-02T12:30:00Z",
        ShowAs::Free,
    );
    let mut body = ask(&[demo::BOB_UPN]);
    for (interval, view) in [(30, "11210000"), (60, "1200"), (240, "2"), (90, "210")] {
        body["availabilityViewInterval"] = interval.into();
        let answer = peer.post(&path(), &body).await;
        assert_eq!(answer.values()[0]["availabilityView"], view);
    }
}

#[tokio::test]
async fn working_elsewhere_shows_as_0_or_4() {
    let peer = Peer::start().await;
    busy(
        &peer,
        demo::BOB_ID,
        "2026-11-02T08:00:00Z",
        "2026-11-02T12:00:00Z",
        ShowAs::WorkingElsewhere,
    );
    let answer = peer.post(&path(), &ask(&[demo::BOB_UPN])).await;
    assert_eq!(answer.values()[0]["availabilityView"], "00000000");
    assert_eq!(
        answer.values()[0]["scheduleItems"][0]["status"],
        "workingElsewhere"
    );
    peer.sim.configure(|b| b.working_elsewhere_digit = '4');
    let answer = peer.post(&path(), &ask(&[demo::BOB_UPN])).await;
    assert_eq!(answer.values()[0]["availabilityView"], "44444444");
}

#[tokio::test]
async fn what_is_wrong_with_one_mailbox_comes_inside_the_200() {
    let peer = Peer::start().await;
    let refuse = |user: &mut User| {
        user.mailbox.schedule_error = Some(ScheduleError {
            code: "ErrorNoFreeBusyAccess".into(),
            message: "no".into(),
        });
    };
    peer.sim.update_user(demo::BOB_ID, refuse).unwrap();
    let answer = peer
        .post(
            &path(),
            &ask(&["nobody@elsewhere.test", demo::BOB_UPN, demo::ANN_UPN]),
        )
        .await;
    let codes: Vec<&Value> = answer
        .values()
        .iter()
        .map(|s| &s["error"]["responseCode"])
        .collect();
    assert_eq!(
        codes,
        [
            &json!("ErrorMailRecipientNotFound"),
            &json!("ErrorNoFreeBusyAccess"),
            &Value::Null
        ]
    );
    assert_eq!(answer.values()[0]["availabilityView"], "");
}

#[tokio::test]
async fn more_than_a_thousand_entries_are_5006() {
    let peer = Peer::start().await;
    let many = |user: &mut User| {
        let block = BusyTime {
            start: instant("2026-11-02T09:00:00Z"),
            end: instant("2026-11-02T10:00:00Z"),
            status: ShowAs::Busy,
            subject: String::new(),
            private: true,
        };
        user.mailbox.busy = vec![block; 1001];
    };
    peer.sim.update_user(demo::BOB_ID, many).unwrap();
    let answer = peer.post(&path(), &ask(&[demo::BOB_UPN])).await;
    assert_eq!(answer.values()[0]["error"]["responseCode"], "5006");
    peer.sim
        .update_user(demo::BOB_ID, |user| user.mailbox.busy.truncate(1000))
        .unwrap();
    let answer = peer.post(&path(), &ask(&[demo::BOB_UPN])).await;
    assert_eq!(answer.values()[0]["error"], Value::Null);
    assert!(
        answer.values()[0]["scheduleItems"][0]
            .get("subject")
            .is_none(),
        "private"
    );
}

#[tokio::test]
async fn a_hundred_mailboxes_are_the_limit() {
    let peer = Peer::start().await;
    let mut all = vec![demo::ANN_UPN; 100];
    assert_eq!(peer.post(&path(), &ask(&all)).await.values().len(), 100);
    all.push(demo::BOB_UPN);
    let answer = peer.post(&path(), &ask(&all)).await;
    assert_eq!(answer.refusal(), (400, "ErrorMailboxDataArrayTooBig"));
    assert!(
        answer
            .message()
            .contains("allowed size = 100; the actual size = 101.")
    );
}

#[tokio::test]
async fn sixty_two_days_are_the_limit() {
    let peer = Peer::start().await;
    let mut body = ask(&[demo::ANN_UPN]);
    body["endTime"] = at("2027-01-03T08:00:00");
    assert_eq!(peer.post(&path(), &body).await.status, 200);
    body["endTime"] = at("2027-01-04T08:00:00");
    let answer = peer.post(&path(), &body).await;
    assert_eq!(answer.refusal(), (400, "ErrorTimeIntervalTooBig"));
    assert!(
        answer
            .message()
            .contains("allowed limit = 62 days; the actual limit = 63 days.")
    );
}

#[tokio::test]
async fn a_window_has_a_positive_length() {
    let peer = Peer::start().await;
    for end in ["2026-11-02T08:00:00", "2026-11-01T08:00:00"] {
        let mut body = ask(&[demo::ANN_UPN]);
        body["endTime"] = at(end);
        let answer = peer.post(&path(), &body).await;
        assert_eq!(answer.refusal(), (400, "ErrorInvalidTimeInterval"));
    }
}

#[tokio::test]
async fn the_interval_is_5_to_1440_minutes_and_null_breaks_the_server() {
    let peer = Peer::start().await;
    let with_interval = |interval: Value| {
        let mut body = ask(&[demo::ANN_UPN]);
        body["availabilityViewInterval"] = interval;
        body
    };
    for (interval, status) in [
        (json!(5), 200),
        (json!(1440), 200),
        (json!(4), 400),
        (json!(1441), 400),
        (json!("30"), 400),
        (Value::Null, 500),
    ] {
        let answer = peer.post(&path(), &with_interval(interval.clone())).await;
        assert_eq!(answer.status, status, "{interval}");
    }
}

#[tokio::test]
async fn every_parameter_is_checked() {
    let peer = Peer::start().await;
    for (name, wrong) in [
        ("schedules", json!([])),
        ("schedules", json!("ann@contoso.example")),
        ("schedules", json!([1])),
        ("startTime", json!("2026-11-02T08:00:00Z")),
        (
            "startTime",
            json!({"dateTime": "2026-11-02T08:00:00Z", "timeZone": "UTC"}),
        ),
        (
            "endTime",
            json!({"dateTime": "2026-11-02T12:00:00", "timeZone": "Mars"}),
        ),
        ("users", json!([])),
    ] {
        let mut body = ask(&[demo::ANN_UPN]);
        body[name] = wrong.clone();
        assert_eq!(
            peer.post(&path(), &body).await.status,
            400,
            "{name} {wrong}"
        );
    }
}

#[tokio::test]
async fn times_of_items_follow_the_preferred_zone() {
    let peer = Peer::start().await;
    peer.create(&plain()).await;
    let request = peer
        .request(Method::POST, &path())
        .json(&ask(&[demo::ORGANIZER_UPN]));
    let answer = Answer::of(request.header("prefer", "outlook.timezone=\"Europe/Berlin\"")).await;
    let start = json!({"dateTime": "2026-11-02T09:00:00.0000000", "timeZone": "Europe/Berlin"});
    assert_eq!(answer.values()[0]["scheduleItems"][0]["start"], start);
}

#[tokio::test]
async fn reading_free_busy_takes_the_least_role_only() {
    let mut peer = Peer::start().await;
    let basic = |app: &mut graph_simulator::App| {
        app.consents
            .insert(demo::TENANT_ID.into(), vec!["Calendars.ReadBasic".into()]);
    };
    peer.sim.update_app(demo::CLIENT_ID, basic).unwrap();
    peer.renew_token().await;
    assert_eq!(peer.post(&path(), &ask(&[demo::ANN_UPN])).await.status, 200);
    assert_eq!(peer.create(&plain()).await.status, 403);
}
