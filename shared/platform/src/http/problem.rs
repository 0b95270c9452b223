//! Problem documents (RFC 9457): the one conversion from errors to HTTP.

use convoke_domain::error::{Error, Violation};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Reply;

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Where the code is described.
    #[serde(rename = "type")]
    #[schema(example = "https://convoke.dev/problems/invalid_input")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What to change.
    pub detail: String,
    /// The request, as a URN of its id.
    pub instance: String,
    /// Stable, snake_case.
    pub code: String,
    /// Also in the response header `x-request-id` and in every log line.
    pub request_id: String,
    /// Each broken rule of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldProblem>,
    /// Settings that are missing (503 `provider_not_configured`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub missing_keys: Vec<String>,
    /// Permissions to grant (503 `provider_not_configured`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub required_permissions: Vec<String>,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the body, or `""` (RFC 6901).
    pub pointer: String,
    /// Stable, snake_case.
    pub code: String,
    /// What to change.
    pub detail: String,
}

impl From<&Violation> for FieldProblem {
    fn from(violation: &Violation) -> Self {
        Self {
            pointer: violation.pointer.clone(),
            code: violation.code.to_owned(),
            detail: violation.message.clone(),
        }
    }
}

/// The status that each error answers with.
pub(super) fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Malformed {
            code: "payload_too_large",
            ..
        } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Malformed {
            code: "unsupported_media_type",
            ..
        } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Malformed {
            code: "method_not_allowed",
            ..
        } => StatusCode::METHOD_NOT_ALLOWED,
        Error::Malformed {
            code: "unauthenticated",
            ..
        } => StatusCode::UNAUTHORIZED,
        Error::Malformed { .. } => StatusCode::BAD_REQUEST,
        Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::NotFound { .. } => StatusCode::NOT_FOUND,
        Error::Forbidden { .. } => StatusCode::FORBIDDEN,
        Error::Conflict { .. } => StatusCode::CONFLICT,
        Error::VersionMismatch => StatusCode::PRECONDITION_FAILED,
        Error::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::NotConfigured { .. } | Error::Upstream { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    /// Describes an error to the caller; internal context stays out.
    pub fn of(error: &Error, request_id: &str) -> Self {
        let status = status_of(error);
        let (missing_keys, required_permissions) = match error {
            Error::NotConfigured {
                missing_keys,
                required_permissions,
                ..
            } => (
                missing_keys.iter().map(|key| (*key).to_owned()).collect(),
                required_permissions
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
            ),
            _ => (vec![], vec![]),
        };
        let errors = match error {
            Error::Invalid { violations } => violations.iter().map(FieldProblem::from).collect(),
            _ => vec![],
        };
        Self {
            kind: format!("https://convoke.dev/problems/{}", error.code()),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail_of(error),
            instance: format!("urn:convoke:request:{request_id}"),
            code: error.code().to_owned(),
            request_id: request_id.to_owned(),
            errors,
            missing_keys,
            required_permissions,
        }
    }
}

fn detail_of(error: &Error) -> String {
    match error {
        Error::Invalid { violations } => violations
            .iter()
            .map(|violation| match violation.pointer.as_str() {
                "" => violation.message.clone(),
                pointer => format!("{pointer}: {}", violation.message),
            })
            .collect::<Vec<_>>()
            .join("; "),
        Error::Internal { .. } => {
            "something went wrong on our side; the request id helps to find it".to_owned()
        }
        other => other.to_string(),
    }
}

/// The whole answer for an error.
pub(super) fn reply_of(error: &Error, request_id: &str) -> Reply {
    let problem = Problem::of(error, request_id);
    let mut reply = Reply::json_of(status_of(error), &problem);
    reply.set_header(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    let retry_after = match error {
        Error::Busy { retry_after, .. } => Some(*retry_after),
        Error::Upstream { retry_after, .. } => *retry_after,
        _ => None,
    };
    if let Some(wait) = retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        reply.set_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if let Error::Conflict {
        code: "request_in_progress",
        ..
    } = error
    {
        reply.set_header(
            HeaderName::from_static("retry-after"),
            HeaderValue::from_static("1"),
        );
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// XC-3: every variant has its status, a stable code, and no internals.
    #[test]
    fn every_error_has_its_status_and_shows_no_internals() {
        let table = [
            (
                Error::Malformed {
                    code: "malformed_json",
                    message: "x".into(),
                },
                400,
            ),
            (
                Error::Malformed {
                    code: "unauthenticated",
                    message: "x".into(),
                },
                401,
            ),
            (
                Error::Malformed {
                    code: "method_not_allowed",
                    message: "x".into(),
                },
                405,
            ),
            (
                Error::Malformed {
                    code: "payload_too_large",
                    message: "x".into(),
                },
                413,
            ),
            (
                Error::Malformed {
                    code: "unsupported_media_type",
                    message: "x".into(),
                },
                415,
            ),
            (Error::invalid("/a", "b", "c"), 422),
            (Error::NotFound { what: "meeting" }, 404),
            (
                Error::Forbidden {
                    code: "permission_missing",
                    message: "x".into(),
                },
                403,
            ),
            (Error::conflict("x", "y"), 409),
            (Error::VersionMismatch, 412),
            (
                Error::Busy {
                    message: "x".into(),
                    retry_after: Duration::from_millis(1500),
                },
                429,
            ),
            (
                Error::NotConfigured {
                    code: "provider_not_configured",
                    message: "x".into(),
                    missing_keys: vec!["K"],
                    required_permissions: vec!["P"],
                },
                503,
            ),
            (
                Error::Upstream {
                    code: "u",
                    message: "x".into(),
                    retry_after: None,
                },
                503,
            ),
            (Error::internal("secret context"), 500),
        ];
        for (error, status) in table {
            let reply = reply_of(&error, "r-1");
            assert_eq!(reply.status().as_u16(), status, "{error:?}");
            let problem: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
            assert_eq!(problem["status"], status);
            assert_eq!(problem["request_id"], "r-1");
            for field in ["type", "title", "detail", "instance", "code"] {
                assert!(
                    problem[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{field} of {error:?}"
                );
            }
            assert!(!problem.to_string().contains("secret context"));
            if status == 429 {
                assert_eq!(
                    reply.header(header::RETRY_AFTER).unwrap(),
                    "2",
                    "rounded up"
                );
            }
        }
    }
}
