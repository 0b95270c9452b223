//! SQS batches: each message by itself, failures reported one by one.
//!
//! Delivery is at least once, so jobs are idempotent. On a FIFO queue a failed
//! message holds back what follows it in its group.

use std::collections::HashSet;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use convoke_domain::error::Error;
use futures_util::StreamExt;
use serde_json::Value;
use tracing::Instrument;

use crate::clock::Ports;
use crate::log::{Outcome, Work};
use crate::queue::Incoming;

/// Messages of a standard queue that are worked on at once.
const AT_ONCE: usize = 5;

/// Runs `job` for every message and reports those that must come again.
pub async fn run<F, Fut>(
    event: SqsEvent,
    operation: &'static str,
    ports: &Ports,
    job: F,
) -> SqsBatchResponse
where
    F: Fn(Incoming) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let fifo = event
        .records
        .first()
        .and_then(|message| message.event_source_arn.as_deref())
        .is_some_and(|arn| arn.strip_suffix(".fifo").is_some());
    let failed = if fifo {
        run_in_order(event.records, operation, ports, &job).await
    } else {
        let runs = event
            .records
            .into_iter()
            .map(|message| run_one(message, operation, ports, &job));
        futures_util::stream::iter(runs)
            .buffer_unordered(AT_ONCE)
            .filter_map(|failed| async { failed })
            .collect()
            .await
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

async fn run_in_order<F, Fut>(
    messages: Vec<SqsMessage>,
    operation: &'static str,
    ports: &Ports,
    job: &F,
) -> Vec<String>
where
    F: Fn(Incoming) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut failed = vec![];
    let mut held = HashSet::new();
    for message in messages {
        let group = message
            .attributes
            .get("MessageGroupId")
            .cloned()
            .unwrap_or_default();
        let id = message.message_id.clone();
        if held.contains(&group) {
            failed.extend(id);
        } else if let Some(id) = run_one(message, operation, ports, job).await {
            held.insert(group);
            failed.push(id);
        }
    }
    failed
}

fn word<'a>(job: &'a Value, name: &str) -> &'a str {
    job.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The meeting, of either kind, and the schedule entry that a job is about: what
/// stands in calendars is named by what it is, and its id.
fn planned(job: &Value) -> (String, String) {
    let (session, entry) = match word(job, "subject") {
        "session" => (word(job, "id"), ""),
        "schedule_entry" => ("", word(job, "id")),
        _ => (word(job, "session_id"), ""),
    };
    let control = word(job, "meeting_id");
    let meeting = if control.is_empty() { session } else { control };
    (meeting.to_owned(), entry.to_owned())
}

async fn run_one<F, Fut>(
    message: SqsMessage,
    operation: &'static str,
    ports: &Ports,
    job: &F,
) -> Option<String>
where
    F: Fn(Incoming) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut work = Work::begin(operation);
    let request_id = message.message_id.clone().unwrap_or_default();
    work.note("request_id", request_id.clone());
    let result = match Incoming::parse(message.body.as_deref().unwrap_or_default()) {
        Ok(incoming) => {
            let named = |name| word(&incoming.job, name).to_owned();
            let (tenant, kind) = (incoming.tenant.id().to_string(), named("job"));
            let (meeting_id, schedule_entry_id) = planned(&incoming.job);
            let (online_meeting_id, mail_id) = (named("online_meeting_id"), named("mail_id"));
            let span = tracing::info_span!(
                "message",
                request_id,
                operation,
                tenant,
                job = kind,
                meeting_id,
                schedule_entry_id,
                online_meeting_id,
                mail_id
            );
            for (name, value) in [
                ("tenant", tenant),
                ("job", kind),
                ("meeting_id", meeting_id),
                ("schedule_entry_id", schedule_entry_id),
                ("online_meeting_id", online_meeting_id),
                ("mail_id", mail_id),
            ] {
                if !value.is_empty() {
                    work.note(name, value);
                }
            }
            job(incoming).instrument(span).await
        }
        Err(error) => Err(Error::internal(error.to_string())),
    };
    let outcome = match &result {
        Ok(()) => Outcome::Done,
        Err(error) => {
            work.note("code", error.code());
            if let Error::Internal { context } = error {
                tracing::error!(context, request_id, "a message failed");
            }
            Outcome::Failed
        }
    };
    work.end(outcome, ports.now());
    result
        .is_err()
        .then(|| message.message_id.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// XC-9: a message's line names the thing acted on, whatever its job calls it.
    #[test]
    fn a_job_names_what_it_acts_on() {
        let named = |job: Value| {
            let (meeting, entry) = planned(&job);
            format!("{meeting}/{entry}")
        };
        assert_eq!(named(json!({ "meeting_id": "m" })), "m/");
        assert_eq!(named(json!({ "session_id": "s" })), "s/");
        let of = |subject: &str| json!({ "subject": subject, "id": "x" });
        assert_eq!(named(of("session")), "x/");
        assert_eq!(named(of("schedule_entry")), "/x");
        assert_eq!(named(json!({ "mail_id": "l" })), "/");
    }
}
