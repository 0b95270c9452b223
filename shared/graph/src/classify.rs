//! From status, codes and, where Microsoft leaves no choice, text to a class.
//!
//! Guarantee: codes come before text and text before the bare status; a 404 that
//! nobody signed (a gateway's page) never counts as "gone".

use reqwest::header::HeaderMap;

use crate::content_range::unsatisfied_total;
use crate::error::{GraphError, GraphErrorClass};
use crate::error_body::ErrorBody;
use crate::redact::redact;
use crate::retry::retry_after;

/// An answer that is not a success.
pub(crate) struct Refusal<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) client_request_id: &'a str,
    /// What a message must not repeat: the token and the client secret.
    pub(crate) secrets: &'a [&'a str],
}

impl Refusal<'_> {
    /// The error behind Graph's answer; `writes` says whether the request could change anything.
    pub(crate) fn by_graph(&self, writes: bool) -> GraphError {
        let body = ErrorBody::parse_graph(self.body);
        let class = match self.status {
            416 => GraphErrorClass::RangeNotSatisfiable {
                total: unsatisfied_total(self.headers),
            },
            status => classify_graph(status, &body),
        };
        let inner_code = (body.codes.len() > 1)
            .then(|| body.codes.last().cloned())
            .flatten();
        let unknown = writes && (self.status >= 500 || self.status == 408);
        self.error(&body, class, inner_code, unknown)
    }

    /// The error behind the token endpoint's answer.
    pub(crate) fn by_token_endpoint(&self) -> GraphError {
        let body = ErrorBody::parse_oauth(self.body);
        let class = classify_token(self.status, &body);
        self.error(&body, class, body.codes.get(1).cloned(), false)
    }

    fn error(
        &self,
        body: &ErrorBody,
        class: GraphErrorClass,
        inner_code: Option<String>,
        outcome_unknown: bool,
    ) -> GraphError {
        let fallback = format!("Http{}", self.status);
        let code = body.codes.first().cloned().unwrap_or(fallback);
        let message = body
            .messages
            .first()
            .map_or("no readable error body", String::as_str);
        GraphError {
            status: Some(self.status),
            code: redact(&code, self.secrets),
            inner_code: inner_code.map(|code| redact(&code, self.secrets)),
            message: redact(message, self.secrets),
            request_id: request_id(self.headers).or_else(|| body.request_id.as_deref().map(cut_id)),
            client_request_id: self.client_request_id.to_owned(),
            retry_after: retry_after(self.headers),
            class,
            outcome_unknown,
        }
    }
}

/// Microsoft's id of an answer.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers
        .get("request-id")
        .or_else(|| headers.get("x-ms-request-id"))?;
    value.to_str().ok().map(cut_id)
}

/// Microsoft's ids are GUIDs; what is longer is somebody else's.
fn cut_id(id: &str) -> String {
    id.chars().take(100).collect()
}

const THROTTLING: [&str; 5] = [
    "TooManyRequests",
    "ApplicationThrottled",
    "ErrorServerBusy",
    "ErrorTooManyRequests",
    "activityLimitReached",
];
const NO_MAILBOX: [&str; 9] = [
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "ErrorNonExistentMailbox",
    "ErrorMissingEmailAddress",
    "ErrorInvalidUser",
    "ResourceNotFound",
    "Request_ResourceNotFound",
    "MailboxNotFound",
    "UserNotFound",
];

fn classify_graph(status: u16, body: &ErrorBody) -> GraphErrorClass {
    if (400..500).contains(&status)
        && let Some(class) = by_code(body)
    {
        return class;
    }
    match status {
        429 | 509 => GraphErrorClass::Throttled,
        503 if body.has_any(&THROTTLING) => GraphErrorClass::Throttled,
        401 if says_policy(body) => GraphErrorClass::AccessPolicyMissing,
        401 => GraphErrorClass::AuthExpired,
        403 => forbidden(body),
        404 if body.readable => GraphErrorClass::NotFoundOrGone,
        404 => GraphErrorClass::Malformed,
        410 => GraphErrorClass::NotFoundOrGone,
        409 if body.says("already exist") || body.has("ObjectIdentifierInUse") => {
            GraphErrorClass::DuplicateSubscription(body.guid())
        }
        409 | 412 => GraphErrorClass::Conflict,
        400 if body.says("need to be an organizer") => GraphErrorClass::NotOrganiser,
        507 => GraphErrorClass::Quota,
        400 | 405 | 406 | 411 | 413..=415 | 422 | 431 => GraphErrorClass::InvalidRequest,
        408 | 423 | 500.. if !matches!(status, 501 | 505) => GraphErrorClass::Transient,
        _ => GraphErrorClass::Permanent,
    }
}

