//! A process that dies at any step: one approval, at most one event, nothing
//! orphaned, every mail and event (XC-7, XC-8).

mod deployed;
mod moments;
mod steps;
mod workers;

use graph_simulator::Fault;
use it::api::Answer;
use it::gateway::Event;
use it::practice::{Command, Practice};

const EVENTS: &str = "/v1.0/users/*/events";
const EVENT: &str = "/v1.0/users/*/events/*";
const RESOLUTION: &str = "/v1.0/users/*/onlineMeetings";

/// Has a command done by a process that dies as soon as `fault` holds a request
/// to Microsoft back.
async fn die_at(practice: &Practice, fault: Fault, event: Event) {
    practice.graph.clear_received();
    practice.graph.inject(fault);
    tokio::select! {
        answer = practice.process.approval(event) => panic!("nothing hung: {answer:?}"),
        () = practice.until_hanging() => {}
    }
    practice.graph.clear_faults();
}

/// A command with an idempotency key.
fn keyed(practice: &Practice, command: Command, id: &str, key: &str) -> Event {
    practice.order(command, id).header("idempotency-key", key)
}

/// The steps of a creation at which a process may die, by name.
fn creation_steps() -> Vec<(&'static str, Fault)> {
    vec![
        ("before a token", Fault::on("POST", "**/token").hang()),
        ("before the event", Fault::on("POST", EVENTS).hang()),
        ("after the event", Fault::on("POST", EVENTS).after().hang()),
        ("before its id", Fault::on("GET", RESOLUTION).hang()),
        ("after its id", Fault::on("GET", RESOLUTION).after().hang()),
    ]
}

/// Fails unless an answer is a success, or says that somebody else is at it.
fn assert_done_or_busy(answer: &Answer, case: &str) {
    let is_busy = answer.status == 409;
    assert!(answer.status == 200 || is_busy, "{case}: {answer:?}");
}
