//! Reads answers without trusting their size or completeness.
//!
//! Guarantees: a success body is read up to [`LARGEST_ANSWER`] and an error body up
//! to [`LARGEST_ERROR`]; a failing or dawdling error body never hides the status that
//! came before it.

use std::time::Duration;

use chrono::DateTime;
use reqwest::Response;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use crate::error::{Effect, GoogleError};

/// Every answer that is asked for is a few lines: `fields` leaves the rest out.
const LARGEST_ANSWER: usize = 1024 * 1024;
const LARGEST_ERROR: usize = 64 * 1024;
/// What is left for the caller after a refusal whose body does not come.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The whole body of a success.
pub(crate) async fn success_body(mut response: Response) -> Result<Vec<u8>, GoogleError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(GoogleError::unavailable("answerTooLarge", Effect::Unknown));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// As much of a refusal's body as arrives in time and fits.
pub(crate) async fn error_body(mut response: Response, deadline: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = LARGEST_ERROR - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == LARGEST_ERROR {
                break;
            }
        }
    };
    let until = deadline.min(Instant::now() + ERROR_BODY_PATIENCE);
    // What arrived before the patience ended is kept.
    let _ = tokio::time::timeout_at(until, read).await;
    body
}

/// No answer, or half of one; only a failed connection proves that nothing was sent.
pub(crate) fn lost(error: &reqwest::Error) -> GoogleError {
    if error.is_builder() {
        GoogleError::refused_locally("unsendableRequest")
    } else if error.is_connect() {
        GoogleError::unavailable("connectFailed", Effect::No)
    } else {
        GoogleError::unavailable("connectionLost", Effect::Unknown)
    }
}

/// `Retry-After` in seconds, or as a date compared with the answer's own.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let until = DateTime::parse_from_rfc2822(text).ok()?;
        let answered = headers.get(DATE)?.to_str().ok()?;
        let answered = DateTime::parse_from_rfc2822(answered).ok()?;
        let wait = until.signed_duration_since(answered).to_std();
        wait.unwrap_or_default()
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IV-6: Google's wish to be left alone is understood in both forms, and bounded.
    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let asked = |wait: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, wait.parse().unwrap());
            headers.insert(DATE, "Sat, 21 Nov 2026 10:00:00 GMT".parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            asked("Sat, 21 Nov 2026 10:02:00 GMT"),
            Some(Duration::from_mins(2))
        );
        assert_eq!(asked("Sat, 21 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("999999999999"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(asked("soon"), None);
    }
}
