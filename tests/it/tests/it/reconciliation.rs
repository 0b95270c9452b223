//! XC-8: a crash between intent, Graph call and outcome is found and finished or
//! cleared up, and calls that race never leave an orphan or a second event.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use graph_simulator::Fault;
use it::office::{Office, settle_job};
use serde_json::{Value, json};

const EVENTS: &str = "/v1.0/users/*/events";
const EVENT: &str = "/v1.0/users/*/events/*";

/// Drops the call as soon as a fault holds its request back: the process dies there.
async fn killed_while_hanging(office: &Office, method: &str, path: &str) {
    tokio::select! {
        answer = office.call(method, path, None) => panic!("nothing hung: {answer:?}"),
        () = office.until_hanging() => {}
    }
    office.graph.clear_faults();
}

fn schedule_of(id: &str) -> String {
    format!("/meetings/{id}/schedule")
}

/// What the meeting says of the calendar is on it, and nothing else is.
async fn assert_in_step(office: &Office, id: &str, case: &str) {
    assert_eq!(office.intents().await, Vec::<Value>::new(), "{case}");
    let on_calendar: Vec<_> = office.on_calendar().into_iter().map(|event| (event.id, event.subject)).collect();
    let answer = office.call("GET", &format!("/meetings/{id}"), None).await;
    if answer.status == 404 {
        assert_eq!(on_calendar, [], "{case}: an orphan");
        return;
    }
    let meeting = answer.expect(200);
    match meeting["external_event_id"].as_str() {
        Some(event) if meeting["provider"] == "graph" => {
            let title = meeting["title"].as_str().unwrap_or_default().to_owned();
            assert_eq!(on_calendar, [(event.to_owned(), title)], "{case}");
        }
        _ => assert_eq!(on_calendar, [], "{case}: an orphan"),
    }
}

/// Killed after the intent, before the POST: nothing came of it, and scheduling works again.
#[tokio::test]
async fn a_kill_before_the_post_leaves_nothing() {
    for fault in [Fault::on("POST", "**/getSchedule").hang(), Fault::on("POST", EVENTS).hang()] {
        let case = format!("{fault:?}");
        let office = Office::open().await;
        let id = office.create(&json!({})).await;
        office.graph.inject(fault);
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        assert_eq!(office.intents().await.len(), 1, "{case}");
        assert_eq!(office.schedule(&id).await.problem(409), "provider_call_in_progress", "{case}");
        office.settle().await;
        assert_in_step(&office, &id, &case).await;
        assert_eq!(office.meeting(&id).await["status"], "planned", "{case}");
        office.schedule(&id).await.expect(200);
        assert_in_step(&office, &id, &case).await;
    }
}

/// Killed after the POST, before the outcome: the event is adopted, told of once.
#[tokio::test]
async fn a_kill_after_the_post_adopts_the_event() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    office.graph.inject(Fault::on("POST", EVENTS).after().hang());
    killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
    assert_eq!(office.meeting(&id).await["external_event_id"], Value::Null);
    let published = office.settle().await;
    assert_in_step(&office, &id, "adopted").await;
    let meeting = office.meeting(&id).await;
    assert_eq!(meeting["status"], "scheduled");
    assert_eq!(meeting["last_occurrence"], "2027-01-15T08:00:00Z");
    assert_eq!(meeting["join_url"].as_str(), office.on_calendar()[0].join_url.as_deref());
    let kinds: Vec<_> = published.iter().map(|event| &event["detail_type"]).collect();
    assert_eq!(kinds, ["meeting.scheduled"]);
    assert_eq!(office.requests("POST", "/events").len(), 1);
}

/// The same, with the meeting changed, cancelled, deleted or moved before anybody settles it.
#[tokio::test]
async fn what_happens_to_the_meeting_meanwhile_counts() {
    for case in ["title", "start", "cancel", "delete", "provider"] {
        for lost_after in [false, true] {
            let office = Office::open().await;
            let id = office.create(&json!({})).await;
            let post = Fault::on("POST", EVENTS).hang();
            office.graph.inject(if lost_after { post.after() } else { post });
            killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
            let answer = match case {
                "title" => office.patch(&id, &json!({ "title": "Another title" })).await,
                "start" => office.patch(&id, &json!({ "start": "2027-06-15T09:00" })).await,
                "provider" => office.patch(&id, &json!({ "provider": "mock" })).await,
                "cancel" => office.cancel(&id).await,
                _ => office.delete(&id).await,
            };
            assert!(matches!(answer.status, 200 | 204), "{case}: {answer:?}");
            if case == "provider" {
                office.schedule(&id).await.expect(200);
            }
            office.settle().await;
            assert_in_step(&office, &id, &format!("{case}, after the effect: {lost_after}")).await;
        }
    }
}