/// Codes that mean the same whichever 4xx they come with.
fn by_code(body: &ErrorBody) -> Option<GraphErrorClass> {
    let class = if body.has("ErrorDuplicateTransactionId") {
        let existing_event_id = body.existing_event_id.clone();
        GraphErrorClass::DuplicateTransaction { existing_event_id }
    } else if body.has("GraphAccessToTranscriptsDisabled") {
        GraphErrorClass::TranscriptsDisabled
    } else if body.has("SpeakerAttributionNotAllowed") {
        GraphErrorClass::AttributionDisabled
    } else if body.has_any(&THROTTLING) {
        GraphErrorClass::Throttled
    } else if body.has_any(&["ErrorItemNotFound", "ErrorCalendarNotFound"]) {
        GraphErrorClass::NotFoundOrGone
    } else if body.has_any(&NO_MAILBOX) {
        GraphErrorClass::MailboxNotFound
    } else if body.has_any(&["ErrorQuotaExceeded", "QuotaLimitReached"]) {
        GraphErrorClass::Quota
    } else {
        return None;
    };
    Some(class)
}

/// 403: the policy cases have no code of their own.
fn forbidden(body: &ErrorBody) -> GraphErrorClass {
    if says_policy(body) || body.says("access to odata is disabled") {
        GraphErrorClass::AccessPolicyMissing
    } else if body.says("3003:") || body.says("access to lookup meeting") {
        GraphErrorClass::NotOrganiser
    } else if body.says("maximum number of subscriptions") || body.says("quota") {
        GraphErrorClass::Quota
    } else {
        GraphErrorClass::ConsentMissing
    }
}

fn says_policy(body: &ErrorBody) -> bool {
    body.says("application access policy")
        || body.says("not allowed to perform operations on the user")
        || (body.says("is not authorized to") && body.says("on behalf of user"))
}

