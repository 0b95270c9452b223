//! Google's error bodies: the Calendar API's, the newer gateway's before it, and
//! the token endpoint's.
//!
//! Guarantees: anything may be in a body without harm; only words that look like
//! codes leave this module, and a refusal that nobody signed (a proxy's page) never
//! counts as Google's word.

use serde_json::Value;

use crate::error::GoogleErrorClass;

const LONGEST_CODE: usize = 64;
/// What a 403 says when it is about limits.
const LIMITS: [&str; 6] = [
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
    "dailyLimitExceeded",
    "rate_limit_exceeded",
    "RESOURCE_EXHAUSTED",
];
const CLIENT: [&str; 4] = [
    "invalid_client",
    "unauthorized_client",
    "deleted_client",
    "disabled_client",
];

/// What a refusal's body says.
#[derive(Default)]
pub(crate) struct ErrorBody {
    /// Google's words for it, the most specific first.
    codes: Vec<String>,
    /// Whether the body is an error in one of Google's shapes.
    signed: bool,
    /// Whether the message is about the event's sequence, which has no code of its own.
    about_sequence: bool,
}

impl ErrorBody {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
        match &body["error"] {
            Value::String(word) => Self {
                codes: code(word).into_iter().collect(),
                signed: true,
                about_sequence: false,
            },
            Value::Object(_) => Self::of_calendar(&body["error"]),
            _ => Self::default(),
        }
    }

    fn of_calendar(error: &Value) -> Self {
        let list = |name: &str| error[name].as_array().map_or(&[][..], Vec::as_slice);
        let entries = list("errors").iter().chain(list("details"));
        let words = entries
            .map(|entry| &entry["reason"])
            .chain([&error["status"]]);
        let message = error["message"].as_str().unwrap_or_default();
        Self {
            codes: words.filter_map(Value::as_str).filter_map(code).collect(),
            signed: true,
            about_sequence: message.to_ascii_lowercase().contains("sequence"),
        }
    }

    /// Google's first word, or one that names the status.
    pub(crate) fn code(&self, status: u16) -> String {
        let first = self.codes.first().cloned();
        first.unwrap_or_else(|| format!("http{status}"))
    }

    /// Whether an update was refused because the event has a higher sequence.
    pub(crate) fn refuses_sequence(&self, status: u16) -> bool {
        status == 400 && self.about_sequence
    }

    /// The Calendar API's answer by status and reason.
    pub(crate) fn class_of_calendar(&self, status: u16) -> GoogleErrorClass {
        match status {
            401 => GoogleErrorClass::Unauthorized,
            429 => GoogleErrorClass::RateLimited,
            403 if self.has_any(&LIMITS) => GoogleErrorClass::RateLimited,
            409 if self.has_any(&["duplicate"]) => GoogleErrorClass::Duplicate,
            // 409 `conflict` and 412: somebody else was faster, which passes.
            408 | 409 | 412 | 500.. | ..=399 => GoogleErrorClass::Unavailable,
            _ if !self.signed => GoogleErrorClass::Unavailable,
            403 => GoogleErrorClass::Forbidden,
            404 => GoogleErrorClass::NotFound,
            410 => GoogleErrorClass::Gone,
            _ => GoogleErrorClass::Refused,
        }
    }

    /// The token endpoint's answer by status and `error`.
    pub(crate) fn class_of_token(&self, status: u16) -> GoogleErrorClass {
        match status {
            429 => GoogleErrorClass::RateLimited,
            408 | 500.. | ..=399 => GoogleErrorClass::Unavailable,
            _ if !self.signed => GoogleErrorClass::Unavailable,
            _ if self.has_any(&LIMITS) => GoogleErrorClass::RateLimited,
            _ if self.has_any(&["invalid_grant"]) => GoogleErrorClass::GrantRevoked,
            401 => GoogleErrorClass::ClientRefused,
            _ if self.has_any(&CLIENT) => GoogleErrorClass::ClientRefused,
            _ if self.has_any(&["internal_failure", "temporarily_unavailable"]) => {
                GoogleErrorClass::Unavailable
            }
            _ => GoogleErrorClass::Refused,
        }
    }

    fn has_any(&self, words: &[&str]) -> bool {
        self.codes.iter().any(|code| words.contains(&code.as_str()))
    }
}

