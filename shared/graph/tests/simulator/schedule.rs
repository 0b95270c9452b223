//! Free/busy.

use convoke_graph::BusyStatus;
use graph_simulator::{BusyTime, ScheduleError, ShowAs, demo};

use crate::world::{World, at, meeting};

/// CM-10: busy times of organiser and attendees in UTC, each failure with its own mailbox.
#[tokio::test]
async fn free_busy_is_read_in_utc_with_failures_per_mailbox() {
    let world = World::start().await;
    world
        .sim
        .update_user(demo::ANN_UPN, |user| {
            user.mailbox.busy = vec![BusyTime {
                start: at(2, 13).and_utc(),
                end: at(2, 14).and_utc(),
                status: ShowAs::Oof,
                subject: "canary".into(),
                private: true,
            }];
        })
        .unwrap();
    let refused = ScheduleError {
        code: "ErrorNoFreeBusyAccess".into(),
        message: "x".into(),
    };
    world
        .sim
        .update_user(demo::BOB_UPN, |user| {
            user.mailbox.schedule_error = Some(refused);
        })
        .unwrap();
    let session = world.client.session(&world.profile);
    session
        .create_event(demo::ORGANIZER_UPN, &meeting("t-1"))
        .await
        .unwrap();

    let nobody = "nobody@elsewhere.test";
    let who = [demo::ORGANIZER_UPN, demo::ANN_UPN, demo::BOB_UPN, nobody].map(String::from);
    let window = (at(2, 6).and_utc(), at(2, 18).and_utc());
    let schedules = session
        .get_schedule(demo::ORGANIZER_UPN, &who, window, 30)
        .await
        .unwrap();

    let organizer = &schedules[0];
    assert_eq!(organizer.availability_view.len(), 24);
    assert_eq!(
        (organizer.items[0].start, organizer.items[0].status),
        (at(2, 8).and_utc(), BusyStatus::Busy)
    );
    let hours = organizer.working_hours.as_ref().unwrap();
    assert_eq!(
        (hours.start.to_string().as_str(), hours.days.len()),
        ("08:00:00", 5)
    );
    let ann = schedules[1]
        .items
        .iter()
        .find(|item| item.status == BusyStatus::OutOfOffice)
        .unwrap();
    assert_eq!(
        (ann.start, ann.end),
        (at(2, 13).and_utc(), at(2, 14).and_utc())
    );
    let code = |index: usize| {
        schedules[index]
            .error
            .as_ref()
            .map(|error| error.code.as_str())
    };
    assert_eq!(
        [code(0), code(1), code(2)],
        [None, None, Some("ErrorNoFreeBusyAccess")]
    );
    assert_eq!(code(3), Some("ErrorMailRecipientNotFound"));
}

/// CM-10: more mailboxes than Graph takes at once.
#[tokio::test]
async fn more_than_a_hundred_mailboxes_are_asked() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let who: Vec<String> = (0..110)
        .map(|number| format!("u{number}@elsewhere.test"))
        .collect();
    let window = (at(2, 6).and_utc(), at(2, 18).and_utc());
    let schedules = session
        .get_schedule(demo::ORGANIZER_UPN, &who, window, 30)
        .await
        .unwrap();
    assert_eq!(schedules.len(), 110);
    assert_eq!(world.requests("POST", "/getSchedule").len(), 6);
}
