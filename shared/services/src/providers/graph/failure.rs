//! What a Graph error means for the saga and for the caller.

use convoke_domain::error::Error;
use convoke_graph::{GraphError, GraphErrorClass};

use crate::providers::{CallFailure, Effect, GRAPH_PERMISSION};

/// What a Graph error means for the saga and for the caller.
pub(crate) fn failure(error: &GraphError) -> CallFailure {
    let effect = match &error.class {
        _ if error.outcome_unknown => Effect::Unknown,
        // Only what Exchange says of an item: other 404s are about the mailbox or the way there.
        GraphErrorClass::NotFoundOrGone
            if error.has_code("ErrorItemNotFound") || error.status == Some(410) =>
        {
            Effect::Gone
        }
        GraphErrorClass::DuplicateTransaction { .. } => Effect::Unknown,
        class if class.retryable() => Effect::None,
        _ => Effect::Refused,
    };
    let unconfigured =
        |code, message: &str, missing_keys, required_permissions| Error::NotConfigured {
            code,
            message: message.to_owned(),
            missing_keys,
            required_permissions,
        };
    let error = match &error.class {
        GraphErrorClass::ConsentMissing => unconfigured(
            "graph_permission_missing",
            "Microsoft Graph refused the calendar: grant Calendars.ReadWrite to the application and consent to it",
            vec![],
            vec![GRAPH_PERMISSION],
        ),
        GraphErrorClass::AccessPolicyMissing => unconfigured(
            "graph_access_policy_missing",
            "an access policy in Microsoft 365 keeps the application from the organiser's mailbox",
            vec![],
            vec![GRAPH_PERMISSION],
        ),
        GraphErrorClass::InvalidCredentials | GraphErrorClass::UnknownTenant => unconfigured(
            "graph_credentials_refused",
            "Microsoft refused the application's credentials: check tenant id, client id and client secret",
            vec![],
            vec![],
        ),
        GraphErrorClass::MailboxNotFound => unconfigured(
            "graph_organizer_not_found",
            "Microsoft Graph does not know the organiser's mailbox: check the organiser in the Teams settings, or MS_GRAPH_ORGANIZER_EMAIL",
            vec![],
            vec![],
        ),
        class if class.retryable() || error.outcome_unknown => Error::Upstream {
            code: "graph_unavailable",
            message: "Microsoft Graph did not do it in time; try again".to_owned(),
            retry_after: error.retry_after,
        },
        _ => Error::Upstream {
            code: "graph_refused",
            message: format!(
                "Microsoft Graph refused the call ({})",
                error.class.as_str()
            ),
            retry_after: None,
        },
    };
    CallFailure { effect, error }
}
