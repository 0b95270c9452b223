//! A session in its host's Google calendar.

use google_simulator::demo;
use it::practice::{HOST, HOST_EMAIL, Practice, TECHNICIAN, TECHNICIAN_EMAIL};
use serde_json::json;

use super::diary::{ANN, Diary, text};

const LINK: &str = "https://meet.example/room?a=1&b=2";

/// IV-6: made with its texts, times, place, link and attendees; Google writes to
/// nobody.
#[tokio::test]
async fn a_planned_session_stands_in_the_hosts_calendar() {
    let diary = Diary::connected().await;
    let id = diary
        .planned(
            &json!({ "join_url": LINK, "location": "Room 1", "description": "Figures <b> & more" }),
        )
        .await;
    let event = diary.event(ANN);
    assert_eq!(event.ical_uid, format!("{id}@convoke.example"));
    assert_eq!(text(&event, "summary"), "Quarterly review");
    assert_eq!(text(&event, "location"), "Room 1");
    let expected = format!("Figures &lt;b&gt; & more\n\nJoin meeting: {LINK}");
    assert_eq!(text(&event, "description"), expected);
    let start = json!({ "dateTime": "2026-12-01T09:00:00", "timeZone": "Europe/Berlin" });
    let end = json!({ "dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Berlin" });
    assert_eq!(
        (&event.members["start"], &event.members["end"]),
        (&start, &end)
    );
    let attendees = event.attendees();
    assert_eq!(attendees.len(), 6, "{attendees:?}");
    assert!(attendees.contains(&HOST_EMAIL.to_owned()));
    assert!(attendees.contains(&TECHNICIAN_EMAIL.to_owned()));
    assert_eq!(diary.google.mails(), []);
    let connection = diary.read(HOST, "google").await;
    assert_eq!(connection["status"], "connected");
    assert!(connection["last_synced_at"].is_string(), "{connection}");
}

/// IV-6: answers, changes and the end of it are followed, in the one event.
#[tokio::test]
async fn a_session_is_followed_until_it_is_cancelled() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({ "join_url": LINK })).await;
    let made = diary.event(ANN);
    let session = diary
        .practice
        .session("GET", &id, "", None)
        .await
        .expect(200);
    let invitation = session["invitations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["user_id"] == TECHNICIAN)
        .unwrap_or_else(|| panic!("{session}"))["invitation_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/meetings/{id}/invitations/{invitation}/respond");
    let answer = json!({ "response": "declined" });
    let event = diary
        .practice
        .colleague(TECHNICIAN, "POST", &path, Some(&answer));
    diary.practice.process.api(event).await.expect(200);
    diary.work().await;
    let declined = diary.event(ANN);
    let tess = declined.members["attendees"].as_array().unwrap();
    let tess = tess
        .iter()
        .find(|one| one["email"] == TECHNICIAN_EMAIL)
        .unwrap();
    assert_eq!(tess["responseStatus"], "declined");

    diary
        .changed(
            &id,
            &json!({ "title": "Moved", "start": "2026-12-02T14:00", "location": "Room 2" }),
        )
        .await;
    let moved = diary.event(ANN);
    assert_eq!(moved.id, made.id);
    assert_eq!(text(&moved, "summary"), "Moved");
    assert_eq!(moved.members["start"]["dateTime"], "2026-12-02T14:00:00");
    assert!(moved.sequence > made.sequence);

    // Nothing that the calendar shows changed: nothing is called.
    diary.google.clear_received();
    diary
        .changed(&id, &json!({ "skip_invitation_emails": true }))
        .await;
    assert_eq!(diary.google.received().len(), 0);

    diary
        .practice
        .session("POST", &id, "/cancel", Some(&json!({})))
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(diary.count(ANN), 0);
    assert_eq!(diary.rows("session", &id).await.len(), 0);
    assert_eq!(diary.google.mails(), []);
}

