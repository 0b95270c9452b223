//! The life of an event.

use chrono::Weekday;
use convoke_graph::{
    Deleted, EventChange, EventKind, GraphErrorClass, Recurrence, RecurrencePattern,
    RecurrenceRange,
};
use graph_simulator::{MailKind, RemovalKind, demo};

use crate::world::{World, at, meeting, quarterly};

const ORGANIZER: &str = demo::ORGANIZER_UPN;

/// CM-10, OM-3, AP-6, AP-7: create, read, move, delete.
#[tokio::test]
async fn an_event_is_created_moved_and_deleted() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    assert!(!created.adopted && created.kind == EventKind::SingleInstance);
    assert_eq!(created.start, Some(at(2, 8).and_utc()), "09:00 in Berlin");
    let stored = &world.on_calendar()[0];
    assert_eq!(
        (stored.id.as_str(), stored.join_url.as_deref()),
        (created.id.as_str(), created.teams_join_url())
    );

    let change = EventChange::times(at(3, 14), at(3, 15), "Europe/Berlin");
    let moved = session
        .update_event(ORGANIZER, &created.id, &change)
        .await
        .unwrap();
    assert_eq!(moved.start, Some(at(3, 13).and_utc()));
    assert_eq!(moved.teams_join_url(), created.teams_join_url());
    let read = session
        .get_event(ORGANIZER, &created.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (read.end, read.ical_uid),
        (Some(at(3, 14).and_utc()), created.ical_uid)
    );

    assert_eq!(
        session.delete_event(ORGANIZER, &created.id).await.unwrap(),
        Deleted::Removed
    );
    assert_eq!(
        session.delete_event(ORGANIZER, &created.id).await.unwrap(),
        Deleted::AlreadyGone
    );
    assert!(
        session
            .get_event(ORGANIZER, &created.id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(world.on_calendar().is_empty());
}

/// CM-10: every cadence's pattern is one that Graph takes.
#[tokio::test]
async fn every_pattern_and_range_is_accepted() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let start_date = at(2, 9).date();
    let patterns = [
        RecurrencePattern::Daily,
        RecurrencePattern::Weekly { day: Weekday::Mon },
        RecurrencePattern::AbsoluteMonthly {
            interval: 1,
            day_of_month: 2,
        },
        RecurrencePattern::AbsoluteMonthly {
            interval: 3,
            day_of_month: 2,
        },
        RecurrencePattern::AbsoluteYearly {
            day_of_month: 2,
            month: 11,
        },
    ];
    let ranges = [
        RecurrenceRange::NoEnd { start_date },
        RecurrenceRange::EndDate {
            start_date,
            end_date: at(30, 9).date(),
        },
        RecurrenceRange::Numbered {
            start_date,
            occurrences: 4,
        },
    ];
    for (number, pattern) in patterns.into_iter().enumerate() {
        for range in ranges {
            let mut event = meeting(&format!("t-{number}-{range:?}"));
            event.recurrence = Some(Recurrence { pattern, range });
            let created = session.create_event(ORGANIZER, &event).await.unwrap();
            assert_eq!(
                created.kind,
                EventKind::SeriesMaster,
                "{pattern:?} {range:?}"
            );
            assert!(created.teams_join_url().is_some());
        }
    }
}

/// CM-12: cancelling tells attendees, with the comment.
#[tokio::test]
async fn a_cancellation_carries_its_comment() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    assert_eq!(
        session
            .cancel_event(ORGANIZER, &created.id, "No time")
            .await
            .unwrap(),
        Deleted::Removed
    );
    let removal = world.sim.events(ORGANIZER)[0].removed.clone().unwrap();
    assert_eq!(
        (removal.kind, removal.comment.as_deref()),
        (RemovalKind::Cancelled, Some("No time"))
    );
    let kinds: Vec<_> = world.sim.mails().iter().map(|mail| mail.kind).collect();
    assert_eq!(kinds, [MailKind::Invitation, MailKind::Cancellation]);
    assert_eq!(
        session
            .cancel_event(ORGANIZER, &created.id, "")
            .await
            .unwrap(),
        Deleted::AlreadyGone
    );
}

