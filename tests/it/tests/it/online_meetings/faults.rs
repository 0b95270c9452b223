//! A Microsoft that refuses, throttles, hangs or talks nonsense while staff
//! schedule, move and cancel: an error and nothing, or a warning and both sides in
//! step afterwards (OM-3, OM-4, XC-8).

use futures_util::StreamExt;
use graph_simulator::{Fault, demo};
use it::practice::{Meeting, Practice, meeting_of, told};
use it::requests::instant;
use serde_json::{Value, json};

use super::{EVENT, EVENTS, assert_nothing_came_of_it};

/// Planted in every faulty answer: nothing of it may reach a caller.
const CANARY: &str = "canary-7f3a-internal";

/// What can go wrong with a request for as long as the fault lasts, by name.
fn faults(method: &str, path: &str) -> Vec<(&'static str, Fault)> {
    let on = || Fault::on(method, path).always();
    let error = |status, code: &str| on().error(status, code, CANARY);
    vec![
        ("401", error(401, "InvalidAuthenticationToken")),
        ("403", error(403, "ErrorAccessDenied")),
        ("404", error(404, "ResourceNotFound")),
        ("409", error(409, "Conflict")),
        ("429", on().throttle("120")),
        ("500", error(500, "InternalServerError")),
        ("503", on().unavailable("120")),
        ("hang", on().hang()),
        ("cut", on().cut()),
        ("a gateway's page", on().html(502)),
        ("malformed after the effect", on().after().malformed_json()),
        ("truncated after the effect", on().after().truncate()),
        (
            "500 after the effect",
            error(500, "InternalServerError").after(),
        ),
        ("cut after the effect", on().after().cut()),
        ("hang after the effect", on().after().hang()),
    ]
}

/// Those that a move or a cancellation is tried with; appointments go through all
/// of them.
const OF_CHANGES: [&str; 4] = ["401", "403", "429", "503"];

/// Runs the cases a few at a time: they share two cores.
async fn each<T>(cases: Vec<T>, run: impl AsyncFn(T)) {
    futures_util::stream::iter(cases)
        .for_each_concurrent(15, |case| run(case))
        .await;
}

fn assert_says_nothing_inside(text: &str, case: &str) {
    for secret in [CANARY, demo::CLIENT_SECRET, "127.0.0.1", "html"] {
        assert!(!text.contains(secret), "{case}: {secret} in {text}");
    }
}

/// OM-4, XC-8: whatever becomes of the creation, the caller hears an error with a
/// code, nobody sees anything, and Microsoft keeps nothing.
#[tokio::test]
async fn a_creation_that_fails_leaves_nothing() {
    each(faults("POST", EVENTS), async |(case, fault)| {
        let practice = Practice::open().await;
        practice.work().await;
        practice.graph.inject(fault);
        let answer = practice
            .meetings("POST", "", Some(&Practice::plan(&json!({}))))
            .await;
        assert!(matches!(answer.status, 502..=504), "{case}: {answer:?}");
        assert!(!answer.problem(answer.status).is_empty(), "{case}");
        assert_says_nothing_inside(&String::from_utf8_lossy(&answer.body), case);
        practice.graph.clear_faults();
        assert_nothing_came_of_it(&practice, case).await;
        // Who asks again gets one meeting.
        let meeting = practice.met(&json!({})).await;
        practice.settle().await;
        assert_eq!(practice.on_calendar().len(), 1, "{case}");
        assert_eq!(
            practice.read_meeting(&meeting).await["remote_state"],
            "in_step",
            "{case}"
        );
    })
    .await;
}

/// OM-3, OM-4: an event without a Teams meeting is an error, and is removed whether or
/// not Microsoft lets it go at once.
#[tokio::test]
async fn an_event_without_teams_meeting_is_removed() {
    for is_removable in [true, false] {
        let case = format!("removable: {is_removable}");
        let practice = Practice::open().await;
        practice
            .graph
            .inject(Fault::on("POST", EVENTS).without_teams_meeting());
        if !is_removable {
            let fault = Fault::on("DELETE", EVENT).always();
            practice
                .graph
                .inject(fault.error(403, "ErrorAccessDenied", CANARY));
        }
        let answer = practice
            .meetings("POST", "", Some(&Practice::plan(&json!({}))))
            .await;
        assert!(matches!(answer.status, 502..=504), "{case}: {answer:?}");
        assert_eq!(answer.problem(answer.status), "no_teams_meeting", "{case}");
        practice.graph.clear_faults();
        assert_nothing_came_of_it(&practice, &case).await;
    }
}

