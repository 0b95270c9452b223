//! A single event from creation to removal, the organiser named by object id.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use convoke_graph::{Deleted, EventChange, EventKind, GraphErrorClass, NewEvent};
use graph_simulator::{Fault, RemovalKind, demo};

use crate::world::{World, at, meeting};

const ORGANIZER: &str = demo::ORGANIZER_ID;
const EVENTS: &str = "/v1.0/users/*/events";

/// A Teams meeting without attendees: Convoke invites to it itself (AP-4).
fn appointment(transaction_id: &str) -> NewEvent {
    NewEvent {
        subject: "Consultation".into(),
        body_html: None,
        location: None,
        attendees: Vec::new(),
        ..meeting(transaction_id)
    }
}

fn day(day: u32) -> (DateTime<Utc>, DateTime<Utc>) {
    (at(day, 0).and_utc(), at(day + 1, 0).and_utc())
}

/// AP-4, AP-6, AP-7, OM-3: a single event's whole life; nobody is mailed by Exchange.
#[tokio::test]
async fn a_single_event_is_made_resolved_moved_and_removed() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &appointment("t-1"))
        .await
        .unwrap();
    assert_eq!(created.kind, EventKind::SingleInstance);
    let link = created.teams_join_url().unwrap();
    let online = session.resolve_online_meeting(ORGANIZER, link).await;
    let stored = world.on_calendar().remove(0);
    assert_eq!(online.unwrap(), stored.online_meeting_id);

    let change = EventChange::times(at(3, 14), at(3, 15), "Europe/Berlin");
    let moved = session
        .update_event(ORGANIZER, &created.id, &change)
        .await
        .unwrap();
    assert_eq!(moved.teams_join_url(), Some(link));
    let patches = world.requests("PATCH", &created.id.replace('=', "%3D"));
    let sent = patches[0].body.as_ref().unwrap().as_object().unwrap();
    let fields: Vec<_> = sent.keys().map(String::as_str).collect();
    assert_eq!(fields, ["end", "start"], "AP-6: only the times");
    let times = (at(3, 13).and_utc(), at(3, 14).and_utc());
    let stored = world.on_calendar().remove(0);
    assert_eq!((stored.start, stored.end), times);
    let online = &world.sim.online_meetings(ORGANIZER)[0];
    assert_eq!((online.start, online.end), times);

    assert_eq!(
        session.delete_event(ORGANIZER, &created.id).await.unwrap(),
        Deleted::Removed
    );
    let removed = world.sim.events(ORGANIZER)[0].removed.clone().unwrap();
    assert_eq!(removed.kind, RemovalKind::Deleted);
    assert_eq!(
        session.delete_event(ORGANIZER, &created.id).await.unwrap(),
        Deleted::AlreadyGone
    );
    assert!(world.sim.mails().is_empty());
}

/// AP-5, XC-8: the same transaction id adopts the event, another makes another.
#[tokio::test]
async fn a_repeated_create_adopts_the_single_event() {
    for status in [400, 409] {
        let world = World::start().await;
        world
            .sim
            .configure(|behaviour| behaviour.duplicate_transaction_status = status);
        let session = world.client.session(&world.profile);
        let first = session
            .create_event(ORGANIZER, &appointment("t-1"))
            .await
            .unwrap();
        let again = session
            .create_event(ORGANIZER, &appointment("t-1"))
            .await
            .unwrap();
        assert!(again.adopted && again.id == first.id);
        assert_eq!(again.teams_join_url(), first.teams_join_url());
        let other = session
            .create_event(ORGANIZER, &appointment("t-2"))
            .await
            .unwrap();
        assert!(!other.adopted && other.id != first.id);
        assert_eq!(world.on_calendar().len(), 2);
    }
}

/// XC-8: a single event is found in a window that it touches and in no other.
#[tokio::test]
async fn a_single_event_is_found_within_a_window() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let find = async |transaction, window| {
        session
            .find_event_by_transaction(ORGANIZER, transaction, window)
            .await
            .unwrap()
            .map(|found| (found.id, found.kind))
    };
    let created = session
        .create_event(ORGANIZER, &appointment("t-1"))
        .await
        .unwrap();
    let found = Some((created.id.clone(), EventKind::SingleInstance));
    assert_eq!(find("t-1", day(2)).await, found);
    assert_eq!(find("t-2", day(2)).await, None);
    assert_eq!(find("t-1", day(3)).await, None);
    let change = EventChange::times(at(3, 9), at(3, 10), "UTC");
    session
        .update_event(ORGANIZER, &created.id, &change)
        .await
        .unwrap();
    assert_eq!(find("t-1", day(2)).await, None);
    assert_eq!(find("t-1", day(3)).await, found);
    session.delete_event(ORGANIZER, &created.id).await.unwrap();
    assert_eq!(find("t-1", day(3)).await, None);
}

