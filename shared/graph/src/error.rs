//! The one error of this crate: what Graph said, what it means, and whether a
//! write may have happened all the same.
//!
//! Guarantee: an error can be logged and stored as it is. Its message carries no
//! token, address or link and is at most 200 characters long.

use std::time::Duration;

/// A failed operation, after the retries that its budget allowed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("Microsoft Graph: {} ({code}): {message}", class.as_str())]
pub struct GraphError {
    /// The HTTP status, absent when no answer arrived or nothing was sent.
    pub status: Option<u16>,
    /// Graph's `error.code`, the token endpoint's `error`, or a name of ours in the same style.
    pub code: String,
    /// The deepest `innerError.code`, or the token endpoint's AADSTS number.
    pub inner_code: Option<String>,
    /// Graph's message, redacted and cut at 200 characters.
    pub message: String,
    /// Graph's `request-id`, which Microsoft's support asks for.
    pub request_id: Option<String>,
    /// The `client-request-id` we sent; empty when nothing was sent.
    pub client_request_id: String,
    /// How long Graph asked us to wait.
    pub retry_after: Option<Duration>,
    /// What it means for the caller.
    pub class: GraphErrorClass,
    /// True when a write may have taken effect although it is reported as failed.
    pub outcome_unknown: bool,
}

impl GraphError {
    /// Whether the same operation may succeed later without anybody changing a setting.
    pub fn retryable(&self) -> bool {
        self.class.retryable()
    }

    /// A request that is wrong before it is sent.
    pub(crate) fn refused_locally(code: &str, message: &str) -> Self {
        Self::without_answer(GraphErrorClass::InvalidRequest, code, message)
    }

    /// A failure with no HTTP answer behind it.
    pub(crate) fn without_answer(class: GraphErrorClass, code: &str, message: &str) -> Self {
        Self {
            status: None,
            code: code.to_owned(),
            inner_code: None,
            message: message.to_owned(),
            request_id: None,
            client_request_id: String::new(),
            retry_after: None,
            class,
            outcome_unknown: false,
        }
    }

    /// Whether any of the two codes is `code`, letter case aside.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code)
            || self
                .inner_code
                .as_deref()
                .is_some_and(|inner| inner.eq_ignore_ascii_case(code))
    }
}

/// What a failure means, independent of the spelling Graph used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraphErrorClass {
    /// 429, 509 or a throttling code; `retry_after` says when, if Graph did.
    Throttled,
    /// 408, 5xx, no connection, cut or timed out.
    Transient,
    /// 401 from Graph, after one fresh token as well; a user's token is the caller's to renew.
    AuthExpired,
    /// The token endpoint refused the application: its secret or certificate, or, for a user's token, its id.
    InvalidCredentials,
    /// A user's grant is revoked, expired or spent, or needs the user again: only a new consent helps.
    GrantRevoked,
    /// The token endpoint does not know the tenant.
    UnknownTenant,
    /// A permission is not granted, or the application is not in the tenant.
    ConsentMissing,
    /// Teams' application access policy (code `Forbidden`) or Exchange's (code `ErrorAccessDenied`) excludes the user.
    AccessPolicyMissing,
    /// The user in the path is not the organiser of what the call is about.
    NotOrganiser,
    /// The tenant switched Graph's access to transcripts off.
    TranscriptsDisabled,
    /// The tenant switched attributed transcripts off.
    AttributionDisabled,
    /// The thing addressed does not exist (any more), or a delta token is not known any more.
    NotFoundOrGone,
    /// The user or mailbox in the path does not exist or cannot be reached.
    MailboxNotFound,
    /// The transaction id has made an event before, and that event could not be adopted.
    DuplicateTransaction {
        /// The event's id, where Graph names it.
        existing_event_id: Option<String>,
    },
    /// A subscription for the same resource exists; its id, where Graph names it.
    DuplicateSubscription(Option<String>),
    /// Graph's handshake with a notification address failed: it was not reached, too slow, or answered wrongly.
    SubscriptionValidation,
    /// A quota of the tenant, mailbox or application is used up.
    Quota,
    /// The request is wrong and stays wrong.
    InvalidRequest,
    /// 416: the octets asked for begin beyond the content's end.
    RangeNotSatisfiable {
        /// The content's length, where the answer tells it.
        total: Option<u64>,
    },
    /// 409 or 412: somebody else changed it.
    Conflict,
    /// An answer that is not what Graph documents: not JSON, cut, too large, foreign `nextLink`.
    Malformed,
    /// Anything else that repeating does not cure.
    Permanent,
}

impl GraphErrorClass {
    /// Whether the same call may succeed later without anybody changing a setting.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Throttled
            | Self::Transient
            | Self::AuthExpired
            | Self::Malformed
            // The address is our own: it may have been starting.
            | Self::SubscriptionValidation => true,
            Self::InvalidCredentials
            | Self::GrantRevoked
            | Self::UnknownTenant
            | Self::ConsentMissing
            | Self::AccessPolicyMissing
            | Self::NotOrganiser
            | Self::TranscriptsDisabled
            | Self::AttributionDisabled
            | Self::NotFoundOrGone
            | Self::MailboxNotFound
            | Self::DuplicateTransaction { .. }
            | Self::DuplicateSubscription(_)
            | Self::Quota
            | Self::InvalidRequest
            | Self::RangeNotSatisfiable { .. }
            | Self::Conflict
            | Self::Permanent => false,
        }
    }

    /// A stable name in snake case, for stored error codes and metric dimensions.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::AuthExpired => "auth_expired",
            Self::InvalidCredentials => "invalid_credentials",
            Self::GrantRevoked => "grant_revoked",
            Self::UnknownTenant => "unknown_tenant",
            Self::ConsentMissing => "consent_missing",
            Self::AccessPolicyMissing => "access_policy_missing",
            Self::NotOrganiser => "not_organiser",
            Self::TranscriptsDisabled => "transcripts_disabled",
            Self::AttributionDisabled => "attribution_disabled",
            Self::NotFoundOrGone => "not_found_or_gone",
            Self::MailboxNotFound => "mailbox_not_found",
            Self::DuplicateTransaction { .. } => "duplicate_transaction",
            Self::DuplicateSubscription(_) => "duplicate_subscription",
            Self::SubscriptionValidation => "subscription_validation",
            Self::Quota => "quota",
            Self::InvalidRequest => "invalid_request",
            Self::RangeNotSatisfiable { .. } => "range_not_satisfiable",
            Self::Conflict => "conflict",
            Self::Malformed => "malformed",
            Self::Permanent => "permanent",
        }
    }
}