/// A caller who comes once the lease has ended takes the creation over: still
/// one event, showing what the meeting says by then.
#[tokio::test]
async fn a_caller_takes_an_interrupted_creation_over() {
    for lost_after in [false, true] {
        for change in [json!({ "title": "Another title" }), json!({ "start": "2027-06-15T09:00" })] {
            let case = format!("{change}, after the effect: {lost_after}");
            let office = Office::open().await;
            let id = office.create(&json!({})).await;
            let post = Fault::on("POST", EVENTS).hang();
            office.graph.inject(if lost_after { post.after() } else { post });
            killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
            office.patch(&id, &change).await.expect(200);
            office.clock.advance(TimeDelta::seconds(61));
            let answer = office.schedule(&id).await;
            assert!(matches!(answer.status, 200 | 409), "{case}: {answer:?}");
            office.settle().await;
            assert_in_step(&office, &id, &case).await;
            office.schedule(&id).await.expect(200);
            office.settle().await;
            assert_in_step(&office, &id, &case).await;
            let next = office.meeting(&id).await["next_occurrence"].as_str().unwrap().parse().unwrap();
            let starts = office.calendar_view(next - TimeDelta::days(300), next + TimeDelta::minutes(1)).await;
            assert_eq!(starts, [next], "{case}");
        }
    }
}

/// Taking over and failing for certain says nothing of the first attempt: its event is found.
#[tokio::test]
async fn a_failed_take_over_forgets_no_event() {
    for fault in [Fault::on("POST", EVENTS).throttle("120"), Fault::on("POST", EVENTS).error(403, "ErrorAccessDenied", "no")] {
        let office = Office::open().await;
        let id = office.create(&json!({})).await;
        office.graph.inject(Fault::on("POST", EVENTS).after().hang());
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office.clock.advance(TimeDelta::seconds(61));
        office.graph.inject(fault.clone());
        assert_eq!(office.schedule(&id).await.status, 503);
        office.graph.clear_faults();
        office.settle().await;
        assert_in_step(&office, &id, &format!("{fault:?}")).await;
        assert_eq!(office.on_calendar().len(), 1);
        office.schedule(&id).await.expect(200);
        assert_in_step(&office, &id, &format!("{fault:?}")).await;
    }
}

/// A crash while the creation was taken over: found wherever it was made.
#[tokio::test]
async fn a_crash_during_a_take_over_is_settled_too() {
    for first_lands in [false, true] {
        let office = Office::open().await;
        let id = office.create(&json!({})).await;
        let post = Fault::on("POST", EVENTS).hang();
        office.graph.inject(if first_lands { post.clone().after() } else { post.clone() });
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office.patch(&id, &json!({ "title": "Another title" })).await.expect(200);
        office.graph.clear_received();
        office.clock.advance(TimeDelta::seconds(61));
        office.graph.inject(if first_lands { post } else { post.after() });
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office.settle().await;
        assert_in_step(&office, &id, &format!("the first landed: {first_lands}")).await;
        assert_eq!(office.on_calendar().len(), 1);
    }
}

/// Updates: killed before and after the PATCH, the event ends up as the meeting says.
#[tokio::test]
async fn a_killed_update_is_finished() {
    for fault in [Fault::on("GET", EVENT).hang(), Fault::on("PATCH", EVENT).hang(), Fault::on("PATCH", EVENT).after().hang()] {
        let case = format!("{fault:?}");
        let office = Office::open().await;
        let id = office.scheduled(&json!({})).await;
        office.patch(&id, &json!({ "title": "Another title" })).await.expect(200);
        office.graph.inject(fault);
        // The caller takes over what the background has not begun.
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office.patch(&id, &json!({ "title": "Yet another" })).await.expect(200);
        office.settle().await;
        assert_in_step(&office, &id, &case).await;
        assert_eq!(office.on_calendar()[0].subject, "Yet another", "{case}");
    }
}

/// The settling worker itself is killed: the next one goes on.
#[tokio::test]
async fn a_killed_worker_is_followed_by_another() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office.patch(&id, &json!({ "title": "Another title" })).await.expect(200);
    let job = settle_job(&office.intents().await[0]);
    office.graph.inject(Fault::on("PATCH", EVENT).hang());
    tokio::select! {
        done = office.process.deliver(&office.org, &job, true) => panic!("nothing hung: {done}"),
        () = office.until_hanging() => {}
    }
    office.graph.clear_faults();
    // Claimed: a duplicate of the job does not call Graph as well.
    office.graph.clear_received();
    assert!(office.process.deliver(&office.org, &job, true).await);
    assert!(office.graph.received().is_empty());
    office.settle().await;
    assert_in_step(&office, &id, "a killed worker").await;
}

