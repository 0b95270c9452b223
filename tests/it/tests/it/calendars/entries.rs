//! Schedule entries on their assignees' calendars.

use it::practice::{OTHER_TECHNICIAN, TECHNICIAN};
use serde_json::json;

#[cfg(feature = "enterprise")]
use super::diary::ANN;
use super::diary::{Diary, TESS, TESS_TOKEN, text};

async fn connected() -> Diary {
    let diary = Diary::open().await;
    diary.connect(TECHNICIAN, TESS_TOKEN).await;
    diary
}

/// IV-6, OM-6: an approved appointment stands in its technician's calendar, in its
/// own zone, moves with it, and goes with it.
#[tokio::test]
async fn an_appointment_stands_in_its_technicians_calendar() {
    let diary = connected().await;
    let practice = &diary.practice;
    let id = practice.booked(&json!({})).await;
    diary.work().await;
    let event = diary.event(TESS);
    assert_eq!(event.ical_uid, format!("{id}@convoke.example"));
    assert_eq!(text(&event, "summary"), "Quarterly review");
    assert_eq!(text(&event, "description"), "Figures of the third quarter");
    let start = json!({ "dateTime": "2026-12-01T09:00:00", "timeZone": "Europe/Berlin" });
    assert_eq!(event.members["start"], start);
    assert_eq!(event.attendees(), Vec::<String>::new());
    let moved = json!({ "start": "2026-12-02T13:15:00Z" });
    practice.move_entry(&id, &moved).await.expect(200);
    diary.work().await;
    let moved = diary.event(TESS);
    assert_eq!(moved.id, event.id);
    assert_eq!(moved.members["start"]["dateTime"], "2026-12-02T14:15:00");
    assert_eq!(moved.members["end"]["dateTime"], "2026-12-02T15:15:00");
    practice.tell(&id, "cancel", &json!({})).await.expect(200);
    diary.work().await;
    assert_eq!(diary.count(TESS), 0);
    assert_eq!(diary.rows("schedule_entry", &id).await.len(), 0);
}

/// IV-6: deleting the entry itself removes it too, and a technician who has
/// connected nothing costs nothing.
#[tokio::test]
async fn a_deleted_entry_goes_and_nobody_is_called_for_others() {
    let diary = connected().await;
    let id = diary.practice.booked(&json!({})).await;
    diary.work().await;
    diary
        .practice
        .entries("DELETE", &format!("/{id}"), None)
        .await
        .expect(200);
    diary.work().await;
    assert_eq!(diary.count(TESS), 0);
    diary.google.clear_received();
    let other =
        json!({ "preferred_assigned_user_id": OTHER_TECHNICIAN, "requested_time": "12:00" });
    diary.practice.booked(&other).await;
    diary.work().await;
    assert_eq!(diary.google.received().len(), 0);
}

/// IV-6: a new connection begins with the entries that lie ahead.
#[tokio::test]
async fn a_technician_who_connects_sees_their_entries() {
    let diary = Diary::open().await;
    diary.practice.booked(&json!({})).await;
    let other =
        json!({ "preferred_assigned_user_id": OTHER_TECHNICIAN, "requested_time": "12:00" });
    diary.practice.booked(&other).await;
    diary.work().await;
    diary.connect(TECHNICIAN, TESS_TOKEN).await;
    diary.work().await;
    assert_eq!(text(&diary.event(TESS), "summary"), "Quarterly review");
}

/// IV-6, AP-4: the description ends with the join line, also when it comes later.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn a_teams_link_ends_the_description_once() {
    let diary = connected().await;
    let practice = &diary.practice;
    practice.integrate(&json!({})).await;
    let id = practice.booked(&json!({})).await;
    diary.work().await;
    assert!(!text(&diary.event(TESS), "description").contains("Join"));
    practice
        .call("POST", &format!("/{id}/generate-meeting"), None)
        .await
        .expect(200);
    diary.work().await;
    let link = practice.read(&id).await["online_meeting_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let line = format!("Join Teams Meeting: {link}");
    let event = diary.event(TESS);
    let description = text(&event, "description");
    assert!(
        description.ends_with(&format!("\n\n{line}")),
        "{description}"
    );
    assert_eq!(description.matches("Join Teams Meeting").count(), 1);
}

/// IV-6, OM-4: an entry of several users stands in the calendar of each.
#[cfg(feature = "enterprise")]
#[tokio::test]
async fn an_entry_of_several_users_stands_with_each() {
    let diary = connected().await;
    diary
        .connect(OTHER_TECHNICIAN, google_simulator::demo::REFRESH_TOKEN)
        .await;
    diary.practice.integrate(&json!({})).await;
    let fields = json!({ "assigned_user_ids": [TECHNICIAN, OTHER_TECHNICIAN] });
    let meeting = diary.practice.met(&fields).await;
    diary.work().await;
    assert_eq!((diary.count(TESS), diary.count(ANN)), (1, 1));
    let event = diary.event(ANN);
    assert!(text(&event, "description").ends_with(&meeting.join_url));
    let path = format!("/{}/cancel", meeting.id);
    diary
        .practice
        .meetings("POST", &path, None)
        .await
        .expect(200);
    diary.work().await;
    assert_eq!((diary.count(TESS), diary.count(ANN)), (0, 0));
}

/// IV-6: what an entry's timeline or minutes change is nobody's calendar's business.
#[tokio::test]
async fn what_calendars_do_not_show_is_not_sent() {
    let diary = connected().await;
    let id = diary.practice.booked(&json!({})).await;
    diary.work().await;
    diary.google.clear_received();
    assert!(diary.sync("schedule_entry", &id).await);
    assert!(diary.sync("schedule_entry", &id).await);
    assert_eq!(diary.google.received().len(), 0);
}
