//! The validation handshake (graph-protocol §6): Graph asks an address to say a
//! sentence back before it sends anything else there.

use std::fmt::Write;
use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::notification::{DeliveryOutcome, NotificationKind, SentNotification};
use crate::reply::GraphError;
use crate::server::Shared;

/// No answer is longer than its sentence; what is, need not be read to its end.
const MAX_ANSWER: usize = 64 * 1024;

/// Why an address was not accepted.
enum Failure {
    /// No connection, or an answer that broke off.
    Unreachable,
    Status(reqwest::StatusCode),
    Mismatch,
    TimedOut,
}

/// Asks one address; the error is what the POST of the subscription answers.
pub(crate) async fn validate(
    shared: &Shared,
    url: &str,
    request_id: &str,
) -> Result<(), GraphError> {
    let sentence = format!(
        "Validation: Testing client application reachability for subscription Request-Id: {request_id}"
    );
    let limit = {
        let world = shared.world();
        Duration::from_millis(world.behaviour.subscriptions.handshake_timeout_ms)
    };
    let started = Instant::now();
    let asked = tokio::time::timeout(limit, ask(shared, url, &sentence)).await;
    let answer = asked.unwrap_or(Err(Failure::TimedOut));
    let (status, outcome) = match &answer {
        Ok(()) => (Some(200), DeliveryOutcome::Delivered),
        Err(Failure::Status(status)) => (Some(status.as_u16()), DeliveryOutcome::Refused),
        Err(Failure::Mismatch) => (Some(200), DeliveryOutcome::Refused),
        Err(Failure::TimedOut) => (None, DeliveryOutcome::TimedOut),
        Err(Failure::Unreachable) => (None, DeliveryOutcome::Unreachable),
    };
    shared.post.log(SentNotification {
        status,
        outcome,
        duration_ms: started.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
        ..SentNotification::begun(NotificationKind::Handshake, url, shared.world().now())
    });
    answer.map_err(|failure| refusal(&failure))
}

async fn ask(shared: &Shared, url: &str, sentence: &str) -> Result<(), Failure> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}validationToken={}", form_encoded(sentence));
    let request = shared.post.http().post(url);
    let response = request
        .header("content-type", "text/plain; charset=utf-8")
        .header("content-length", "0")
        .body("")
        .send()
        .await
        .map_err(|_| Failure::Unreachable)?;
    // graph-protocol §6: 200 exactly, not 202 or 204.
    let status = response.status();
    if status != reqwest::StatusCode::OK {
        return Err(Failure::Status(status));
    }
    let media_type = response.headers().get("content-type");
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_plain = media_type
        .split(';')
        .next()
        .is_some_and(|bare| bare.trim() == "text/plain");
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        body.extend_from_slice(&chunk.map_err(|_| Failure::Unreachable)?);
        if body.len() > MAX_ANSWER {
            return Err(Failure::Mismatch);
        }
    }
    if is_plain && body == sentence.as_bytes() {
        Ok(())
    } else {
        Err(Failure::Mismatch)
    }
}

/// As Microsoft writes it: `+` for a space, escapes in lower case (graph-protocol §0.14).
fn form_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for octet in text.bytes() {
        match octet {
            b' ' => encoded.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' => {
                encoded.push(char::from(octet));
            }
            // Writing into a string does not fail.
            other => drop(write!(encoded, "%{other:02x}")),
        }
    }
    encoded
}

/// graph-protocol §6: the observed sentences.
fn refusal(failure: &Failure) -> GraphError {
    let message = match failure {
        Failure::TimedOut => "Subscription validation request timed out.".into(),
        Failure::Mismatch => {
            "Subscription validation request failed. Response must exactly match validationToken query parameter.".into()
        }
        Failure::Status(status) if status.as_u16() >= 400 => {
            let name = status.canonical_reason().unwrap_or_default().replace(' ', "");
            format!("Subscription validation request failed. HTTP status code is '{name}'.")
        }
        Failure::Status(_) | Failure::Unreachable => {
            "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.".into()
        }
    };
    GraphError::new(400, "ValidationError", message)
}