/// Removals: killed before and after the DELETE of a cancellation and a deletion.
#[tokio::test]
async fn a_killed_removal_is_finished() {
    for (method, path) in [("POST", "/cancel"), ("DELETE", "")] {
        for fault in [Fault::on("DELETE", EVENT).hang(), Fault::on("DELETE", EVENT).after().hang()] {
            let case = format!("{method}{path}, {fault:?}");
            let office = Office::open().await;
            let id = office.scheduled(&json!({})).await;
            office.graph.inject(fault);
            killed_while_hanging(&office, method, &format!("/meetings/{id}{path}")).await;
            office.settle().await;
            assert!(office.on_calendar().is_empty(), "{case}");
            assert_in_step(&office, &id, &case).await;
        }
    }
}

/// A schedule call that fails leaves no change of the meantime behind.
#[tokio::test]
async fn a_change_during_a_failing_call_still_reaches_the_calendar() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office.graph.inject(Fault::on("PATCH", EVENT).delay_ms(600).throttle("120"));
    let scheduling = office.schedule(&id);
    let changing = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        office.patch(&id, &json!({ "title": "Another title" })).await.expect(200)
    };
    let (failed, _) = tokio::join!(scheduling, changing);
    assert_eq!(failed.status, 503, "{failed:?}");
    office.settle().await;
    assert_in_step(&office, &id, "a change during a failing call").await;
}

/// Killed at any moment of scheduling, cancelling and deleting.
#[tokio::test]
async fn a_kill_at_any_moment_leaves_nothing_wrong() {
    let case = async |round: u64| {
        let office = Office::open().await;
        office.graph.configure(|behaviour| behaviour.latency_ms = 15);
        let id = office.create(&json!({})).await;
        let patience = Duration::from_millis(4 * round);
        let _ = tokio::time::timeout(patience, office.schedule(&id)).await;
        let _ = tokio::time::timeout(patience, office.patch(&id, &json!({ "title": "Another title" }))).await;
        if round.is_multiple_of(2) {
            let _ = tokio::time::timeout(patience, office.cancel(&id)).await;
        }
        office.settle().await;
        assert_in_step(&office, &id, &format!("round {round}")).await;
    };
    for rounds in (1..=40).collect::<Vec<_>>().chunks(4) {
        join_all(rounds.iter().map(|round| case(*round))).await;
    }
}

/// Twenty callers at once: one event, one POST; the others hear that it is being done.
#[tokio::test]
async fn twenty_callers_at_once_make_one_event() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    let answers = join_all((0..20).map(|_| office.schedule(&id))).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(done >= 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.problem(409), "provider_call_in_progress");
    }
    office.settle().await;
    assert_in_step(&office, &id, "twenty callers").await;
    assert_eq!(office.requests("POST", "/events").len(), 1);
}

/// Scheduling races with cancel, delete, provider and title changes.
#[tokio::test]
async fn races_leave_neither_orphans_nor_stale_events() {
    for already_there in [false, true] {
        for case in ["title", "start", "cancel", "delete", "provider"] {
            for head_start in [0, 30, 60] {
                let office = Office::open().await;
                office.graph.configure(|behaviour| behaviour.latency_ms = 20);
                let id = if already_there { office.scheduled(&json!({})).await } else { office.create(&json!({})).await };
                let other = async {
                    tokio::time::sleep(Duration::from_millis(head_start)).await;
                    match case {
                        "title" => office.patch(&id, &json!({ "title": "Another title" })).await,
                        "start" => office.patch(&id, &json!({ "start": "2027-06-15T09:00" })).await,
                        "provider" => office.patch(&id, &json!({ "provider": "ics" })).await,
                        "cancel" => office.cancel(&id).await,
                        _ => office.delete(&id).await,
                    }
                };
                let (scheduled, other) = tokio::join!(office.schedule(&id), other);
                let name = format!("{case} after {head_start} ms, already there: {already_there}");
                assert!(matches!(scheduled.status, 200 | 404 | 409), "{name}: {scheduled:?}");
                assert!(matches!(other.status, 200 | 204), "{name}: {other:?}");
                office.settle().await;
                assert_in_step(&office, &id, &name).await;
            }
        }
    }
}
