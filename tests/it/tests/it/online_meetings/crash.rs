//! A process that dies while staff schedule, move or cancel: nothing orphaned,
//! nothing half visible, everything once (XC-7, XC-8, OM-4).

use chrono::TimeDelta;
use graph_simulator::Fault;
use it::death::Moment;
use it::gateway::Event;
use it::practice::{Practice, meeting_of, told};
use it::process::Process;
use serde_json::{Value, json};

use super::{EVENT, EVENTS, assert_nothing_came_of_it};

const RESOLUTION: &str = "/v1.0/users/*/onlineMeetings";
/// Longer than a claim holds, and than the mark of an idempotency key.
const LEASE_IS_OVER: TimeDelta = TimeDelta::seconds(91);

/// The steps of a creation at which a process may die, by name.
fn steps() -> [(&'static str, Fault); 5] {
    [
        ("before a token", Fault::on("POST", "**/token").hang()),
        ("before the event", Fault::on("POST", EVENTS).hang()),
        ("after the event", Fault::on("POST", EVENTS).after().hang()),
        ("before its id", Fault::on("GET", RESOLUTION).hang()),
        ("after its id", Fault::on("GET", RESOLUTION).after().hang()),
    ]
}

/// Has a request handled by a process that dies as soon as `fault` holds a request
/// to Microsoft back.
async fn die_at(practice: &Practice, fault: Fault, event: Event) {
    practice.graph.clear_received();
    practice.graph.inject(fault);
    tokio::select! {
        answer = practice.process.api(event) => panic!("nothing hung: {answer:?}"),
        () = practice.until_hanging() => {}
    }
    practice.graph.clear_faults();
}

fn order(practice: &Practice, key: Option<&str>) -> Event {
    let event = practice.meeting_event("POST", "", Some(&Practice::plan(&json!({}))));
    match key {
        Some(key) => event.header("idempotency-key", key),
        None => event,
    }
}

/// XC-8, OM-4: killed at any step of a creation: nobody sees anything, and what
/// Microsoft made is removed.
#[tokio::test]
async fn a_creation_that_was_interrupted_leaves_nothing() {
    for (step, fault) in steps() {
        let practice = Practice::open().await;
        practice.graph.expire_tokens();
        die_at(&practice, fault, order(&practice, None)).await;
        assert_nothing_came_of_it(&practice, step).await;
    }
}

/// XC-4, XC-8: the caller comes back with the same key: busy while the dead one may
/// live, and then exactly one meeting, told once.
#[tokio::test]
async fn a_key_that_comes_again_after_a_crash_makes_one_meeting() {
    for (step, fault) in steps() {
        for is_swept in [false, true] {
            let case = format!("{step}, swept before: {is_swept}");
            let practice = Practice::open().await;
            practice.graph.expire_tokens();
            let order = order(&practice, Some("the-key"));
            die_at(&practice, fault.clone(), order.clone()).await;
            let early = practice.process.api(order.clone()).await;
            assert_eq!(early.problem(409), "request_in_progress", "{case}");
            practice.clock.advance(LEASE_IS_OVER);
            let mut events = vec![];
            if is_swept {
                events.extend(practice.work().await);
            }
            let made = practice.process.api(order.clone()).await.expect(201);
            events.extend(practice.settle().await);
            let replayed = practice.process.api(order).await.expect(201);
            assert_eq!(replayed, made, "{case}");
            assert_one_meeting(&practice, &made, &events, &case).await;
        }
    }
}

/// There is the meeting of this answer, at both sides, and none beside it.
async fn assert_one_meeting(practice: &Practice, made: &Value, events: &[Value], case: &str) {
    let meeting = meeting_of(made);
    let live = practice.on_calendar();
    assert_eq!(live.len(), 1, "{case}: {live:?}");
    assert_eq!(
        live[0].join_url.as_deref(),
        Some(&*meeting.join_url),
        "{case}"
    );
    let seen = practice.read_meeting(&meeting).await;
    assert_eq!(
        (&seen["status"], &seen["remote_state"]),
        (&json!("scheduled"), &json!("in_step")),
        "{case}"
    );
    let items = practice.items().await;
    for part in ["INTERACTION", "ENTRY"] {
        let count = items.keys().filter(|(_, sort)| sort == part).count();
        assert_eq!(count, 1, "{case}: {part}");
    }
    for kind in [
        "online_meeting.scheduled",
        "interaction.logged",
        "interaction.created",
        "schedule_entry.created",
    ] {
        assert_eq!(told(events, kind).len(), 1, "{case}: {kind} in {events:?}");
    }
}

/// Schedules by a process that dies at a call to the table.
async fn schedule_and_die(practice: &Practice, mortal: &Process, nth: u32, moment: Moment) -> bool {
    mortal.death.at("TransactWriteItems", nth, moment);
    let answer = mortal.api(order(practice, Some("the-key"))).await;
    assert!(
        !mortal.death.has_come() || answer.status != 201,
        "{answer:?}"
    );
    mortal.death.has_come()
}

/// XC-7, XC-8: dead before or after each write: with the key again one meeting, which
/// is told once; nothing else at Microsoft.
#[tokio::test]
async fn a_process_that_dies_at_a_write_makes_one_meeting_with_its_key() {
    let mut deaths = 0;
    for nth in 1..=4 {
        for moment in [Moment::Before, Moment::After] {
            let case = format!("write {nth}, {moment:?}");
            let practice = Practice::open().await;
            let mortal = practice.another_process();
            if !schedule_and_die(&practice, &mortal, nth, moment).await {
                continue;
            }
            deaths += 1;
            practice.clock.advance(LEASE_IS_OVER);
            let mut events = practice.work().await;
            let made = practice
                .process
                .api(order(&practice, Some("the-key")))
                .await
                .expect(201);
            events.extend(practice.settle().await);
            assert_one_meeting(&practice, &made, &events, &case).await;
        }
    }
    assert!(
        deaths >= 4,
        "an intent and an outcome are written: {deaths}"
    );
}

/// XC-8: killed before or after the PATCH or DELETE: the calendar follows, once.
#[tokio::test]
async fn a_change_that_was_interrupted_is_finished() {
    let times = json!({ "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T10:30:00Z" });
    for (command, method, body) in [
        ("reschedule", "PATCH", Some(&times)),
        ("cancel", "DELETE", None),
    ] {
        for lands in [false, true] {
            let case = format!("{command}, lands: {lands}");
            let practice = Practice::open().await;
            let meeting = practice.met(&json!({})).await;
            let fault = Fault::on(method, EVENT).hang();
            let rest = format!("/{}/{command}", meeting.id);
            let event = practice.meeting_event("POST", &rest, body);
            die_at(&practice, if lands { fault.after() } else { fault }, event).await;
            let events = practice.settle().await;
            let live = practice.on_calendar();
            assert_eq!(live.len(), usize::from(command == "reschedule"), "{case}");
            assert!(
                live.iter()
                    .all(|event| event.start == it::requests::instant(&times["start"])),
                "{case}"
            );
            let seen = practice.read_meeting(&meeting).await;
            let state = if command == "cancel" {
                "gone"
            } else {
                "in_step"
            };
            assert_eq!(seen["remote_state"], state, "{case}: {seen}");
            let kind = if command == "cancel" {
                "cancelled"
            } else {
                "rescheduled"
            };
            assert_eq!(
                told(&events, &format!("online_meeting.{kind}")).len(),
                1,
                "{case}: {events:?}"
            );
        }
    }
}
