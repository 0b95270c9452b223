//! One HTTP call: sent once, read within bounds, logged in one line (XC-9).
//!
//! Guarantees: it ends by its deadline; a redirect is an error, never followed; what
//! is logged is an operation's name, numbers and codes, never an address, a path, a
//! header or a body.

use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::answer::{error_body, lost, retry_after, success_body};
use crate::error::{Effect, GoogleError, GoogleErrorClass};
use crate::error_body::ErrorBody;

/// Whose rules an error follows.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint {
    Calendar,
    Token,
}

/// A request that is ready to be sent.
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) endpoint: Endpoint,
    pub(crate) request: RequestBuilder,
    /// Whether it changes something; a refresh does where tokens rotate.
    pub(crate) writes: bool,
    pub(crate) deadline: Instant,
}

/// A failed call with what only an update needs to know of it.
pub(crate) struct Failure {
    pub(crate) error: GoogleError,
    /// The event has a higher sequence than the one sent.
    pub(crate) sequence_refused: bool,
}

impl From<GoogleError> for Failure {
    fn from(error: GoogleError) -> Self {
        Self {
            error,
            sequence_refused: false,
        }
    }
}

impl Call {
    /// Sends it and reads a success as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<T, Failure> {
        self.perform(|body| serde_json::from_slice(body).ok()).await
    }

    /// Sends it; a success has nothing to say.
    pub(crate) async fn done(self) -> Result<(), Failure> {
        self.perform(|_| Some(())).await
    }

    async fn perform<T>(self, read: impl FnOnce(&[u8]) -> Option<T>) -> Result<T, Failure> {
        let Self {
            operation,
            endpoint,
            request,
            writes,
            deadline,
        } = self;
        let begun = Instant::now();
        let mut status = None;
        let exchange = async {
            let response = request.send().await.map_err(|error| lost(&error))?;
            status = Some(response.status().as_u16());
            if !response.status().is_success() {
                return Err(refused(response, endpoint, deadline).await);
            }
            let body = success_body(response).await?;
            let unreadable = || GoogleError::unavailable("unreadableAnswer", Effect::Unknown);
            Ok(read(&body).ok_or_else(unreadable)?)
        };
        let timed_out = || GoogleError::unavailable("timedOut", Effect::Unknown).into();
        let mut result = tokio::time::timeout_at(deadline, exchange)
            .await
            .unwrap_or_else(|_| Err(timed_out()));
        if let Err(failure) = &mut result
            && !writes
        {
            failure.error.had_effect = Effect::No;
        }
        log(operation, begun, status, result.as_ref().err());
        result
    }
}

async fn refused(response: Response, endpoint: Endpoint, deadline: Instant) -> Failure {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    let body = ErrorBody::parse(&error_body(response, deadline).await);
    let class = match endpoint {
        Endpoint::Calendar => body.class_of_calendar(status),
        Endpoint::Token => body.class_of_token(status),
    };
    // 412 is Google's promise that nothing was done.
    let unknown = class == GoogleErrorClass::Unavailable && status != 412;
    let error = GoogleError {
        class,
        code: body.code(status),
        retry_after,
        had_effect: if unknown { Effect::Unknown } else { Effect::No },
    };
    Failure {
        error,
        sequence_refused: body.refuses_sequence(status),
    }
}

/// INFO for a success, WARN for anything else.
fn log(operation: &str, begun: Instant, status: Option<u16>, failure: Option<&Failure>) {
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let Some(Failure { error, .. }) = failure else {
        tracing::info!(
            target: "google", operation, google_status = status, google_code = "", duration_ms,
            "google call"
        );
        return;
    };
    tracing::warn!(
        target: "google", operation, google_status = status, google_code = error.code, duration_ms,
        google_class = error.class.as_str(), outcome_unknown = error.had_effect == Effect::Unknown,
        "google call failed"
    );
}
