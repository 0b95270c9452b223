//! A Microsoft that is down, slow, throttling, refusing or talking nonsense: every
//! command succeeds, says what Microsoft has not followed, and both sides are
//! brought in step afterwards (AP-5 to AP-7, OM-2, OM-6, XC-8).

mod creating;
mod following;
mod legacy;
mod slow;
mod token;

use futures_util::StreamExt;
use graph_simulator::Fault;
use it::api::Answer;
use it::practice::{Command, Practice};
use serde_json::{Value, json};

/// Planted in every faulty answer: nothing of it may reach a caller.
const CANARY: &str = "canary-7f3a-internal";
/// Where events are made.
const EVENTS: &str = "/v1.0/users/*/events";
/// One event.
const EVENT: &str = "/v1.0/users/*/events/*";
/// Microsoft's rules for who may do what are not obeyed by waiting.
const REFUSALS: [&str; 2] = ["403", "404"];

/// What can go wrong with a request for as long as the fault lasts, by name.
fn faults(method: &str, path: &str) -> Vec<(&'static str, Fault)> {
    let on = || Fault::on(method, path).always();
    let error = |status, code: &str| on().error(status, code, CANARY);
    let too_many =
        json!({ "error": { "code": "TooManyRequests", "message": CANARY, "innerError": {} } });
    vec![
        ("403", error(403, "ErrorAccessDenied")),
        ("404", error(404, "ResourceNotFound")),
        ("429", on().throttle("120")),
        ("429 without Retry-After", on().respond(429, too_many)),
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

/// The warning of an answer that must be a success, free of what is inside.
fn warning_of(answer: &Answer, case: &str) -> Value {
    assert_eq!(
        answer.status,
        200,
        "{case}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    let answer = answer.json();
    let warning = answer["teams_meeting_warning"].clone();
    assert!(warning.is_object(), "{case}: no warning in {answer}");
    for field in ["reason", "message"] {
        let text = warning[field].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{case}: {field} of {warning}");
    }
    let text = answer.to_string();
    for secret in [
        CANARY,
        graph_simulator::demo::CLIENT_SECRET,
        "127.0.0.1",
        "html",
    ] {
        assert!(!text.contains(secret), "{case}: {secret} in {text}");
    }
    warning
}

/// A request without meeting: no columns, no interaction, and a row that says why.
async fn assert_without_meeting(practice: &Practice, id: &str, reason: &Value, case: &str) {
    let request = practice.read(id).await;
    for column in [
        "online_meeting_url",
        "online_meeting_provider",
        "online_meeting_id",
    ] {
        assert!(request[column].is_null(), "{case}: {column} of {request}");
    }
    let meeting = &request["online_meeting"];
    assert_eq!(request["status"], "approved", "{case}");
    assert_eq!(meeting["status"], "failed", "{case}: {request}");
    assert_eq!(meeting["error_code"], *reason, "{case}: {request}");
    assert!(meeting["interaction_id"].is_null(), "{case}: {request}");
    assert!(meeting["join_url"].is_null(), "{case}: {request}");
}

/// Runs the cases a few at a time: they share two cores.
async fn each<T>(cases: Vec<T>, run: impl AsyncFn(T)) {
    futures_util::stream::iter(cases)
        .for_each_concurrent(16, |case| run(case))
        .await;
}

/// Every command with every fault of its own call to events.
fn matrix(commands: &[Command], path: &str) -> Vec<(Command, &'static str, Fault)> {
    let mut cases = vec![];
    for command in commands {
        for (name, fault) in faults(command.graph_method(), path) {
            cases.push((*command, name, fault));
        }
    }
    cases
}
