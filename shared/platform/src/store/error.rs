//! What can go wrong with the store, and the one place that reads SDK errors.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use convoke_domain::error::Error;
use std::time::Duration;

/// Why the store did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A conditional write found the item gone.
    #[error("{0}: not found")]
    NotFound(&'static str),
    /// A first write found the item there.
    #[error("{0}: exists already")]
    AlreadyExists(&'static str),
    /// Somebody else wrote first; read again and retry.
    #[error("{0}: changed meanwhile")]
    VersionConflict(&'static str),
    /// DynamoDB asked to slow down.
    #[error("throttled: {0}")]
    Throttled(String),
    /// DynamoDB could not be reached, or failed; a write may have happened.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// An item does not read back as what it should be.
    #[error("corrupt: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether reading again and writing anew may succeed.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::VersionConflict(_))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound { what },
            StoreError::AlreadyExists(what) => {
                Self::conflict("already_exists", format!("this {what} exists already"))
            }
            StoreError::VersionConflict(what) => Self::Busy {
                message: format!("too many writers at once change this {what}; try again"),
                retry_after: Duration::from_secs(1),
            },
            StoreError::Throttled(_) => Self::Busy {
                message: "the store is busy; try again".to_owned(),
                retry_after: Duration::from_secs(2),
            },
            StoreError::Unavailable(_) => Self::Upstream {
                code: "store_unavailable",
                message: "the store cannot be reached; try again".to_owned(),
                retry_after: Some(Duration::from_secs(5)),
            },
            StoreError::Corrupt(context) => Self::internal(context),
        }
    }
}

/// Text for the log: `SdkError` alone displays as "service error".
pub fn describe<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    if let Some(service) = error.as_service_error() {
        return format!(
            "{}: {} (request {})",
            service.code().unwrap_or("no code"),
            service.message().unwrap_or("no message"),
            service.request_id().unwrap_or("unknown")
        );
    }
    // Never their Debug form: it holds the raw answer, which may be a secret.
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Reads an SDK error of an operation without conditions.
pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    from_code(
        error
            .as_service_error()
            .and_then(ProvideErrorMetadata::code),
        describe(error),
    )
}

fn from_code(code: Option<&str>, text: String) -> StoreError {
    match code {
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "ThrottlingError",
        ) => StoreError::Throttled(text),
        Some("TransactionConflictException" | "TransactionInProgressException") => {
            StoreError::VersionConflict("item")
        }
        // The request itself is wrong: a bug, not an outage.
        Some("ValidationException" | "ItemCollectionSizeLimitExceededException") => {
            StoreError::Corrupt(text)
        }
        _ => StoreError::Unavailable(text),
    }
}

/// Reads why a transaction was cancelled; `failures` names, per item, the error
/// that its failed condition stands for.
pub(super) fn from_transaction<R: std::fmt::Debug>(
    error: &SdkError<TransactWriteItemsError, R>,
    failures: &[StoreError],
) -> StoreError {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return from_sdk(error);
    };
    let mut conflict = None;
    for (reason, failure) in cancelled.cancellation_reasons().iter().zip(failures) {
        match reason.code() {
            None | Some("None") => {}
            // A failed condition says more than a conflict elsewhere.
            Some("ConditionalCheckFailed") => return failure.clone(),
            code => conflict = Some(from_code(code_of_reason(code), describe(error))),
        }
    }
    conflict.unwrap_or_else(|| StoreError::Unavailable(describe(error)))
}

fn code_of_reason(reason: Option<&str>) -> Option<&str> {
    match reason {
        Some("TransactionConflict") => Some("TransactionConflictException"),
        Some("ValidationError") => Some("ValidationException"),
        Some("ProvisionedThroughputExceeded") => Some("ProvisionedThroughputExceededException"),
        other => other,
    }
}