/// The word, if it is a code and not a sentence or an address.
fn code(word: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let fits = !word.is_empty() && word.len() <= LONGEST_CODE && word.chars().all(plain);
    fits.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(body: &Value) -> ErrorBody {
        ErrorBody::parse(body.to_string().as_bytes())
    }

    /// XC-9: of what Google says only codes are kept.
    #[test]
    fn sentences_and_addresses_are_not_codes() {
        for reason in ["ann@example.com", "not a code", "", &"x".repeat(65)] {
            let body = parsed(&json!({"error": {"errors": [{"reason": reason}]}}));
            assert_eq!(body.code(400), "http400", "{reason}");
        }
    }

    /// IV-6: both generations of Google's errors are read alike.
    #[test]
    fn a_missing_scope_is_told_by_either_shape() {
        let old = json!({"error": {"errors": [{"domain": "global", "reason": "insufficientPermissions"}], "code": 403}});
        let new = json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
            "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}});
        for (body, code) in [
            (old, "insufficientPermissions"),
            (new, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        ] {
            let body = parsed(&body);
            assert_eq!(body.class_of_calendar(403), GoogleErrorClass::Forbidden);
            assert_eq!(body.code(403), code);
        }
    }

    /// IV-6: limits are waited for, wherever Google puts the word.
    #[test]
    fn limits_are_no_refusals() {
        for reason in [
            "rateLimitExceeded",
            "userRateLimitExceeded",
            "quotaExceeded",
        ] {
            let body = parsed(
                &json!({"error": {"errors": [{"domain": "usageLimits", "reason": reason}]}}),
            );
            assert_eq!(body.class_of_calendar(403), GoogleErrorClass::RateLimited);
        }
        let newer = parsed(&json!({"error": {"status": "RESOURCE_EXHAUSTED"}}));
        assert_eq!(newer.class_of_calendar(403), GoogleErrorClass::RateLimited);
        assert_eq!(newer.class_of_calendar(429), GoogleErrorClass::RateLimited);
    }

    /// IV-6: a proxy's page takes no event and no connection away.
    #[test]
    fn what_google_did_not_sign_passes() {
        let deep = "[".repeat(100_000);
        for bytes in [
            &b""[..],
            b"<html>404</html>",
            b"{\"error\":",
            b"[]",
            b"{\"error\":3}",
            b"\xff\xfe",
            deep.as_bytes(),
        ] {
            let body = ErrorBody::parse(bytes);
            for status in [400, 403, 404, 409, 410] {
                assert_eq!(
                    body.class_of_calendar(status),
                    GoogleErrorClass::Unavailable,
                    "{status}"
                );
            }
            assert_eq!(body.class_of_token(400), GoogleErrorClass::Unavailable);
        }
    }

    /// IV-6: only these words end a connection, or tell the operator of a wrong client.
    #[test]
    fn the_token_endpoint_is_taken_at_its_word() {
        for (status, word, class) in [
            (400, "invalid_grant", GoogleErrorClass::GrantRevoked),
            (401, "invalid_client", GoogleErrorClass::ClientRefused),
            (401, "unauthorized_client", GoogleErrorClass::ClientRefused),
            (401, "deleted_client", GoogleErrorClass::ClientRefused),
            (400, "redirect_uri_mismatch", GoogleErrorClass::Refused),
            (403, "rate_limit_exceeded", GoogleErrorClass::RateLimited),
            (500, "invalid_grant", GoogleErrorClass::Unavailable),
        ] {
            let body = parsed(&json!({"error": word, "error_description": "…"}));
            assert_eq!(body.class_of_token(status), class, "{word}");
            assert_eq!(body.code(status), word);
        }
    }
}
