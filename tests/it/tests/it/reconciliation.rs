//! XC-8: a crash between intent, Graph call and outcome is found and finished or
//! cleared up, and calls that race never leave an orphan or a second event.

use std::time::Duration;

use chrono::TimeDelta;
use convoke_local::{DEMO_ORG, Stack, StackOptions, TokenClaims};
use graph_simulator::{Fault, Outcome, demo};
use http::Method;
use it::api::{ALL_SCOPES, Api};
use it::office::{Office, settle_job};
use serde_json::{Value, json};

const EVENTS: &str = "/v1.0/users/*/events";
/// Longer than an intent is left to whoever claimed it.
const LEASE_IS_OVER: TimeDelta = TimeDelta::seconds(121);
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

/// Killed after the intent, before the POST: nothing came of it, and scheduling works again.
#[tokio::test]
async fn a_kill_before_the_post_leaves_nothing() {
    for fault in [
        Fault::on("POST", "**/getSchedule").hang(),
        Fault::on("POST", EVENTS).hang(),
    ] {
        let case = format!("{fault:?}");
        let office = Office::open().await;
        let id = office.create(&json!({})).await;
        office.graph.inject(fault);
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        assert_eq!(office.intents().await.len(), 1, "{case}");
        assert_eq!(
            office.schedule(&id).await.problem(409),
            "provider_call_in_progress",
            "{case}"
        );
        office.settle().await;
        office.assert_in_step(&id, &case).await;
        assert_eq!(office.meeting(&id).await["status"], "planned", "{case}");
        office.schedule(&id).await.expect(200);
        office.assert_in_step(&id, &case).await;
    }
}

/// Killed after the POST, before the outcome: the event is adopted, told of once.
#[tokio::test]
async fn a_kill_after_the_post_adopts_the_event() {
    let office = Office::open().await;
    let id = office.create(&json!({})).await;
    office
        .graph
        .inject(Fault::on("POST", EVENTS).after().hang());
    killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
    assert_eq!(office.meeting(&id).await["external_event_id"], Value::Null);
    let published = office.settle().await;
    office.assert_in_step(&id, "adopted").await;
    let meeting = office.meeting(&id).await;
    assert_eq!(meeting["status"], "scheduled");
    assert_eq!(meeting["last_occurrence"], "2027-01-15T08:00:00Z");
    assert_eq!(
        meeting["join_url"].as_str(),
        office.on_calendar()[0].join_url.as_deref()
    );
    let kinds: Vec<_> = published
        .iter()
        .map(|event| &event["detail_type"])
        .collect();
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
            office
                .graph
                .inject(if lost_after { post.after() } else { post });
            killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
            let answer = match case {
                "title" => {
                    office
                        .patch(&id, &json!({ "title": "Another title" }))
                        .await
                }
                "start" => {
                    office
                        .patch(&id, &json!({ "start": "2027-06-15T09:00" }))
                        .await
                }
                "provider" => office.patch(&id, &json!({ "provider": "mock" })).await,
                "cancel" => office.cancel(&id).await,
                _ => office.delete(&id).await,
            };
            assert!(matches!(answer.status, 200 | 204), "{case}: {answer:?}");
            if case == "provider" {
                office.schedule(&id).await.expect(200);
            }
            office.settle().await;
            office
                .assert_in_step(&id, &format!("{case}, after the effect: {lost_after}"))
                .await;
        }
    }
}

/// A caller who comes once the lease has ended takes the creation over: still
/// one event, showing what the meeting says by then.
#[tokio::test]
async fn a_caller_takes_an_interrupted_creation_over() {
    for lost_after in [false, true] {
        for change in [
            json!({ "title": "Another title" }),
            json!({ "start": "2027-06-15T09:00" }),
        ] {
            let case = format!("{change}, after the effect: {lost_after}");
            let office = Office::open().await;
            let id = office.create(&json!({})).await;
            let post = Fault::on("POST", EVENTS).hang();
            office
                .graph
                .inject(if lost_after { post.after() } else { post });
            killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
            office.patch(&id, &change).await.expect(200);
            office.clock.advance(LEASE_IS_OVER);
            let answer = office.schedule(&id).await;
            assert!(matches!(answer.status, 200 | 409), "{case}: {answer:?}");
            office.settle().await;
            office.assert_in_step(&id, &case).await;
            office.schedule(&id).await.expect(200);
            office.settle().await;
            office.assert_in_step(&id, &case).await;
            let next = office.meeting(&id).await["next_occurrence"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap();
            let starts = office
                .calendar_view(next - TimeDelta::days(300), next + TimeDelta::minutes(1))
                .await;
            assert_eq!(starts, [next], "{case}");
        }
    }
}

/// Taking over and failing for certain says nothing of the first attempt: its event is found.
#[tokio::test]
async fn a_failed_take_over_forgets_no_event() {
    for fault in [
        Fault::on("POST", EVENTS).throttle("120"),
        Fault::on("POST", EVENTS).error(403, "ErrorAccessDenied", "no"),
    ] {
        let office = Office::open().await;
        let id = office.create(&json!({})).await;
        office
            .graph
            .inject(Fault::on("POST", EVENTS).after().hang());
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office.clock.advance(LEASE_IS_OVER);
        office.graph.inject(fault.clone());
        assert_eq!(office.schedule(&id).await.status, 503);
        office.graph.clear_faults();
        office.settle().await;
        office.assert_in_step(&id, &format!("{fault:?}")).await;
        assert_eq!(office.on_calendar().len(), 1);
        office.schedule(&id).await.expect(200);
        office.assert_in_step(&id, &format!("{fault:?}")).await;
    }
}

/// A crash while the creation was taken over: found wherever it was made.
#[tokio::test]
async fn a_crash_during_a_take_over_is_settled_too() {
    for first_lands in [false, true] {
        let office = Office::open().await;
        let id = office.create(&json!({})).await;
        let post = Fault::on("POST", EVENTS).hang();
        office.graph.inject(if first_lands {
            post.clone().after()
        } else {
            post.clone()
        });
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office
            .patch(&id, &json!({ "title": "Another title" }))
            .await
            .expect(200);
        office.graph.clear_received();
        office.clock.advance(LEASE_IS_OVER);
        office
            .graph
            .inject(if first_lands { post } else { post.after() });
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office.settle().await;
        office
            .assert_in_step(&id, &format!("the first landed: {first_lands}"))
            .await;
        assert_eq!(office.on_calendar().len(), 1);
    }
}

/// Updates: killed before and after the PATCH, the event ends up as the meeting says.
#[tokio::test]
async fn a_killed_update_is_finished() {
    for fault in [
        Fault::on("GET", EVENT).hang(),
        Fault::on("PATCH", EVENT).hang(),
        Fault::on("PATCH", EVENT).after().hang(),
    ] {
        let case = format!("{fault:?}");
        let office = Office::open().await;
        let id = office.scheduled(&json!({})).await;
        office
            .patch(&id, &json!({ "title": "Another title" }))
            .await
            .expect(200);
        office.graph.inject(fault);
        // The caller takes over what the background has not begun.
        killed_while_hanging(&office, "POST", &schedule_of(&id)).await;
        office
            .patch(&id, &json!({ "title": "Yet another" }))
            .await
            .expect(200);
        office.settle().await;
        office.assert_in_step(&id, &case).await;
        assert_eq!(office.on_calendar()[0].subject, "Yet another", "{case}");
    }
}

/// The settling worker itself is killed: the next one goes on.
#[tokio::test]
async fn a_killed_worker_is_followed_by_another() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office
        .patch(&id, &json!({ "title": "Another title" }))
        .await
        .expect(200);
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
    office.assert_in_step(&id, "a killed worker").await;
}

