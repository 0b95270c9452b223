//! Whether a body could be Graph's at all: a JSON object with a list `value`.
//!
//! Nothing is built of what it holds, and no nesting can exhaust the stack, here
//! or where it is read later.

use convoke_domain::error::Error;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Graph's own bodies are five deep.
const DEPTH_MAX: usize = 64;

#[derive(Deserialize)]
struct Delivery {
    value: Vec<IgnoredAny>,
}

/// How many items a delivery has; refused if it is none.
pub(crate) fn items_of(body: &[u8]) -> Result<usize, Error> {
    if std::str::from_utf8(body).is_err() {
        return Err(refusal("malformed_json", "the body is no UTF-8"));
    }
    if is_deep(body) {
        return Err(refusal(
            "malformed_notification",
            "the body is nested deeper than a notification",
        ));
    }
    if body.trim_ascii_start().first() == Some(&b'{') {
        let read = serde_json::from_slice::<Delivery>(body);
        if let Ok(delivery) = read {
            return Ok(delivery.value.len());
        }
    }
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => Err(refusal(
            "malformed_notification",
            "the body is an object with a list `value`",
        )),
        Err(_) => Err(refusal("malformed_json", "the body is no JSON")),
    }
}

/// Whether brackets outside of strings are open more than [`DEPTH_MAX`] deep.
fn is_deep(body: &[u8]) -> bool {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

fn refusal(code: &'static str, message: &str) -> Error {
    Error::Malformed {
        code,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// NT-2: forged or not, whatever has a list of items could be Graph's.
    #[test]
    fn items_are_counted_whatever_they_are() {
        for (body, items) in [
            (r#"{"value":[]}"#, 0),
            (
                r#" { "value" : [ 1, null, {"a":[]} ], "validationTokens": null }"#,
                3,
            ),
            (r#"{"value":[{"clientState":"]]]{{{\"[[\\"}]}"#, 1),
        ] {
            assert_eq!(items_of(body.as_bytes()), Ok(items), "{body}");
        }
    }

    /// NT-2: what nothing of Graph's could be is refused, and nothing of it repeated.
    #[test]
    fn bodies_that_could_not_be_graphs_are_refused() {
        let deep_list = format!(
            r#"{{"value":[{}1{}]}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let deep_object = format!(r#"{{"value":[{}"#, r#"{"a":"#.repeat(100_000));
        let malformed: [&[u8]; 8] = [
            b"",
            b" ",
            b"{",
            b"{\"value\":[]}x",
            b"\xef\xbb\xbf{\"value\":[]}",
            b"{\"value\":[\"\xff\"]}",
            b"{\"value\":[1,]}",
            b"value=1",
        ];
        for body in malformed {
            assert_eq!(
                items_of(body).unwrap_err().code(),
                "malformed_json",
                "{body:?}"
            );
        }
        for body in [
            "null",
            "[]",
            "[[]]",
            "{}",
            r#""canary""#,
            r#"{"value":null}"#,
            r#"{"value":{}}"#,
            r#"{"value":"canary"}"#,
            r#"{"Value":[]}"#,
            r#"{"value":[],"value":[]}"#,
            &deep_list,
            &deep_object,
            &"[".repeat(1_000_000),
        ] {
            let refused = items_of(body.as_bytes()).unwrap_err();
            assert_eq!(refused.code(), "malformed_notification");
            assert!(!refused.to_string().contains("canary"));
        }
    }

    proptest! {
        /// NT-2: no body at all makes it fail otherwise.
        #[test]
        fn any_octets_are_taken_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = items_of(&body);
        }

        /// NT-2: brackets in strings are no nesting.
        #[test]
        fn strings_do_not_nest(text in "[\\[{\"\\\\a]{0,200}") {
            let body = serde_json::json!({ "value": [{ "clientState": text }] }).to_string();
            prop_assert_eq!(items_of(body.as_bytes()), Ok(1));
        }
    }
}
