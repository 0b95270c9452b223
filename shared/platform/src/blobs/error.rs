//! What can go wrong with the bucket, and the one place that reads its errors.

use std::time::Duration;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use convoke_domain::error::Error;

use crate::store::describe;

/// Why the bucket did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// No such object, or no such upload any more.
    #[error("no such object or upload")]
    NotFound,
    /// The range begins behind the object's end.
    #[error("the object has no such octets")]
    RangeNotSatisfiable,
    /// The object has more octets than the reader takes.
    #[error("the object has more than {limit} octets")]
    TooLarge {
        /// What the reader takes.
        limit: u64,
    },
    /// S3 asked to slow down.
    #[error("throttled: {0}")]
    Throttled(String),
    /// S3 could not be reached, or failed; a write may have happened.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The request itself is wrong, or an answer is: a bug, not an outage.
    #[error("refused: {0}")]
    Other(String),
}

impl BlobError {
    /// Stable word for logs and rows.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "blob_not_found",
            Self::RangeNotSatisfiable => "blob_range",
            Self::TooLarge { .. } => "blob_too_large",
            Self::Throttled(_) => "blobs_throttled",
            Self::Unavailable(_) => "blobs_unavailable",
            Self::Other(_) => "blobs_refused",
        }
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::NotFound => Self::NotFound { what: "file" },
            BlobError::Throttled(_) => Self::Busy {
                message: "the file store is busy; try again".to_owned(),
                retry_after: Duration::from_secs(2),
            },
            BlobError::Unavailable(_) => Self::Upstream {
                code: "file_store_unavailable",
                message: "the file store cannot be reached; try again".to_owned(),
                retry_after: Some(Duration::from_secs(5)),
            },
            // Ranges and sizes are ours to check before.
            BlobError::RangeNotSatisfiable | BlobError::TooLarge { .. } | BlobError::Other(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}

pub(super) fn from_sdk<E>(error: &SdkError<E, HttpResponse>) -> BlobError
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
{
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    of_answer(code, status, || describe(error))
}

fn of_answer(code: Option<&str>, status: Option<u16>, text: impl FnOnce() -> String) -> BlobError {
    match (code, status) {
        // HEAD has no body to carry a code.
        (Some("NoSuchKey" | "NoSuchUpload" | "NotFound"), _) | (None, Some(404)) => {
            BlobError::NotFound
        }
        (Some("InvalidRange"), _) | (None, Some(416)) => BlobError::RangeNotSatisfiable,
        (Some("SlowDown" | "Throttling" | "ThrottlingException"), _) | (_, Some(429)) => {
            BlobError::Throttled(text())
        }
        // What went wrong on the way, which the next try may not.
        (Some("BadDigest" | "InvalidDigest" | "IncompleteBody" | "RequestTimeout"), _) => {
            BlobError::Unavailable(text())
        }
        (_, Some(400..=499)) => BlobError::Other(text()),
        _ => BlobError::Unavailable(text()),
    }
}

/// A length that S3 tells.
pub(super) fn octets(length: Option<i64>) -> Result<u64, BlobError> {
    length
        .and_then(|length| u64::try_from(length).ok())
        .ok_or_else(|| BlobError::Other("S3 told no length".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_apart_from_what_will_not() {
        let of = |code, status| of_answer(code, Some(status), || "x".to_owned()).code();
        for (code, status, expected) in [
            (Some("NoSuchKey"), 404, "blob_not_found"),
            (Some("NoSuchUpload"), 404, "blob_not_found"),
            (None, 404, "blob_not_found"),
            (Some("NoSuchBucket"), 404, "blobs_refused"),
            (Some("InvalidRange"), 416, "blob_range"),
            (Some("SlowDown"), 503, "blobs_throttled"),
            (Some("InternalError"), 500, "blobs_unavailable"),
            // A completion answers 200 first, and fails in its body.
            (Some("InternalError"), 200, "blobs_unavailable"),
            (Some("RequestTimeout"), 400, "blobs_unavailable"),
            (Some("BadDigest"), 400, "blobs_unavailable"),
            (Some("AccessDenied"), 403, "blobs_refused"),
        ] {
            assert_eq!(of(code, status), expected, "{code:?} {status}");
        }
    }
}
