//! A process that dies while it plans a session with a Teams meeting: the session
//! ends with a link that works, everybody is told once, and no event is left over
//! (IV-2, XC-7, XC-8).

use chrono::TimeDelta;
use graph_simulator::Fault;
use it::gateway::Event;
use it::practice::{Practice, TECHNICIAN};
use serde_json::{Value, json};

use super::teams::{EVENT, EVENTS, practice, teams};

/// Longer than whoever makes a Teams meeting lives.
const EVERYBODY_IS_DEAD: TimeDelta = TimeDelta::seconds(101);

/// The steps of a creation at which a process may die, by name.
fn steps() -> Vec<(&'static str, Fault)> {
    let resolution = "/v1.0/users/*/onlineMeetings";
    vec![
        ("before a token", Fault::on("POST", "**/token").hang()),
        ("before the event", Fault::on("POST", EVENTS).hang()),
        ("after the event", Fault::on("POST", EVENTS).after().hang()),
        ("before its id", Fault::on("GET", resolution).hang()),
        ("after its id", Fault::on("GET", resolution).after().hang()),
    ]
}

/// Plans with a key in a process that dies at that step; answers the request.
async fn die_planning(practice: &Practice, fault: Fault) -> Event {
    practice.graph.expire_tokens();
    practice.graph.clear_received();
    practice.graph.inject(fault);
    let body = Practice::session_plan(&teams());
    let event = practice.host("POST", "/api/v1/meetings", Some(&body));
    let event = event.header("idempotency-key", "the-key");
    tokio::select! {
        answer = practice.process.api(event.clone()) => panic!("nothing hung: {answer:?}"),
        () = practice.until_hanging() => {}
    }
    practice.graph.clear_faults();
    event
}

/// What is in the outbox, each message once. What is to be done later looks, finds
/// that it is too early, and comes again.
async fn work_once(practice: &Practice) {
    for (queue, job) in practice.relay().await {
        let is_fifo = queue == "graph";
        practice.process.deliver(&practice.org, &job, is_fifo).await;
    }
}

/// The only session there is.
async fn only(practice: &Practice) -> Value {
    let event = practice.host("GET", "/api/v1/meetings", None);
    let list = practice.process.api(event).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    list["items"][0].clone()
}

/// The session has a link, which its event has if it is Microsoft's; nobody was
/// told twice, and everybody the link that it is.
async fn assert_settled(practice: &Practice, mails: usize, case: &str) -> Value {
    practice.assert_never_two_events(case);
    let session = only(practice).await;
    let link = session["join_url"].as_str().unwrap_or_default();
    let live = practice.on_calendar();
    if link.contains("/meetings/") {
        assert_eq!(live, [], "{case}: an orphan");
    } else {
        assert_eq!(live.len(), 1, "{case}: {session}");
        assert_eq!(live[0].join_url.as_deref(), Some(link), "{case}");
    }
    let letters = practice.letters(0);
    assert_eq!(letters.len(), mails, "{case}: {letters:?}");
    for letter in letters.iter().filter(|one| one.method == "REQUEST") {
        assert_eq!(letter.lines("URL"), [format!("URL:{link}")], "{case}");
    }
    session
}

/// XC-7, XC-8: killed at any step: nobody is told before the link is settled; then
/// everybody is, once, and the caller's key answers with what became of it.
#[tokio::test]
async fn a_plan_that_was_interrupted_is_settled() {
    for (step, fault) in steps() {
        let practice = practice().await;
        let event = die_planning(&practice, fault).await;
        for _ in 0..3 {
            work_once(&practice).await;
        }
        assert_eq!(practice.letters(0), [], "{step}: told too early");
        let pending = only(&practice).await;
        assert_eq!(pending["join_url"], Value::Null, "{step}");
        practice.clock.advance(EVERYBODY_IS_DEAD);
        let id = pending["meeting_id"].as_str().unwrap();
        practice.settle().await;
        let session = assert_settled(&practice, 5, step).await;
        assert_eq!(session["sequence"], 0, "{step}");
        assert_eq!(practice.notified(TECHNICIAN).await, ["meeting_scheduled"]);
        let again = practice.process.api(event).await;
        assert_eq!(again.expect(201)["meeting_id"], id, "{step}");
        practice.settle().await;
        assert_settled(&practice, 5, step).await;
    }
}

/// XC-8: what happens to the session while its meeting is in flight counts: it is
/// called off, moved, or gets another link.
#[tokio::test]
async fn what_happens_to_an_interrupted_plan_counts() {
    for (step, fault) in steps() {
        for (method, rest, body, mails) in [
            ("POST", "/cancel", None, 0),
            ("PATCH", "", Some(json!({ "start": "2026-12-02T10:00" })), 5),
            (
                "PATCH",
                "",
                Some(json!({ "join_url": "https://call.example/meetings/1" })),
                5,
            ),
        ] {
            let case = format!("{step}, {method} {rest} {body:?}");
            let practice = practice().await;
            die_planning(&practice, fault.clone()).await;
            let pending = only(&practice).await;
            let id = pending["meeting_id"].as_str().unwrap();
            let answer = practice.session(method, id, rest, body.as_ref()).await;
            answer.expect(200);
            for _ in 0..3 {
                work_once(&practice).await;
            }
            practice.clock.advance(EVERYBODY_IS_DEAD);
            practice.settle().await;
            if rest == "/cancel" {
                assert_eq!(practice.on_calendar(), [], "{case}: an orphan");
                assert_eq!(practice.letters(0), [], "{case}");
                continue;
            }
            let session = assert_settled(&practice, mails, &case).await;
            for event in practice.on_calendar() {
                assert_eq!(json!(event.start), session["start"], "{case}");
            }
        }
    }
}

/// XC-8: a worker that dies while it moves or removes the event is followed.
#[tokio::test]
async fn following_that_was_interrupted_is_finished() {
    for lands in [false, true] {
        for (method, rest, body) in [
            ("PATCH", "", Some(json!({ "start": "2026-12-02T10:00" }))),
            ("POST", "/cancel", None),
        ] {
            let case = format!("{method} {rest}, lands: {lands}");
            let practice = practice().await;
            let id = practice.announced(&teams()).await;
            let answer = practice.session(method, &id, rest, body.as_ref()).await;
            answer.expect(200);
            practice.graph.clear_received();
            let call = if rest.is_empty() { "PATCH" } else { "DELETE" };
            let hang = Fault::on(call, EVENT).hang();
            practice
                .graph
                .inject(if lands { hang.after() } else { hang });
            let follow = json!({ "job": "follow_session", "session_id": id });
            tokio::select! {
                _ = practice.process.deliver(&practice.org, &follow, false) => panic!("{case}: nothing hung"),
                () = practice.until_hanging() => {}
            }
            practice.graph.clear_faults();
            practice.settle().await;
            let live = practice.on_calendar();
            if rest.is_empty() {
                assert_eq!(live.len(), 1, "{case}");
                assert_eq!(
                    json!(live[0].start),
                    json!("2026-12-02T09:00:00Z"),
                    "{case}"
                );
            } else {
                assert_eq!(live, [], "{case}");
            }
            practice.assert_never_two_events(&case);
        }
    }
}