/// XC-8, OM-3: the same transaction id makes one event, however often it is sent,
/// at either status and for series too.
#[tokio::test]
async fn a_repeated_create_adopts_the_first_event() {
    for (status, names_it, on_occurrences) in [
        (409, false, false),
        (400, false, true),
        (409, true, false),
        (400, true, true),
    ] {
        let world = World::start().await;
        world.sim.configure(|behaviour| {
            behaviour.duplicate_transaction_status = status;
            behaviour.duplicate_names_existing_event = names_it;
            behaviour.transaction_id_on_occurrences = on_occurrences;
        });
        let session = world.client.session(&world.profile);
        for event in [meeting("single"), quarterly("series")] {
            let first = session.create_event(ORGANIZER, &event).await.unwrap();
            let again = session.create_event(ORGANIZER, &event).await.unwrap();
            assert!(!first.adopted && again.adopted);
            assert_eq!(again.id, first.id);
            assert_eq!(
                (again.kind, again.ical_uid.as_ref()),
                (first.kind, first.ical_uid.as_ref())
            );
            assert_eq!(again.teams_join_url(), first.teams_join_url());
        }
        assert_eq!(world.on_calendar().len(), 2);
    }
}

/// OM-3: an event that was moved since is adopted where it is now, if Graph names it.
#[tokio::test]
async fn a_moved_event_is_adopted_where_it_is() {
    let world = World::start().await;
    world
        .sim
        .configure(|behaviour| behaviour.duplicate_names_existing_event = true);
    let session = world.client.session(&world.profile);
    let first = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    let change = EventChange::times(at(20, 9), at(20, 10), "UTC");
    session
        .update_event(ORGANIZER, &first.id, &change)
        .await
        .unwrap();
    let again = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    assert_eq!((again.id, again.adopted), (first.id, true));
}

/// OM-3: a deleted event is not adopted, even where it can still be read by its id.
#[tokio::test]
async fn a_deleted_event_is_not_adopted() {
    let world = World::start().await;
    world.sim.configure(|behaviour| {
        behaviour.duplicate_names_existing_event = true;
        behaviour.deleted_events_answer_by_immutable_id = true;
    });
    let session = world.client.session(&world.profile);
    let first = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    session.delete_event(ORGANIZER, &first.id).await.unwrap();
    let error = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.class, GraphErrorClass::DuplicateTransaction { .. }),
        "{error:?}"
    );
    assert!(!error.retryable());
    assert!(world.on_calendar().is_empty());
}

/// XC-8: the reconciler's search: pages of other events, single and series, exact ids.
#[tokio::test]
async fn an_event_is_found_by_its_transaction() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    for number in 0..130 {
        session
            .create_event(ORGANIZER, &meeting(&format!("other-{number}")))
            .await
            .unwrap();
    }
    session
        .create_event(ORGANIZER, &quarterly("other-series"))
        .await
        .unwrap();
    let single = session
        .create_event(ORGANIZER, &meeting("wanted"))
        .await
        .unwrap();
    let series = session
        .create_event(ORGANIZER, &quarterly("wanted-series"))
        .await
        .unwrap();

    let first = (at(2, 0).and_utc(), at(3, 0).and_utc());
    let find = async |transaction, window| {
        session
            .find_event_by_transaction(ORGANIZER, transaction, window)
            .await
            .unwrap()
    };
    assert_eq!(find("wanted", first).await.unwrap().id, single.id);
    let found = find("wanted-series", first).await.unwrap();
    assert_eq!(
        (found.id, found.kind, found.ical_uid),
        (series.id, EventKind::SeriesMaster, series.ical_uid)
    );
    assert_eq!(find("WANTED", first).await, None);
    let elsewhere = (at(10, 0).and_utc(), at(11, 0).and_utc());
    assert_eq!(find("wanted", elsewhere).await, None);
}

/// OM-3: a 201 does not mean a Teams meeting; the caller sees it and can remove the event.
#[tokio::test]
async fn an_event_without_a_teams_meeting_is_recognised() {
    let world = World::start().await;
    let unavailable = graph_simulator::OnlineMeetingSupport::Unavailable;
    world
        .sim
        .update_user(ORGANIZER, |user| user.mailbox.online_meetings = unavailable)
        .unwrap();
    let session = world.client.session(&world.profile);
    assert!(
        !session
            .get_calendar(ORGANIZER)
            .await
            .unwrap()
            .allows_teams()
    );
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    assert_eq!(created.teams_join_url(), None);
    assert_eq!(
        session.delete_event(ORGANIZER, &created.id).await.unwrap(),
        Deleted::Removed
    );
}
