//! The one log line of each HTTP attempt (XC-9).
//!
//! Guarantee: what is logged is an operation's name, numbers, Microsoft's ids and
//! codes, and a redacted message; never an address, a path, a header or a body.

use std::time::Duration;

use tokio::time::Instant;

use crate::correlation;
use crate::error::GraphError;

/// An attempt that is under way.
pub(crate) struct Attempt {
    operation: &'static str,
    number: u32,
    begun: Instant,
    pub(crate) client_request_id: String,
}

/// What is known of the answer, however the attempt ends.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
}

impl Outcome {
    /// Gives an error that was found after the answer's head what the head said.
    pub(crate) fn complete(&self, error: &mut GraphError, attempt: &Attempt) {
        error.status = error.status.or(self.status);
        if error.request_id.is_none() {
            error.request_id.clone_from(&self.request_id);
        }
        error
            .client_request_id
            .clone_from(&attempt.client_request_id);
    }
}

impl Attempt {
    pub(crate) fn begin(operation: &'static str, number: u32) -> Self {
        Self {
            operation,
            number,
            begun: Instant::now(),
            client_request_id: correlation::request_id(),
        }
    }

    /// Writes the attempt's line: INFO for a success, WARN for anything else.
    pub(crate) fn log(&self, outcome: &Outcome, error: Option<&GraphError>) {
        let Self {
            operation, number, ..
        } = self;
        let duration_ms = milliseconds(self.begun.elapsed());
        let client_request_id = self.client_request_id.as_str();
        let Some(error) = error else {
            let graph_request_id = outcome.request_id.as_deref().unwrap_or_default();
            tracing::info!(
                target: "graph", operation, graph_status = outcome.status, graph_code = "", graph_request_id,
                client_request_id, duration_ms, attempt = number, "graph call"
            );
            return;
        };
        tracing::warn!(
            target: "graph", operation, graph_status = error.status, graph_code = error.code,
            graph_inner_code = error.inner_code, graph_request_id = error.request_id.as_deref().unwrap_or_default(),
            client_request_id, duration_ms, attempt = number, graph_class = error.class.as_str(),
            outcome_unknown = error.outcome_unknown, graph_message = error.message, "graph call failed"
        );
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
