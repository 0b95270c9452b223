//! Problem documents (RFC 9457): the one conversion from errors to HTTP.

use std::time::Duration;

use convoke_domain::error::{Error, Violation};
use http::{HeaderValue, StatusCode, header};
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

/// Why a request is not answered as asked: by a rule, or by HTTP itself.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A rule of the product.
    Error(Error),
    /// No verified token came along (401).
    Unauthenticated,
    /// The path exists, not with this method (405).
    MethodNotAllowed {
        /// The methods that it takes, as `Allow` lists them.
        allow: String,
    },
    /// The body has more octets than this (413).
    PayloadTooLarge {
        /// Most octets.
        most: usize,
    },
    /// The body is of another type by its own account (415).
    UnsupportedMediaType {
        /// The type that the route takes.
        takes: &'static str,
    },
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Refusal {
    /// The status that each refusal answers with.
    fn status(&self) -> StatusCode {
        let error = match self {
            Self::Error(error) => error,
            Self::Unauthenticated => return StatusCode::UNAUTHORIZED,
            Self::MethodNotAllowed { .. } => return StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge { .. } => return StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType { .. } => return StatusCode::UNSUPPORTED_MEDIA_TYPE,
        };
        match error {
            Error::Malformed { .. } => StatusCode::BAD_REQUEST,
            Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::NotFound { .. } => StatusCode::NOT_FOUND,
            Error::Forbidden { .. } => StatusCode::FORBIDDEN,
            Error::Conflict { .. } | Error::InProgress { .. } => StatusCode::CONFLICT,
            Error::VersionMismatch => StatusCode::PRECONDITION_FAILED,
            Error::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::NotConfigured { .. } | Error::Upstream { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::NotImplemented { .. } => StatusCode::NOT_IMPLEMENTED,
            Error::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the same request may be answered otherwise in a while: such an
    /// answer is not kept under an idempotency key.
    pub(super) fn is_passing(&self) -> bool {
        self.status().is_server_error() || matches!(self, Self::Error(error) if error.retryable())
    }

    /// Stable, snake_case.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Error(error) => error.code(),
            Self::Unauthenticated => "unauthenticated",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Error(error) => detail_of(error),
            Self::Unauthenticated => "a verified token is needed".to_owned(),
            Self::MethodNotAllowed { allow } => format!("this path takes {allow}"),
            Self::PayloadTooLarge { most } => format!("a body may have {most} octets"),
            Self::UnsupportedMediaType { takes } => format!("send the body as {takes}"),
        }
    }
}

impl Problem {
    /// Describes a refusal to the caller; internal context stays out.
    pub(super) fn of(refusal: &Refusal, request_id: &str) -> Self {
        let status = refusal.status();
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (missing_keys, required_permissions, errors) = match refusal {
            Refusal::Error(Error::NotConfigured {
                missing_keys,
                required_permissions,
                ..
            }) => (owned(missing_keys), owned(required_permissions), vec![]),
            Refusal::Error(Error::Invalid { violations }) => (
                vec![],
                vec![],
                violations.iter().map(FieldProblem::from).collect(),
            ),
            _ => (vec![], vec![], vec![]),
        };
        Self {
            kind: format!("https://convoke.dev/problems/{}", refusal.code()),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: refusal.detail(),
            instance: format!("urn:convoke:request:{request_id}"),
            code: refusal.code().to_owned(),
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

impl Reply {
    /// A problem document, for answers that no edge makes; 500 where the status
    /// is none of HTTP's.
    pub fn problem(problem: &Problem) -> Self {
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::json_of(status, problem).with_header(header::CONTENT_TYPE, "application/problem+json")
    }

    /// An error's problem document with its headers, for answers that no edge makes.
    pub fn of_error(error: Error, request_id: &str) -> Self {
        reply_of(&Refusal::Error(error), request_id)
    }

    /// 405 with `Allow`, for answers that no edge makes.
    pub fn method_not_allowed(allow: &str, request_id: &str) -> Self {
        let allow = allow.to_owned();
        reply_of(&Refusal::MethodNotAllowed { allow }, request_id)
    }

    /// 413 for a body of more than `most` octets, for answers that no edge makes.
    pub fn payload_too_large(most: usize, request_id: &str) -> Self {
        reply_of(&Refusal::PayloadTooLarge { most }, request_id)
    }
}

/// The whole answer for a refusal.
pub(super) fn reply_of(refusal: &Refusal, request_id: &str) -> Reply {
    let problem = Problem::of(refusal, request_id);
    let mut reply = Reply::json_of(refusal.status(), &problem);
    reply.set_header(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    let retry_after = match refusal {
        Refusal::Error(Error::Busy { retry_after, .. }) => Some(*retry_after),
        Refusal::Error(Error::Upstream { retry_after, .. }) => *retry_after,
        Refusal::Error(Error::InProgress { .. }) => Some(Duration::from_secs(1)),
        _ => None,
    };
    if let Some(wait) = retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        reply.set_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    if let Refusal::MethodNotAllowed { allow } = refusal {
        reply = reply.with_header(header::ALLOW, allow);
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XC-3: every variant has its status, a stable code, and no internals.
    #[test]
    fn every_error_has_its_status_and_shows_no_internals() {
        let table = [
            (
                Refusal::Error(Error::Malformed {
                    code: "malformed_json",
                    message: "x".into(),
                }),
                400,
            ),
            (Refusal::Unauthenticated, 401),
            (
                Refusal::MethodNotAllowed {
                    allow: "GET, PUT".into(),
                },
                405,
            ),
            (Refusal::PayloadTooLarge { most: 1 }, 413),
            (
                Refusal::UnsupportedMediaType {
                    takes: "application/json",
                },
                415,
            ),
            (Refusal::Error(Error::invalid("/a", "b", "c")), 422),
            (Refusal::Error(Error::NotFound { what: "meeting" }), 404),
            (
                Refusal::Error(Error::Forbidden {
                    code: "permission_missing",
                    message: "x".into(),
                }),
                403,
            ),
            (Refusal::Error(Error::conflict("x", "y")), 409),
            (Refusal::Error(Error::in_progress("x", "y")), 409),
            (Refusal::Error(Error::VersionMismatch), 412),
            (
                Refusal::Error(Error::Busy {
                    message: "x".into(),
                    retry_after: Duration::from_millis(1500),
                }),
                429,
            ),
            (
                Refusal::Error(Error::NotConfigured {
                    code: "provider_not_configured",
                    message: "x".into(),
                    missing_keys: vec!["K"],
                    required_permissions: vec!["P"],
                }),
                503,
            ),
            (
                Refusal::Error(Error::Upstream {
                    code: "u",
                    message: "x".into(),
                    retry_after: None,
                }),
                503,
            ),
            (
                Refusal::Error(Error::NotImplemented {
                    code: "ee_disabled",
                    message: "x".into(),
                }),
                501,
            ),
            (Refusal::Error(Error::internal("secret context")), 500),
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