/// AP-5, XC-8: an event whose answer never came is found by its transaction, and a
/// repeat adopts it.
#[tokio::test]
async fn an_event_whose_answer_is_lost_is_found_again() {
    for fault in [
        Fault::on("POST", EVENTS).always().after().cut(),
        Fault::on("POST", EVENTS).always().after().delay_ms(5_000),
    ] {
        let world = World::start().await;
        world.sim.inject(fault);
        let session = world.client.session(&world.profile);
        let hasty = session.with_budget(Duration::from_secs(1));
        let error = hasty
            .create_event(ORGANIZER, &appointment("t-1"))
            .await
            .unwrap_err();
        assert!(error.outcome_unknown && error.retryable(), "{error:?}");
        let found = session
            .find_event_by_transaction(ORGANIZER, "t-1", day(2))
            .await
            .unwrap()
            .unwrap();
        world.sim.clear_faults();
        let again = session
            .create_event(ORGANIZER, &appointment("t-1"))
            .await
            .unwrap();
        assert_eq!((again.adopted, again.id), (true, found.id));
        assert_eq!(world.sim.events(ORGANIZER).len(), 1);
    }
}

/// OM-3: a 201 without a Teams meeting is seen, and the event can be removed.
#[tokio::test]
async fn a_single_event_without_teams_is_recognised_and_removed() {
    let world = World::start().await;
    let fault = Fault::on("POST", EVENTS).without_teams_meeting();
    world.sim.inject(fault);
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &appointment("t-1"))
        .await
        .unwrap();
    assert_eq!(created.teams_join_url(), None);
    session.delete_event(ORGANIZER, &created.id).await.unwrap();
    assert!(world.on_calendar().is_empty());
    let error = session
        .create_event(ORGANIZER, &appointment("t-1"))
        .await
        .unwrap_err();
    assert!(
        matches!(error.class, GraphErrorClass::DuplicateTransaction { .. }),
        "a new try takes a new transaction id: {error:?}"
    );
}

/// OM-3: a link that resolves late, and one that never does.
#[tokio::test]
async fn a_join_link_resolves_late_or_never() {
    let world = World::start().await;
    world.sim.configure(|b| b.resolution_lag_ms = 60_000);
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &appointment("t-1"))
        .await
        .unwrap();
    let link = created.teams_join_url().unwrap();
    let resolve = async || {
        session
            .resolve_online_meeting(ORGANIZER, link)
            .await
            .unwrap()
    };
    assert_eq!(resolve().await, None);
    world.sim.advance(TimeDelta::seconds(61));
    assert!(resolve().await.is_some());
    world.sim.configure(|b| b.resolution_lag_ms = u64::MAX);
    assert_eq!(resolve().await, None);
}

/// AP-5, AP-6, AP-7: what one route answers a few times is waited out, or has its class.
#[tokio::test]
async fn a_route_that_fails_for_a_while_has_its_class() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &appointment("t-1"))
        .await
        .unwrap();
    let change = EventChange::times(at(3, 9), at(3, 10), "UTC");
    let on = |n| Fault::on("PATCH", "/v1.0/users/*/events/*").times(n);
    let denied = "Access is denied. Check credentials and try again.";
    for (fault, class) in [
        (on(1).throttle("0.05"), None),
        (on(1).unavailable("0.05"), None),
        (on(1).error(500, "InternalServerError", "no"), None),
        (on(1).malformed_json(), None),
        (
            on(1).error(403, "ErrorAccessDenied", denied),
            Some(GraphErrorClass::ConsentMissing),
        ),
        (
            on(1).error(404, "ErrorItemNotFound", "gone"),
            Some(GraphErrorClass::NotFoundOrGone),
        ),
        (on(9).throttle("60"), Some(GraphErrorClass::Throttled)),
    ] {
        world.sim.clear_faults();
        world.sim.inject(fault);
        let answer = session.update_event(ORGANIZER, &created.id, &change).await;
        assert_eq!(answer.err().map(|error| error.class), class);
    }
}