/// By status and `error`; a number decides only where the words have changed
/// over the years (unknown tenant).
fn classify_token(status: u16, body: &ErrorBody) -> GraphErrorClass {
    if body.has("temporarily_unavailable") || body.has("server_error") {
        return GraphErrorClass::Transient;
    }
    match status {
        429 | 509 => GraphErrorClass::Throttled,
        408 | 500.. => GraphErrorClass::Transient,
        _ if body.has_any(&["invalid_tenant", "90002"]) => GraphErrorClass::UnknownTenant,
        _ if body.has("invalid_client") => GraphErrorClass::InvalidCredentials,
        _ if body.has("unauthorized_client") => GraphErrorClass::ConsentMissing,
        400..=499 if body.has_any(&["invalid_request", "invalid_scope", "invalid_grant"]) => {
            GraphErrorClass::InvalidRequest
        }
        400..=499 if !body.readable => GraphErrorClass::Malformed,
        _ => GraphErrorClass::Permanent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use GraphErrorClass as C;

    fn graph(status: u16, body: &str) -> GraphError {
        let refusal = Refusal {
            status,
            headers: &HeaderMap::new(),
            body: body.as_bytes(),
            client_request_id: "c",
            secrets: &[],
        };
        refusal.by_graph(true)
    }

    fn error(code: &str, message: &str) -> String {
        format!(r#"{{"error":{{"code":"{code}","message":"{message}"}}}}"#)
    }

    /// AP-5, OM-3: every refusal that the protocol notes name gets its own class.
    #[test]
    fn documented_refusals_are_told_apart() {
        let subscription = "7a62d59e-0000-4000-8000-000000000001";
        let taken =
            format!("Subscription Id {subscription} already exists for the requested combination");
        let policy = "NO application access policy found for this app on the user";
        let rsc =
            "Application is not allowed to perform operations on the user 'x', neither is allowed";
        let behalf = "App 1 is not authorized to Create meeting on behalf of user 2";
        let full = "Operation: Create; Exception: [Reason: Maximum number of subscriptions has been reached]";
        for (status, code, message, class) in [
            (429, "TooManyRequests", "", C::Throttled),
            (509, "", "", C::Throttled),
            (
                400,
                "ApplicationThrottled",
                "MailboxConcurrency",
                C::Throttled,
            ),
            (503, "ErrorServerBusy", "", C::Throttled),
            (503, "serviceNotAvailable", "", C::Transient),
            (504, "UnknownError", "", C::Transient),
            (408, "", "", C::Transient),
            (401, "InvalidAuthenticationToken", "", C::AuthExpired),
            (401, "Unauthorized", behalf, C::AccessPolicyMissing),
            (
                403,
                "ErrorAccessDenied",
                "Access is denied. Check credentials and try again.",
                C::ConsentMissing,
            ),
            (403, "Authorization_RequestDenied", "", C::ConsentMissing),
            (
                403,
                "ErrorAccessDenied",
                "Access to OData is disabled.",
                C::AccessPolicyMissing,
            ),
            (403, "Forbidden", policy, C::AccessPolicyMissing),
            (403, "General", rsc, C::AccessPolicyMissing),
            (
                403,
                "Forbidden",
                "3003: User does not have access to lookup meeting",
                C::NotOrganiser,
            ),
            (403, "ExtensionError", full, C::Quota),
            (404, "erroritemnotfound", "", C::NotFoundOrGone),
            (404, "ResourceNotFound", "", C::MailboxNotFound),
            (404, "MailboxNotEnabledForRESTAPI", "", C::MailboxNotFound),
            (404, "Request_ResourceNotFound", "", C::MailboxNotFound),
            (410, "Gone", "", C::NotFoundOrGone),
            (
                400,
                "ErrorInvalidRequest",
                "You need to be an organizer to cancel a meeting.",
                C::NotOrganiser,
            ),
            (
                400,
                "ErrorOccurrenceCrossingBoundary",
                "",
                C::InvalidRequest,
            ),
            (
                409,
                "ObjectIdentifierInUse",
                &taken,
                C::DuplicateSubscription(Some(subscription.into())),
            ),
            (
                409,
                "",
                "A subscripton already exists.",
                C::DuplicateSubscription(None),
            ),
            (409, "ErrorIrresolvableConflict", "", C::Conflict),
            (412, "ErrorIrresolvableConflict", "", C::Conflict),
            (302, "", "", C::Permanent),
        ] {
            assert_eq!(
                graph(status, &error(code, message)).class,
                class,
                "{status} {code} {message}"
            );
        }
    }

    /// A repeated transaction id is known by its code, at 409 and at 400.
    #[test]
    fn a_duplicate_transaction_is_known_at_either_status() {
        for status in [409, 400] {
            let found = graph(status, &error("ErrorDuplicateTransactionId", "used")).class;
            assert_eq!(
                found,
                C::DuplicateTransaction {
                    existing_event_id: None
                }
            );
        }
        let named =
            r#"{"error":{"code":"ErrorDuplicateTransactionId","@event.existingEventId":"AA="}}"#;
        let found = graph(409, named).class;
        assert_eq!(
            found,
            C::DuplicateTransaction {
                existing_event_id: Some("AA=".into())
            }
        );
    }

    /// §5: the transcript switches are inner codes of an ordinary 403.
    #[test]
    fn inner_codes_decide_before_the_outer_one() {
        for (inner, class) in [
            ("GraphAccessToTranscriptsDisabled", C::TranscriptsDisabled),
            ("SpeakerAttributionNotAllowed", C::AttributionDisabled),
        ] {
            let body = format!(
                r#"{{"error":{{"code":"Forbidden","message":"m","innerError":{{"code":"{inner}"}}}}}}"#
            );
            let found = graph(403, &body);
            assert_eq!(found.class, class);
            assert_eq!(
                (found.code.as_str(), found.inner_code.as_deref()),
                ("Forbidden", Some(inner))
            );
        }
    }

    #[test]
    fn a_gateways_404_is_not_gone() {
        let found = graph(404, "<html>not here</html>");
        assert_eq!(
            (found.class, found.code.as_str()),
            (C::Malformed, "Http404")
        );
    }

    /// XC-8: only an answer that may follow the write leaves it open.
    #[test]
    fn server_errors_leave_a_write_open_and_refusals_do_not() {
        for (status, open) in [
            (500, true),
            (503, true),
            (504, true),
            (408, true),
            (429, false),
            (403, false),
        ] {
            assert_eq!(graph(status, "").outcome_unknown, open, "{status}");
        }
    }

    /// CM-10: token errors are OAuth-shaped; the words decide, the number is kept.
    #[test]
    fn token_errors_are_told_apart() {
        for (status, word, number, class) in [
            (401, "invalid_client", 7_000_215, C::InvalidCredentials),
            (401, "invalid_client", 7_000_222, C::InvalidCredentials),
            (400, "invalid_request", 90_002, C::UnknownTenant),
            (400, "invalid_tenant", 90_002, C::UnknownTenant),
            (400, "unauthorized_client", 700_016, C::ConsentMissing),
            (400, "invalid_scope", 70_011, C::InvalidRequest),
            (400, "invalid_request", 900_144, C::InvalidRequest),
            (429, "x", 1, C::Throttled),
            (503, "temporarily_unavailable", 1, C::Transient),
        ] {
            let body =
                format!(r#"{{"error":"{word}","error_description":"d","error_codes":[{number}]}}"#);
            let refusal = Refusal {
                status,
                headers: &HeaderMap::new(),
                body: body.as_bytes(),
                client_request_id: "c",
                secrets: &[],
            };
            let found = refusal.by_token_endpoint();
            assert_eq!(found.class, class, "{status} {word}");
            assert_eq!(found.inner_code, Some(number.to_string()));
            assert!(!found.outcome_unknown);
        }
    }
}