/// IV-5, IV-6: what was held stays where it was.
#[tokio::test]
async fn an_ended_session_stays_in_the_calendar() {
    let diary = Diary::connected().await;
    let instant = json!({ "instant": true, "start": null });
    let mut body = Practice::session_plan(&instant);
    body.as_object_mut().unwrap().remove("start");
    let event = diary.practice.host("POST", "/api/v1/meetings", Some(&body));
    let made = Box::pin(diary.practice.process.api(event))
        .await
        .expect(201);
    let id = made["meeting_id"].as_str().unwrap();
    diary.work().await;
    diary.practice.clock.advance(chrono::TimeDelta::minutes(5));
    diary
        .practice
        .session("POST", id, "/end", Some(&json!({})))
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Quarterly review");
}

/// IV-6: a start in the second pass of a repeated hour keeps its instant.
#[tokio::test]
async fn a_session_in_a_repeated_hour_starts_when_it_does() {
    let diary = Diary::connected().await;
    diary
        .planned(&json!({ "start": "2027-10-31T01:30:00Z", "duration_minutes": 20 }))
        .await;
    let start = json!({ "dateTime": "2027-10-31T01:30:00", "timeZone": "UTC" });
    assert_eq!(diary.event(ANN).members["start"], start);
}

/// IV-6: who connects sees what lies ahead, and not what is over or cancelled.
#[tokio::test]
async fn a_new_connection_begins_with_what_lies_ahead() {
    let diary = Diary::open().await;
    let first = diary
        .planned(&json!({ "title": "First", "start": "2026-11-23T10:00" }))
        .await;
    diary
        .planned(&json!({ "title": "Second", "start": "2026-12-05T09:00" }))
        .await;
    let third = diary
        .planned(&json!({ "title": "Third", "start": "2026-12-06T09:00" }))
        .await;
    diary
        .practice
        .session("POST", &third, "/cancel", Some(&json!({})))
        .await
        .expect(200);
    diary.practice.clock.advance(chrono::TimeDelta::hours(6));
    diary.work().await;
    diary.connect(HOST, demo::REFRESH_TOKEN).await;
    diary.work().await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Second");
    assert_eq!(diary.rows("session", &first).await.len(), 0);
}

/// IV-6: who removed an event from their calendar does not get it back, unless it
/// takes place at another time.
#[tokio::test]
async fn what_its_user_removed_stays_gone_until_its_time_changes() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    let made = diary.event(ANN);
    diary.google.delete_by_hand(ANN, &made.id).unwrap();
    diary
        .changed(&id, &json!({ "title": "Another title" }))
        .await;
    assert_eq!(diary.count(ANN), 0);
    assert_eq!(diary.rows("session", &id).await[0]["is_removed"], true);
    diary.changed(&id, &json!({ "location": "Room 3" })).await;
    assert_eq!(diary.count(ANN), 0);
    diary
        .changed(&id, &json!({ "start": "2026-12-03T09:00" }))
        .await;
    let back = diary.event(ANN);
    assert_eq!(text(&back, "summary"), "Another title");
    assert_eq!(diary.google.all_events(ANN).len(), 1, "the same one");
    diary
        .practice
        .session("POST", &id, "/cancel", Some(&json!({})))
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(diary.count(ANN), 0);
}

/// IV-6: the same where Google has forgotten the deleted event by then.
#[tokio::test]
async fn what_is_gone_for_good_is_made_anew_at_its_new_time() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    diary
        .google
        .delete_by_hand(ANN, &diary.event(ANN).id)
        .unwrap();
    diary.google.forget_deleted();
    diary
        .changed(&id, &json!({ "title": "Another title" }))
        .await;
    assert_eq!(diary.count(ANN), 0);
    diary
        .changed(&id, &json!({ "start": "2026-12-03T09:00" }))
        .await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Another title");
}

/// IV-6: what the user wrote into the event by hand gives way to the next change.
#[tokio::test]
async fn a_users_own_edit_gives_way_to_the_next_change() {
    let diary = Diary::connected().await;
    let id = diary.planned(&json!({})).await;
    let made = diary.event(ANN);
    for n in 0..5 {
        let edit = json!({ "summary": format!("By hand {n}") });
        diary.google.edit_by_hand(ANN, &made.id, &edit).unwrap();
    }
    diary.changed(&id, &json!({ "title": "Ours" })).await;
    assert_eq!(text(&diary.event(ANN), "summary"), "Ours");
}
