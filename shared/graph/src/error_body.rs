//! Reads the error bodies that Graph and the token endpoint really send.
//!
//! Guarantee: any bytes give a reading. `innerError` and `innererror`, nested or
//! not, codes as text or number, a byte-order mark, HTML, nothing at all: what
//! cannot be read leaves `readable` false and the status decides.

use serde_json::Value;

/// `innerError` nests; nobody needs more levels than this.
const DEEPEST: usize = 8;

/// An error body, as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct ErrorBody {
    /// Whether it was JSON of Graph's or OAuth's shape.
    pub(crate) readable: bool,
    /// Non-empty codes, outermost first.
    pub(crate) codes: Vec<String>,
    /// All messages, outermost first; not redacted.
    pub(crate) messages: Vec<String>,
    /// The request id that an inner error repeats.
    pub(crate) request_id: Option<String>,
    /// The event a repeated transaction id has made, where the body names it.
    pub(crate) existing_event_id: Option<String>,
}

impl ErrorBody {
    /// Reads Graph's `{"error":{"code","message","innerError":{…}}}`.
    pub(crate) fn parse_graph(bytes: &[u8]) -> Self {
        let mut body = Self::default();
        let Some(root) = parse(bytes) else {
            return body;
        };
        body.existing_event_id = existing_event_id(&root);
        let mut level = field(&root, "error");
        for _ in 0..DEEPEST {
            let Some(error) = level.filter(|error| error.is_object()) else {
                break;
            };
            body.readable = true;
            body.codes.extend(text(field(error, "code")));
            body.messages.extend(text(field(error, "message")));
            if let Some(id) = text(field(error, "request-id")) {
                body.request_id = Some(id);
            }
            if body.existing_event_id.is_none() {
                body.existing_event_id = existing_event_id(error);
            }
            level = field(error, "innererror");
        }
        body
    }

    /// Reads OAuth's `{"error","error_description","error_codes":[…]}`.
    pub(crate) fn parse_oauth(bytes: &[u8]) -> Self {
        let mut body = Self::default();
        let Some(root) = parse(bytes) else {
            return body;
        };
        let Some(error) = text(field(&root, "error")) else {
            // Gateways in front of the token endpoint answer in Graph's shape.
            return Self::parse_graph(bytes);
        };
        body.readable = true;
        body.codes.push(error);
        if let Some(Value::Array(numbers)) = field(&root, "error_codes") {
            body.codes
                .extend(numbers.iter().filter_map(|number| text(Some(number))));
        }
        body.messages
            .extend(text(field(&root, "error_description")));
        body.request_id = text(field(&root, "trace_id"));
        body
    }

    /// Whether any code is `code`, letter case aside.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|own| own.eq_ignore_ascii_case(code))
    }

    /// Whether any code is one of `codes`, letter case aside.
    pub(crate) fn has_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.has(code))
    }

    /// Whether any message contains `text`, which is in lower case.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.messages
            .iter()
            .any(|message| message.to_ascii_lowercase().contains(text))
    }

    /// The subscription that a message names: the GUID after these words, else the first.
    pub(crate) fn subscription_id(&self) -> Option<String> {
        let named = self.messages.iter().find_map(|message| {
            let at = message.to_ascii_lowercase().find("subscription id")?;
            guid_in(message.get(at..)?)
        });
        named.or_else(|| self.messages.iter().find_map(|message| guid_in(message)))
    }
}

/// The first GUID in a text.
fn guid_in(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'))
        .find(|word| word.len() == 36 && uuid::Uuid::try_parse(word).is_ok())
        .map(str::to_owned)
}

fn parse(bytes: &[u8]) -> Option<Value> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).ok()
}

/// A member by name, letter case aside.
fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let members = object.as_object()?;
    let found = members
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `@event.existingEventId`, seen by others beside or inside `error`.
fn existing_event_id(object: &Value) -> Option<String> {
    text(field(object, "@event.existingEventId").or_else(|| field(object, "existingEventId")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_at_every_level_and_spelling() {
        let body = ErrorBody::parse_graph(
            br#"{"Error":{"code":"Forbidden","message":"m","innererror":{"code":"","request-id":"r1",
                "innerError":{"code":"GraphAccessToTranscriptsDisabled","message":"n"}}}}"#,
        );
        assert!(body.readable);
        assert_eq!(
            body.codes,
            ["Forbidden", "GraphAccessToTranscriptsDisabled"]
        );
        assert_eq!(body.messages, ["m", "n"]);
        assert_eq!(body.request_id.as_deref(), Some("r1"));
        assert!(body.has("graphaccesstotranscriptsdisabled"));
    }

    #[test]
    fn bodies_that_are_no_error_objects_are_unreadable_not_fatal() {
        let deep = "[".repeat(100_000);
        for bytes in [
            &b""[..],
            b"<html>502</html>",
            b"{\"error\":",
            b"null",
            b"[]",
            b"{\"error\":\"text\"}",
            b"\xff\xfe",
            deep.as_bytes(),
        ] {
            assert!(!ErrorBody::parse_graph(bytes).readable);
        }
    }

    #[test]
    fn a_byte_order_mark_does_not_hide_the_error() {
        let body = ErrorBody::parse_graph(b"\xef\xbb\xbf{\"error\":{\"code\":\"x\"}}");
        assert_eq!(body.codes, ["x"]);
    }

    #[test]
    fn the_existing_event_is_found_beside_and_inside_the_error() {
        for bytes in [
            &br#"{"error":{"code":"c","@event.existingEventId":"A="}}"#[..],
            br#"{"@event.existingEventId":"A=","error":{"code":"c"}}"#,
            br#"{"error":{"code":"c","innerError":{"@event.existingEventId":"A="}}}"#,
        ] {
            assert_eq!(
                ErrorBody::parse_graph(bytes).existing_event_id.as_deref(),
                Some("A=")
            );
        }
    }

    /// NT-4: other GUIDs in the message are not taken for the subscription's.
    #[test]
    fn the_subscription_in_the_way_is_found_by_its_name() {
        let (id, other) = (
            "7a62d59e-0000-4000-8000-000000000001",
            "2b0c0000-0000-4000-8000-000000000002",
        );
        let named = |message: String| {
            let body = serde_json::json!({ "error": { "code": "", "message": message } });
            ErrorBody::parse_graph(body.to_string().as_bytes()).subscription_id()
        };
        for message in [
            format!("Subscription Id {id} already exists for the requested combination"),
            format!("Application {other}: Subscription Id '{id}' already exists, see {other}"),
            format!("'{id}' already exists"),
        ] {
            assert_eq!(named(message.clone()).as_deref(), Some(id), "{message}");
        }
        assert_eq!(named("A subscripton already exists.".into()), None);
    }

    #[test]
    fn an_oauth_error_gives_its_word_and_its_numbers() {
        let body = ErrorBody::parse_oauth(
            br#"{"error":"invalid_client","error_description":"AADSTS7000215: x","error_codes":[7000215],"trace_id":"t"}"#,
        );
        assert_eq!(body.codes, ["invalid_client", "7000215"]);
        assert_eq!(body.request_id.as_deref(), Some("t"));
    }
}
