//! What is on the calendar after something went wrong.

use std::time::Duration;

use convoke_graph::{Deleted, EventChange};
use graph_simulator::{Fault, demo};

use crate::world::{World, at, meeting, quarterly};

const ORGANIZER: &str = demo::ORGANIZER_UPN;
const EVENTS: &str = "/v1.0/users/*/events";

/// XC-8, OM-3: whatever becomes of the answer, there is one event, and the caller has it.
#[tokio::test]
async fn a_lost_answer_leaves_one_event_and_the_caller_has_it() {
    let post = || Fault::on("POST", EVENTS).after();
    for fault in [
        post().cut(),
        post().truncate(),
        post().malformed_json(),
        post().html(502),
        post().error(503, "serviceNotAvailable", "busy"),
        post().unavailable("0.05"),
        post().hang(),
        Fault::on("POST", EVENTS).cut(),
        Fault::on("POST", EVENTS).error(500, "ErrorInternalServerError", "x"),
        Fault::on("POST", EVENTS).throttle("0.05"),
    ] {
        let after = format!("{fault:?}");
        let world = World::start().await;
        world.sim.inject(fault);
        let session = world.client.session(&world.profile);
        for event in [meeting("single"), quarterly("series")] {
            let created = session.create_event(ORGANIZER, &event).await.unwrap();
            let own = world
                .on_calendar()
                .into_iter()
                .find(|stored| stored.id == created.id)
                .unwrap();
            assert_eq!(
                own.transaction_id.as_deref(),
                Some(event.transaction_id.as_str()),
                "{after}"
            );
            assert_eq!(own.join_url.as_deref(), created.teams_join_url(), "{after}");
        }
        assert_eq!(world.on_calendar().len(), 2, "{after}");
    }
}

/// XC-8: a create that fails for good says whether an event may exist, and it tells the truth.
#[tokio::test]
async fn an_open_outcome_is_reported_exactly_when_an_event_may_exist() {
    for (fault, open) in [
        (Fault::on("POST", EVENTS).always().after().cut(), true),
        (Fault::on("POST", EVENTS).always().throttle("60"), false),
        (
            Fault::on("POST", EVENTS)
                .always()
                .error(403, "ErrorAccessDenied", "no"),
            false,
        ),
        (Fault::on("POST", "**/token").always().html(503), false),
    ] {
        let world = World::start().await;
        world.sim.inject(fault);
        let session = world
            .client
            .session(&world.profile)
            .with_budget(Duration::from_secs(3));
        let error = session
            .create_event(ORGANIZER, &meeting("t-1"))
            .await
            .unwrap_err();
        assert_eq!(error.outcome_unknown, open, "{error:?}");
        assert_eq!(world.on_calendar().len(), usize::from(open));
    }
}

/// AP-6, AP-7: changes and removals whose answers are lost end as they should.
#[tokio::test]
async fn lost_answers_of_changes_and_removals_are_repeated() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();

    world
        .sim
        .inject(Fault::on("PATCH", "/v1.0/users/*/events/*").after().cut());
    let change = EventChange::times(at(3, 9), at(3, 10), "UTC");
    let moved = session
        .update_event(ORGANIZER, &created.id, &change)
        .await
        .unwrap();
    assert_eq!(moved.start, Some(at(3, 9).and_utc()));

    world.sim.inject(
        Fault::on("PATCH", "/v1.0/users/*/events/*")
            .after()
            .truncate(),
    );
    let agenda = EventChange {
        body_html: Some("<p>New</p>".into()),
        ..EventChange::default()
    };
    let changed = session
        .update_event(ORGANIZER, &created.id, &agenda)
        .await
        .unwrap();
    assert_eq!(changed.teams_join_url(), created.teams_join_url());

    world.sim.inject(
        Fault::on("DELETE", "/v1.0/users/*/events/*")
            .after()
            .html(504),
    );
    assert_eq!(
        session.delete_event(ORGANIZER, &created.id).await.unwrap(),
        Deleted::AlreadyGone
    );
    assert!(world.on_calendar().is_empty());
}

/// §8: an expired token is replaced without the caller noticing.
#[tokio::test]
async fn expired_tokens_are_replaced() {
    let world = World::start().await;
    let session = world.client.session(&world.profile);
    let created = session
        .create_event(ORGANIZER, &meeting("t-1"))
        .await
        .unwrap();
    world.sim.expire_tokens();
    assert!(
        session
            .get_event(ORGANIZER, &created.id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(world.requests("POST", "/token").len(), 2);
}

/// §8: the simulator's own throttling (four at once per mailbox) is waited out.
#[tokio::test]
async fn concurrent_calls_on_one_mailbox_are_throttled_and_succeed() {
    let world = World::start().await;
    world.sim.configure(|behaviour| {
        behaviour.mailbox_concurrency = 1;
        behaviour.retry_after = Some("0.05".into());
        behaviour.latency_ms = 20;
    });
    let session = world.client.session(&world.profile);
    session.get_user(ORGANIZER).await.unwrap();
    let (first, second) = (meeting("a"), meeting("b"));
    let (a, b) = tokio::join!(
        session.create_event(ORGANIZER, &first),
        session.create_event(ORGANIZER, &second)
    );
    a.unwrap();
    b.unwrap();
    let throttled = world
        .requests("POST", "/events")
        .iter()
        .filter(|r| r.status == Some(429))
        .count();
    assert!(throttled > 0);
    assert_eq!(world.on_calendar().len(), 2);
}
