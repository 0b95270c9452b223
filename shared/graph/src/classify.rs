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

    /// The same, when a token for a user was asked for.
    pub(crate) fn by_token_endpoint_for_user(&self) -> GraphError {
        let body = ErrorBody::parse_oauth(self.body);
        let class = classify_user_token(self.status, &body);
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
/// A delta token that Graph has forgotten, at whichever status: the list begins anew.
const RESYNC: [&str; 6] = [
    "resyncRequired",
    "fullSyncRequired",
    "syncStateNotFound",
    "syncStateInvalid",
    "Directory_ResyncRequired",
    "Directory_ExpiredPageToken",
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
            GraphErrorClass::DuplicateSubscription(body.subscription_id())
        }
        409 | 412 => GraphErrorClass::Conflict,
        400 if body.says("need to be an organizer") => GraphErrorClass::NotOrganiser,
        400 if body.has("ValidationError") || body.says("subscription validation request") => {
            GraphErrorClass::SubscriptionValidation
        }
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
    } else if body.has_any(&["ErrorItemNotFound", "ErrorCalendarNotFound"]) || body.has_any(&RESYNC)
    {
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
    } else if says_quota(body) {
        GraphErrorClass::Quota
    } else {
        GraphErrorClass::ConsentMissing
    }
}

/// The numbers of subscriptions are limited in several ways, and only words say which.
fn says_quota(body: &ErrorBody) -> bool {
    let most = ["maximum", "limit", "exceed"];
    body.says("quota") || (body.says("subscription") && most.iter().any(|word| body.says(word)))
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

/// What the user alone can mend, by consenting again.
const CONSENT_AGAIN: [&str; 4] = [
    "invalid_grant",
    "interaction_required",
    "consent_required",
    "login_required",
];
/// A redirect address other than the consent's comes as `invalid_client`, although
/// the client's secret is right: only the number tells.
const OTHER_REDIRECT: [&str; 2] = ["50011", "500112"];

/// For a user's tokens, a grant that ended and an application that is refused are
/// different people's business.
fn classify_user_token(status: u16, body: &ErrorBody) -> GraphErrorClass {
    match classify_token(status, body) {
        class @ (GraphErrorClass::Throttled | GraphErrorClass::Transient) => class,
        _ if body.has_any(&CONSENT_AGAIN) => GraphErrorClass::GrantRevoked,
        _ if body.has_any(&OTHER_REDIRECT) => GraphErrorClass::InvalidRequest,
        _ if body.has("unauthorized_client") => GraphErrorClass::InvalidCredentials,
        class => class,
    }
}

#[cfg(test)]
mod tests;
