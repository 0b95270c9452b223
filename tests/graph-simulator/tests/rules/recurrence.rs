//! Recurrence patterns and ranges (graph-protocol §2).

use graph_simulator::demo;
use serde_json::{Value, json};

use crate::peer::{Answer, Peer, event, with};

fn endless() -> Value {
    json!({"type": "noEnd", "startDate": "2026-11-02"})
}

async fn create(peer: &Peer, pattern: &Value, range: &Value) -> Answer {
    let recurrence = json!({"pattern": pattern, "range": range});
    peer.create(&with(json!({ "recurrence": recurrence })))
        .await
}

#[tokio::test]
async fn every_pattern_is_accepted_with_just_its_fields() {
    let peer = Peer::start().await;
    for pattern in [
        json!({"type": "daily", "interval": 1}),
        json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "thursday"], "firstDayOfWeek": "monday"}),
        json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}),
        json!({"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 2}),
        json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"]}),
        json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"}),
        json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 2, "month": 11}),
        json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "month": 11, "index": "first"}),
    ] {
        let created = create(&peer, &pattern, &endless()).await;
        assert_eq!(created.status, 201, "{pattern} {created:?}");
        assert_eq!(created.body["type"], "seriesMaster");
        let returned = &created.body["recurrence"];
        for (name, value) in pattern.as_object().unwrap() {
            assert_eq!(&returned["pattern"][name], value, "{pattern}");
        }
        assert_eq!(returned["range"]["recurrenceTimeZone"], "Europe/Berlin");
    }
}

#[tokio::test]
async fn a_pattern_without_a_required_field_is_refused() {
    let peer = Peer::start().await;
    for pattern in [
        json!({}),
        json!({"interval": 1}),
        json!({"type": "daily"}),
        json!({"type": "daily", "interval": 0}),
        json!({"type": "daily", "interval": "1"}),
        json!({"type": "weekly", "interval": 1}),
        json!({"type": "weekly", "interval": 1, "daysOfWeek": []}),
        json!({"type": "weekly", "interval": 1, "daysOfWeek": ["Monday"]}),
        json!({"type": "absoluteMonthly", "interval": 3}),
        json!({"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 32}),
        json!({"type": "relativeMonthly", "interval": 1}),
        json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "fifth"}),
        json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 2}),
        json!({"type": "absoluteYearly", "interval": 1, "month": 11}),
        json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"]}),
        json!({"type": "quarterly", "interval": 1}),
    ] {
        assert_eq!(
            create(&peer, &pattern, &endless()).await.status,
            400,
            "{pattern}"
        );
    }
    assert_eq!(peer.sim.events(demo::ORGANIZER_UPN).len(), 0);
}

#[tokio::test]
async fn a_field_that_the_type_does_not_use_is_refused() {
    let peer = Peer::start().await;
    for pattern in [
        json!({"type": "daily", "interval": 1, "daysOfWeek": ["monday"]}),
        json!({"type": "daily", "interval": 1, "firstDayOfWeek": "sunday"}),
        json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "dayOfMonth": 2}),
        json!({"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 2, "month": 11}),
        json!({"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 2, "index": "first"}),
        json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "dayOfMonth": 2}),
        json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 2, "month": 11, "daysOfWeek": ["monday"]}),
        json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["monday"], "month": 11, "dayOfMonth": 2}),
        json!({"type": "daily", "interval": 1, "hour": 9}),
    ] {
        assert_eq!(
            create(&peer, &pattern, &endless()).await.status,
            400,
            "{pattern}"
        );
    }
}

#[tokio::test]
async fn ranges_end_by_date_by_count_or_never() {
    let peer = Peer::start().await;
    let daily = json!({"type": "daily", "interval": 1});
    for range in [
        endless(),
        json!({"type": "endDate", "startDate": "2026-11-02", "endDate": "2026-12-31"}),
        json!({"type": "numbered", "startDate": "2026-11-02", "numberOfOccurrences": 12}),
        json!({"type": "noEnd", "startDate": "2026-11-02", "recurrenceTimeZone": "UTC"}),
    ] {
        assert_eq!(create(&peer, &daily, &range).await.status, 201, "{range}");
    }
    for range in [
        json!({}),
        json!({"type": "noEnd"}),
        json!({"type": "noEnd", "startDate": "2026-11-2"}),
        json!({"type": "noEnd", "startDate": "2026-11-02T00:00:00"}),
        json!({"type": "endDate", "startDate": "2026-11-02"}),
        json!({"type": "endDate", "startDate": "2026-11-02", "endDate": "2026-11-01"}),
        json!({"type": "numbered", "startDate": "2026-11-02"}),
        json!({"type": "numbered", "startDate": "2026-11-02", "numberOfOccurrences": 0}),
        json!({"type": "forever", "startDate": "2026-11-02"}),
        json!({"type": "noEnd", "startDate": "2026-11-02", "recurrenceTimeZone": "Mars"}),
    ] {
        assert_eq!(create(&peer, &daily, &range).await.status, 400, "{range}");
    }
}

#[tokio::test]
async fn the_start_date_is_the_date_of_the_events_start() {
    let peer = Peer::start().await;
    let daily = json!({"type": "daily", "interval": 1});
    let range = json!({"type": "noEnd", "startDate": "2026-11-03"});
    let answer = create(&peer, &daily, &range).await;
    assert_eq!(answer.refusal(), (400, "ErrorCalendarInvalidRecurrence"));
    // The same rule after a change.
    let id = create(&peer, &daily, &endless()).await.id();
    let later = json!({
        "start": {"dateTime": "2026-11-05T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-05T10:00:00", "timeZone": "Europe/Berlin"},
    });
    assert_eq!(peer.patch(&event(&id), &later).await.status, 400);
    let mut together = later.clone();
    together["recurrence"] =
        json!({"pattern": daily, "range": {"type": "noEnd", "startDate": "2026-11-05"}});
    assert_eq!(peer.patch(&event(&id), &together).await.status, 200);
}

#[tokio::test]
async fn a_series_has_an_occurrence_and_none_overlaps_the_next() {
    let peer = Peer::start().await;
    let monthly = json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 1});
    let range = json!({"type": "endDate", "startDate": "2026-11-02", "endDate": "2026-11-30"});
    let answer = create(&peer, &monthly, &range).await;
    assert_eq!(answer.refusal(), (400, "ErrorRecurrenceHasNoOccurrence"));
    let long = with(json!({
        "end": {"dateTime": "2026-11-04T10:00:00", "timeZone": "Europe/Berlin"},
        "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": endless()},
    }));
    assert_eq!(
        peer.create(&long).await.refusal(),
        (400, "ErrorOccurrenceTimeSpanTooBig")
    );
}

#[tokio::test]
async fn a_recurrence_needs_both_parts() {
    let peer = Peer::start().await;
    for recurrence in [
        json!({}),
        json!({"pattern": {"type": "daily", "interval": 1}}),
        json!([]),
    ] {
        let answer = peer
            .create(&with(json!({ "recurrence": recurrence })))
            .await;
        assert_eq!(answer.status, 400);
    }
}
