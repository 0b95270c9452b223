//! Each documented refusal, and what it means.

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
    let full =
        "Operation: Create; Exception: [Reason: Maximum number of subscriptions has been reached]";
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
        (
            403,
            "Forbidden",
            "The limit of 10 subscriptions per user is exceeded.",
            C::Quota,
        ),
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

/// NT-1: a handshake that failed is told from a request that is wrong.
#[test]
fn a_refused_handshake_is_known_by_its_code_or_its_words() {
    for (code, message) in [
        (
            "ValidationError",
            "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.",
        ),
        (
            "ValidationError",
            "Subscription validation request failed. HTTP status code is 'Forbidden'.",
        ),
        (
            "ValidationError",
            "Subscription validation request failed. Response must exactly match validationToken query parameter.",
        ),
        (
            "InvalidRequest",
            "Subscription validation request timed out.",
        ),
        ("validationerror", ""),
    ] {
        let found = graph(400, &error(code, message));
        assert_eq!(found.class, C::SubscriptionValidation, "{code} {message}");
        assert!(found.retryable() && !found.outcome_unknown);
    }
    let too_late = "Operation: Create; Exception: [Status Code: BadRequest; Reason: Expiration time \
        '2026-11-09T00:00:00.0000000Z' is beyond allowed max '3.00:00:00'.]";
    let lifecycle = "lifecycleNotificationUrl is required for subscription creation on this resource \
        when the expirationDateTime value exceeds 1 hour";
    for message in [too_late, lifecycle] {
        let found = graph(400, &error("ExtensionError", message));
        assert_eq!(found.class, C::InvalidRequest, "{message}");
    }
}

/// NT-5: a delta token that Graph has forgotten says so by its code, at any refusal.
#[test]
fn a_forgotten_delta_token_is_gone() {
    for status in [410, 400, 404] {
        for code in [
            "resyncRequired",
            "SyncStateNotFound",
            "syncStateInvalid",
            "fullSyncRequired",
        ] {
            let found = graph(status, &error(code, "start over")).class;
            assert_eq!(found, C::NotFoundOrGone, "{status} {code}");
        }
    }
    assert_eq!(graph(410, "<html>gone</html>").class, C::NotFoundOrGone);
}