/// Removals: killed before and after the DELETE of a cancellation and a deletion.
#[tokio::test]
async fn a_killed_removal_is_finished() {
    for (method, path) in [("POST", "/cancel"), ("DELETE", "")] {
        for fault in [
            Fault::on("DELETE", EVENT).hang(),
            Fault::on("DELETE", EVENT).after().hang(),
        ] {
            let case = format!("{method}{path}, {fault:?}");
            let office = Office::open().await;
            let id = office.scheduled(&json!({})).await;
            office.graph.inject(fault);
            killed_while_hanging(&office, method, &format!("/meetings/{id}{path}")).await;
            office.settle().await;
            assert!(office.on_calendar().is_empty(), "{case}");
            office.assert_in_step(&id, &case).await;
        }
    }
}

/// A schedule call that fails leaves no change of the meantime behind.
#[tokio::test]
async fn a_change_during_a_failing_call_still_reaches_the_calendar() {
    let office = Office::open().await;
    let id = office.scheduled(&json!({})).await;
    office
        .graph
        .inject(Fault::on("PATCH", EVENT).delay_ms(600).throttle("120"));
    let scheduling = office.schedule(&id);
    let changing = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        office
            .patch(&id, &json!({ "title": "Another title" }))
            .await
            .expect(200)
    };
    let (failed, _) = tokio::join!(scheduling, changing);
    assert_eq!(failed.status, 503, "{failed:?}");
    office.settle().await;
    office
        .assert_in_step(&id, "a change during a failing call")
        .await;
}

/// The deployed function is killed while Graph has the POST, before and after
/// its effect; the deployed sweep and worker settle both, and the calendar shows
/// what was made.
#[tokio::test]
async fn a_killed_function_is_settled_by_the_deployed_workers() {
    let stack = Stack::start(StackOptions::temporary()).expect("the local stack starts");
    let graph = stack.graph().expect("the bundled simulator");
    let claims = TokenClaims::internal(DEMO_ORG, "u-admin", ALL_SCOPES);
    let api = Api::with_claims(&stack, &claims, DEMO_ORG);
    let body = json!({ "title": "PCI Scope Review", "frequency": "QUARTERLY", "provider": "graph",
        "start": "2027-01-15T09:00", "duration_minutes": 60, "timezone": "Europe/Berlin", "is_online": true,
        "attendees": [] });
    let mut meetings = vec![];
    for lands in [false, true] {
        let created = api
            .post(&api.org_path("/controls/pci-1/meetings"), &body)
            .await
            .expect(201);
        let path = api.org_path(&format!(
            "/meetings/{}",
            created["meeting_id"].as_str().unwrap()
        ));
        let post = Fault::on("POST", EVENTS).hang();
        graph.inject(if lands { post.after() } else { post });
        let schedule = format!("{path}/schedule");
        let (answer, ()) = tokio::join!(api.call(Method::POST, &schedule, &[], None), async {
            while !graph
                .received()
                .iter()
                .any(|one| one.outcome == Outcome::Hanging)
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            stack
                .kill_function("meeting-api")
                .expect("a process to kill");
            graph.clear_faults();
        });
        assert!(answer.status >= 500, "{answer:?}");
        meetings.push((path, lands));
        graph.clear_received();
    }
    let settled = async {
        loop {
            let mut statuses = vec![];
            for (path, _) in &meetings {
                statuses.push(api.get(path).await.expect(200)["status"].clone());
            }
            if statuses == ["planned", "scheduled"] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(5), settled)
        .await
        .expect("the sweep settles it");
    let events = graph.events(demo::ORGANIZER_UPN);
    let (path, _) = &meetings[1];
    let meeting = api.get(path).await.expect(200);
    assert_eq!(events.len(), 1);
    assert_eq!(meeting["external_event_id"], events[0].id.as_str());
}