/// OM-3, OM-4: a join link that does not resolve is a meeting all the same; its id
/// comes later, by itself.
#[tokio::test]
async fn a_join_link_that_resolves_late_costs_nothing_but_the_id() {
    let practice = Practice::open().await;
    practice
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = u64::MAX);
    let answer = practice
        .meetings("POST", "", Some(&Practice::plan(&json!({}))))
        .await;
    let made = answer.expect(201);
    assert_eq!(
        (&made["status"], &made["remote_state"]),
        (&json!("scheduled"), &json!("in_step"))
    );
    assert_eq!(made["provider_meeting_id"], Value::Null);
    assert!(
        made["interaction_id"].is_string() && made["schedule_entry_id"].is_string(),
        "{made}"
    );
    let mut events = practice.work().await;
    practice
        .graph
        .configure(|behaviour| behaviour.resolution_lag_ms = 0);
    events.extend(practice.settle().await);
    let seen = practice.read_meeting(&meeting_of(&made)).await;
    assert!(seen["provider_meeting_id"].is_string(), "{seen}");
    assert_eq!(
        told(&events, "online_meeting.scheduled").len(),
        1,
        "{events:?}"
    );
}

/// OM-4, TS-1: without an organiser, credentials or the toggle: 503 with the reason,
/// nobody at Microsoft is asked, and nothing is stored.
#[tokio::test]
async fn what_is_not_available_is_said_before_anything_is_done() {
    for (fields, reason) in [
        (
            json!({ "default_meeting_organizer_upn": null }),
            "no_organizer",
        ),
        (json!({ "install_status": "disabled" }), "not_configured"),
        (json!({ "install_status": "pending" }), "not_configured"),
    ] {
        let practice = Practice::open().await;
        practice.integrate(&fields).await;
        practice.work().await;
        practice.graph.clear_received();
        let before = practice.items().await;
        let answer = practice
            .meetings("POST", "", Some(&Practice::plan(&json!({}))))
            .await;
        assert_eq!(answer.problem(503), reason, "{fields}");
        assert_eq!(practice.items().await, before, "{fields}");
        assert_eq!(practice.graph.received().len(), 0, "{fields}");
    }
}

/// OM-4, XC-8: a move or a cancellation that Microsoft does not follow is done, and
/// warned of; the background brings it in step, and it is told once.
#[tokio::test]
async fn a_change_that_microsoft_does_not_follow_is_followed_later() {
    let times = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:30:00Z" });
    let mut cases = vec![];
    for (command, method, body) in [
        ("reschedule", "PATCH", Some(&times)),
        ("cancel", "DELETE", None),
    ] {
        let faults = faults(method, EVENT).into_iter();
        let faults = faults.filter(|(name, _)| OF_CHANGES.contains(name));
        cases.extend(faults.map(|(name, fault)| (command, body, name, fault)));
    }
    each(cases, async |(command, body, name, fault)| {
        let case = format!("{command}, {name}");
        let practice = Practice::open().await;
        let meeting = practice.met(&json!({})).await;
        practice.graph.inject(fault);
        let answer = practice.tell_meeting(&meeting, command, body).await;
        let answer = answer.expect(200);
        assert_says_nothing_inside(&answer.to_string(), &case);
        let warning = &answer["teams_meeting_warning"];
        for field in ["reason", "message"] {
            let text = warning[field].as_str();
            assert!(
                text.is_some_and(|text| !text.is_empty()),
                "{case}: {answer}"
            );
        }
        practice.graph.clear_faults();
        let events = practice.settle().await;
        let seen = practice.read_meeting(&meeting).await;
        let (status, state, told_as) = match command {
            "cancel" => ("cancelled", "gone", "online_meeting.cancelled"),
            _ => ("scheduled", "in_step", "online_meeting.rescheduled"),
        };
        assert_eq!(
            (&seen["status"], &seen["remote_state"]),
            (&json!(status), &json!(state)),
            "{case}: {seen}"
        );
        assert_eq!(told(&events, told_as).len(), 1, "{case}: {events:?}");
        let live = practice.on_calendar();
        assert_eq!(live.len(), usize::from(command == "reschedule"), "{case}");
        for event in live {
            assert_eq!(event.start, instant(&times["start"]), "{case}");
            assert_eq!(event.end, instant(&times["end"]), "{case}");
        }
    })
    .await;
}

/// OM-2, OM-4: an event that somebody removed in Outlook: the move says so, and the
/// dead link goes.
#[tokio::test]
async fn a_meeting_that_was_removed_in_outlook_fails_when_it_is_moved() {
    let practice = Practice::open().await;
    let meeting: Meeting = practice.met(&json!({})).await;
    practice.remove_in_outlook().await;
    let times = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:30:00Z" });
    let answer = practice
        .tell_meeting(&meeting, "reschedule", Some(&times))
        .await;
    let answer = answer.expect(200);
    assert!(answer["teams_meeting_warning"].is_object(), "{answer}");
    practice.settle().await;
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["error_code"]),
        (&json!("failed"), &json!("event_removed"))
    );
    assert_eq!(seen["join_url"], Value::Null);
    assert_eq!(seen["capture_status"], "none");
}
