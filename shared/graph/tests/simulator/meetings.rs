//! Online meetings behind join links, and those without an event.

use chrono::TimeDelta;
use convoke_graph::{Deleted, GraphErrorClass};
use graph_simulator::{AccessPolicy, JoinUrlShape, Unresolved, demo};

use crate::world::{World, at, meeting, quarterly};

const ORGANIZER: &str = demo::ORGANIZER_UPN;

/// OM-3: both shapes of join link resolve, for single events and series.
#[tokio::test]
async fn join_links_of_both_shapes_resolve() {
    for shape in [JoinUrlShape::MeetupJoin, JoinUrlShape::Meet] {
        let world = World::start().await;
        world
            .sim
            .configure(|behaviour| behaviour.join_url_shape = shape);
        let session = world.client.session(&world.profile);
        for event in [meeting("single"), quarterly("series")] {
            let created = session.create_event(ORGANIZER, &event).await.unwrap();
            let link = created.teams_join_url().unwrap();
            let found = session
                .resolve_online_meeting(demo::ORGANIZER_ID, link)
                .await
                .unwrap();
            let meetings = world.sim.online_meetings(ORGANIZER);
            let stored = meetings
                .iter()
                .find(|stored| stored.join_url == link)
                .unwrap();
            assert_eq!(found.as_ref(), Some(&stored.id));
        }
    }
}

/// OM-3: a meeting that cannot be resolved yet is none, not an error, whichever way Graph says it.
#[tokio::test]
async fn resolution_that_lags_is_none_until_it_is_there() {
    for unresolved in [Unresolved::EmptyList, Unresolved::NotFound] {
        let world = World::start().await;
        world.sim.configure(|behaviour| {
            behaviour.resolution_lag_ms = 60_000;
            behaviour.unresolved_join_url = unresolved;
        });
        let session = world.client.session(&world.profile);
        let created = session
            .create_event(ORGANIZER, &meeting("t-1"))
            .await
            .unwrap();
        let link = created.teams_join_url().unwrap();
        assert_eq!(
            session
                .resolve_online_meeting(demo::ORGANIZER_ID, link)
                .await
                .unwrap(),
            None
        );
        world.sim.advance(TimeDelta::seconds(61));
        assert!(
            session
                .resolve_online_meeting(demo::ORGANIZER_ID, link)
                .await
                .unwrap()
                .is_some()
        );
    }
}

/// TS-5: another user's meeting is refused as such.
#[tokio::test]
async fn another_organisers_meeting_is_not_ours() {
    let world = World::start().await;
    let apps = vec![demo::CLIENT_ID.to_owned()];
    world
        .sim
        .update_user(demo::BOB_UPN, |user| {
            user.access_policy = Some(AccessPolicy {
                apps,
                effective_at: None,
            });
        })
        .unwrap();
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    let link = created.teams_join_url().unwrap();
    let error = session
        .resolve_online_meeting(demo::BOB_ID, link)
        .await
        .unwrap_err();
    assert_eq!(error.class, GraphErrorClass::NotOrganiser);
}

/// AP-6, AP-7: a legacy meeting without an event is moved and removed by its own id.
#[tokio::test]
async fn a_meeting_without_an_event_is_moved_and_removed() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let old = (at(2, 9).and_utc(), at(2, 10).and_utc());
    let legacy = world.sim.add_online_meeting(ORGANIZER, "Old", old.0, old.1);
    let id = legacy.unwrap().id;
    let (start, end) = (at(5, 9).and_utc(), at(5, 10).and_utc());
    session
        .update_online_meeting_times(demo::ORGANIZER_ID, &id, start, end)
        .await
        .unwrap();
    let stored = &world.sim.online_meetings(ORGANIZER)[0];
    assert_eq!((stored.start, stored.end), (start, end));
    assert_eq!(
        session
            .delete_online_meeting(demo::ORGANIZER_ID, &id)
            .await
            .unwrap(),
        Deleted::Removed
    );
    assert!(world.sim.online_meetings(ORGANIZER).is_empty());
    assert_eq!(
        session
            .delete_online_meeting(demo::ORGANIZER_ID, &id)
            .await
            .unwrap(),
        Deleted::AlreadyGone
    );
}
